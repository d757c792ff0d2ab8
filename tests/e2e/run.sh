#!/usr/bin/env bash
# Walks through the real window: WebKitWebDriver opens the program that `make run` opens, on a display and with a
# keychain of its own. `make test` calls it; alone it builds the program first. Pictures end in target/e2e-screenshots.
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

if [ -z "${FOREDECK_TEST_KEYRING:-}" ]; then
    exec xvfb-run -a -s "-screen 0 1440x900x24" "$ROOT/scripts/with-keyring.sh" "$0" "$@"
fi

"$ROOT/scripts/ui.sh"
# The same build as the program's: only the practice Stripe's own binary is linked in addition.
bounded 2400 cargo build --locked "${BUILD[@]}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
rm -rf "$TARGET/e2e-screenshots"
mkdir -p "$TARGET/e2e-screenshots"

walks=(tests/e2e/window.test.mjs tests/e2e/credits.test.mjs tests/e2e/fixes.test.mjs
    tests/e2e/klaviyo.test.mjs tests/e2e/klaviyo_events.test.mjs tests/e2e/reports.test.mjs)
status=0
FOREDECK_APP=$APP FOREDECK_SANDBOX=$(dirname "$APP")/foredeck-sandbox \
    FOREDECK_E2E_FOLDER=$folder FOREDECK_E2E_PICTURES=$TARGET/e2e-screenshots \
    bounded 1500 node --test --test-concurrency=1 --test-reporter=spec "$@" "${walks[@]}" | tee "$folder/report" || status=$?
count() { sed -n "s/^[^a-z]*$1 \([0-9]*\)$/\1/p" "$folder/report" | tail -n 1; }
printf 'window: %d passed, %d failed\n' "$(count pass)" "$(count fail)"
if [ "$status" != 0 ]; then
    find "$folder" -name '*.log' -exec tail -n 20 {} + >&2
fi
exit "$status"
