#!/usr/bin/env bash
# `make test`: everything, without a display. FOREDECK_LONG=1 (`make test-long`) runs the full counts of the campaigns.
. "$(dirname "${BASH_SOURCE[0]}")/stages.sh"
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ui.sh"

setup test
ui_build

# Recorded events to hold the engine against, where they lie beside the repository; the tests that need them say so.
if [ -z "${FOREDECK_DATA:-}" ] && [ -d "$ROOT/../shared/data" ]; then
    FOREDECK_DATA=$(cd "$ROOT/../shared/data" && pwd)
    export FOREDECK_DATA
fi
# No test may reach a real shop by what the shell happens to hold.
unset FOREDECK_STRIPE_KEY FOREDECK_KLAVIYO_KEY FOREDECK_REPORT_SERVER_KEY
LIMIT=1500
[ "${FOREDECK_LONG:-0}" != 1 ] || LIMIT=36000

rm -f "$LOGS"/*.log
stage ui 600 npm run --silent test -w ui
# A server of Klaviyo's published specification, for the test that asks it; without the specification nobody starts it.
if [ -f "${FOREDECK_DATA:-}/klaviyo/prism-2026-07-15.json" ]; then
    stage prism 330 tests/prism/install.sh
fi
# The programs too, for the tests that start one.
stage build 3000 bash -c 'cargo test --locked "$@" --no-run && cargo build --locked "$@"' - "${BUILD[@]}"
stage rust $LIMIT scripts/with-keyring.sh cargo test --locked "${BUILD[@]}" --no-fail-fast
if [ -x tests/official-clients/run.sh ]; then
    stage official-clients 600 env SANDBOX_BIN="$TARGET/quick/foredeck-sandbox" tests/official-clients/run.sh
fi
if [ -x tests/e2e/run.sh ]; then
    stage window 1700 xvfb-run -a -s "-screen 0 1440x900x24" \
        scripts/with-keyring.sh env FOREDECK_APP="$APP" tests/e2e/run.sh
fi

status=0
stages_closed || status=1
awk -v broken=${#FAILED[@]} -f scripts/count.awk "$LOGS"/*.log
exit $status
