#!/usr/bin/env bash
# `make lint`: formatting, clippy, types, the JS linter, shell syntax, licences and sources of every dependency.
. "$(dirname "${BASH_SOURCE[0]}")/stages.sh"
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ui.sh"

setup lint
# The shell embeds the built page, so that clippy needs it too.
ui_build

stage fmt 120 cargo fmt --all --check
stage shell-syntax 60 bash -n .ci/run scripts/*.sh
stage typecheck 300 npm run --silent typecheck -w ui
stage js-lint 300 npm run --silent lint -w ui
stage deny 300 cargo-deny --locked check licenses bans sources
stage clippy 1800 cargo clippy --locked --workspace --all-targets --features foredeck/custom-protocol -- -D warnings
stages_closed
