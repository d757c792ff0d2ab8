#!/usr/bin/env bash
# Runs Stripe's official clients (npm and PyPI) against foredeck-sandbox. Needs cargo, node and python3; the two
# packages come from their registries once, everything after that is loopback. SANDBOX_BIN names a built binary.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
root="$(cd "$here/../.." && pwd)"
target="${CARGO_TARGET_DIR:-$root/target}"
work="$target/official-clients"
mkdir -p "$work"

if [ -z "${SANDBOX_BIN:-}" ]; then
  (cd "$root" && cargo build --quiet --package foredeck-sandbox)
  SANDBOX_BIN="$target/debug/foredeck-sandbox"
fi

cp "$here/package.json" "$here/package-lock.json" "$here/clients.test.mjs" "$work/"
if ! cmp -s "$here/package-lock.json" "$work/installed-lock.json"; then
  (cd "$work" && timeout 300 npm ci --no-audit --no-fund --loglevel=error)
  cp "$here/package-lock.json" "$work/installed-lock.json"
fi
if ! cmp -s "$here/requirements.txt" "$work/installed-requirements.txt"; then
  [ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv"
  timeout 300 "$work/venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
  cp "$here/requirements.txt" "$work/installed-requirements.txt"
fi

export SANDBOX_RESTRICTED_KEY="rk_test_restricted0000000000"
sandbox=""
stop() {
  if [ -n "$sandbox" ]; then
    kill "$sandbox" 2>/dev/null || true
    wait "$sandbox" 2>/dev/null || true
    sandbox=""
  fi
}
trap stop EXIT

start() {
  stop
  : > "$work/sandbox.out"
  "$SANDBOX_BIN" --port 0 --virtual 1790000000 \
    --restricted "$SANDBOX_RESTRICTED_KEY:rak_checkout_session_read" > "$work/sandbox.out" &
  sandbox=$!
  for _ in $(seq 100); do
    SANDBOX_URL="$(sed -n 's/^listening on //p' "$work/sandbox.out")"
    [ -n "$SANDBOX_URL" ] && break
    sleep 0.1
  done
  [ -n "$SANDBOX_URL" ] || { echo "the sandbox did not start" >&2; exit 1; }
  export SANDBOX_URL
}

start
(cd "$work" && timeout 120 node --test clients.test.mjs)
start
timeout 120 "$work/venv/bin/python" -m unittest --quiet "$here/clients_test.py"
echo "official clients: all well"
