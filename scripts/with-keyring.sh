#!/usr/bin/env bash
# with-keyring.sh COMMAND...: runs it with a session bus and a real, unlocked Secret Service of its own, both ended
# afterwards. The keyring lives in a temporary folder: the user's own is never touched.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [ "${1:-}" != --inside ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    status=0
    XDG_DATA_HOME=$folder/data XDG_RUNTIME_DIR=$folder/run bash -c 'mkdir -p -m 700 "$XDG_DATA_HOME" "$XDG_RUNTIME_DIR" &&
        exec dbus-run-session -- "$@"' - "$0" --inside "$@" || status=$?
    exit "$status"
fi
shift

owner() {
    dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus /org/freedesktop/DBus \
        org.freedesktop.DBus.GetConnectionUnixProcessID string:org.freedesktop.secrets 2>/dev/null |
        sed -n 's/.*uint32 \([0-9]*\).*/\1/p' || true
}

# An empty password makes no keyring, so there is one.
printf %s practice | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 ||
    die "gnome-keyring-daemon did not start"
keyring=
for _ in $(seq 100); do
    keyring=$(owner)
    [ -z "$keyring" ] || break
    sleep 0.1
done
[ -n "$keyring" ] || die "no Secret Service on the session bus"
status=0
FOREDECK_TEST_KEYRING=1 "$@" || status=$?
kill "$keyring" 2>/dev/null || true
exit "$status"
