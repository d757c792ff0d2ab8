# Shared by the scripts beside it: where things are, how they speak, and limits for everything they start.
# Source it first: . "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Tools that a machine lacks and apt cannot give live here, outside the tree, so that every clone shares them.
TOOLS=${FOREDECK_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/foredeck/tools}
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
# Everything is built in one profile and one feature set, so that each dependency is compiled once.
APP=$TARGET/quick/foredeck
BUILD=(--profile quick --workspace --features foredeck/custom-protocol)
cd "$ROOT"

say() { printf '==> %s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# version_ge HAVE WANT
version_ge() { printf '%s\n%s\n' "$2" "$1" | sort -V -C; }

# bounded SECONDS COMMAND...: ends the command with all its children when the time is up or the script is stopped.
bounded() {
    local seconds=$1 pid status=0
    shift
    timeout --kill-after=15 "$seconds" "$@" &
    pid=$!
    trap 'kill -TERM "$pid" 2>/dev/null; wait "$pid"; exit 130' INT TERM
    wait "$pid" || status=$?
    trap - INT TERM
    if [ "$status" = 124 ]; then
        printf 'error: stopped after %s s: %s\n' "$seconds" "$*" >&2
    fi
    return "$status"
}

# content_hash PATH...: one hash over the names and bytes of all files below those of the given paths that exist.
content_hash() {
    local path there=()
    for path in "$@"; do
        [ ! -e "$path" ] || there+=("$path")
    done
    find "${there[@]}" -type d \( -name node_modules -o -name dist -o -name coverage \) -prune -o -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}
