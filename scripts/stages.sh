# A script made of stages: each is timed and limited, its output kept in target/logs, and all run even when one fails.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

LOGS=$TARGET/logs
STAGES=()
FAILED=()
mkdir -p "$LOGS"

# stage NAME SECONDS COMMAND...
stage() {
    local name=$1 seconds=$2 began=$SECONDS outcome=ok
    shift 2
    say "$name"
    bounded "$seconds" "$@" 2>&1 | tee "$LOGS/$name.log" || outcome=FAILED
    [ "$outcome" = ok ] || FAILED+=("$name")
    STAGES+=("$(printf '%-18s %5d s  %s' "$name" $((SECONDS - began)) "$outcome")")
}

# Prints each stage with its time; false when one failed.
stages_closed() {
    printf '\n' >&2
    printf '    %s\n' "${STAGES[@]}" >&2
    [ ${#FAILED[@]} = 0 ]
}
