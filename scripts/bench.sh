#!/usr/bin/env bash
# `make bench`: measures the budgets of ARCHITECTURE.md on an optimised build.
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

setup test
bounded 3600 cargo build --locked "${BUILD[@]}"
FOREDECK_SANDBOX_BIN=$TARGET/quick/foredeck-sandbox bounded 7200 cargo bench --locked "${BUILD[@]}" --bench budgets "$@"
