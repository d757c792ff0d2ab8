#!/usr/bin/env bash
# Brings node_modules and ui/dist up to date, each only when its sources changed by content. `setup` has run before.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ui_packages() {
    local stamp=node_modules/.foredeck-packages now
    now=$(content_hash package.json package-lock.json ui/package.json)
    [ "$(cat "$stamp" 2>/dev/null)" != "$now" ] || return 0
    say "npm ci"
    bounded 900 npm ci --no-audit --no-fund --loglevel=error >&2
    echo "$now" >"$stamp"
}

ui_build() {
    ui_packages
    local stamp=ui/dist/.foredeck-sources now
    now=$(content_hash package-lock.json ui/package.json ui/index.html ui/src ui/public ui/*.config.* ui/tsconfig*.json)
    [ "$(cat "$stamp" 2>/dev/null)" != "$now" ] || return 0
    say "building the window's page (vite)"
    bounded 600 npm run --silent build -w ui >&2
    echo "$now" >"$stamp"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    ui_build
fi
