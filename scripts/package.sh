#!/usr/bin/env bash
# `make package`: an optimised build, bundled as .deb, in target/release/bundle/deb.
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ui.sh"

setup run
ui_build
bounded 3600 npm run tauri -- build --bundles deb
find "$TARGET/release/bundle/deb" -name '*.deb' -exec ls -l {} +
