#!/usr/bin/env bash
# `make run`: installs what is missing, builds what changed, opens the window on the sandbox store with live traffic.
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ui.sh"

if [ "$(uname -s)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    die "no display to open a window on; from a terminal alone: xvfb-run -a make run"
fi
setup run
ui_build
say "building the app"
bounded 3600 cargo build --locked "${BUILD[@]}"

say "opening the window on the sandbox store"
if [ "$(uname -s)" = Linux ] && [ -z "${DBUS_SESSION_BUS_ADDRESS:-}" ] && [ ! -S "${XDG_RUNTIME_DIR:-/none}/bus" ]; then
    ensure_packages dbus
    exec dbus-run-session -- "$APP" --sandbox "$@"
fi
exec "$APP" --sandbox "$@"
