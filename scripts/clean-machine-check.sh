#!/usr/bin/env bash
# Proves the README's two commands on a machine that has nothing: a debootstrap of Debian 12, this repository's HEAD
# cloned into an empty home, then `make run` (with a screenshot) and `make test`, each timed. Needs root and debootstrap.
#
#   scripts/clean-machine-check.sh [--keep] [--folder DIR] [STEP...]     STEP: install, run, again, test (default: run again test)
#
# How this machine reaches its package registries (apt sources, certificates, client settings, proxy variables) is
# copied into the chroot at run time. Logs and screenshots end in target/clean-machine.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SUITE=bookworm
OUT=$TARGET/clean-machine
KEEP=
FOLDER=
STEPS=()
while [ $# -gt 0 ]; do
    case $1 in
    --keep) KEEP=yes ;;
    --folder) FOLDER=$2 && shift ;;
    install | run | again | test) STEPS+=("$1") ;;
    *) die "usage: clean-machine-check.sh [--keep] [--folder DIR] [install] [run] [again] [test]" ;;
    esac
    shift
done
[ ${#STEPS[@]} -gt 0 ] || STEPS=(run again test)
[ "$(id -u)" = 0 ] || die "a chroot needs root"
have debootstrap || die "apt-get install debootstrap"
[ -n "$FOLDER" ] || FOLDER=$(mktemp -d /var/tmp/foredeck-clean.XXXXXX)
MACHINE=$FOLDER/machine
CLONE=/root/foredeck
mkdir -p "$MACHINE" "$OUT"

MOUNTED=()
mount_in() {
    local target=$MACHINE$1
    shift
    mkdir -p "$target"
    mount "$@" "$target"
    MOUNTED=("$target" "${MOUNTED[@]}")
}

# What still runs inside is found by its root folder, and ended one by one.
end_leftovers() {
    local process
    for process in /proc/[0-9]*; do
        if [ "$(readlink "$process/root" 2>/dev/null)" = "$MACHINE" ]; then
            kill -TERM "${process#/proc/}" 2>/dev/null || true
        fi
    done
}

finish() {
    local target
    end_leftovers
    for target in "${MOUNTED[@]}"; do
        umount --recursive "$target" 2>/dev/null || umount --lazy "$target" || true
    done
    if [ -z "$KEEP" ] && ! grep -q " $MACHINE/" /proc/mounts; then
        rm -rf --one-file-system "$FOLDER"
    else
        say "kept: $FOLDER"
    fi
}
trap finish EXIT

mirror() {
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
        sed -n -e "s/^URIs: *\([^ ]*\).*/\1/p" -e "s/^deb \(\[[^]]*\] \)\?\([^ ]*\) $SUITE .*/\2/p" | head -n 1
}

# The variables by which this machine's clients find registries and certificates.
client_variables() {
    env | grep -E '^([A-Z0-9_]*(CERT|CA_BUNDLE|CACERTS|CAINFO|ROOTS)[A-Z0-9_]*|PIP_[A-Z_]*|CARGO_(HTTP|NET|REGISTR)[A-Z0-9_]*|npm_config_[a-z_]*|[a-zA-Z]*_(proxy|PROXY))=' |
        grep -v '^PIP_FIND_LINKS=' || true
}

copy_settings() {
    local path
    rm -rf "$MACHINE/etc/apt/sources.list" "$MACHINE/etc/apt/sources.list.d"
    for path in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/apt/auth.conf.d \
        /etc/resolv.conf /etc/hosts /etc/ssl/certs /usr/local/share/ca-certificates /etc/pip.conf /etc/npmrc \
        "$HOME/.npmrc" "$HOME/.config/pip" "$HOME/.cargo/config.toml"; do
        [ -e "$path" ] || continue
        mkdir -p "$MACHINE$(dirname "${path/#$HOME//root}")"
        cp -RL "$path" "$MACHINE$(dirname "${path/#$HOME//root}")/" 2>/dev/null || true
    done
    rm -f "$MACHINE"/etc/apt/sources.list.d/*disabled* "$MACHINE/etc/apt/apt.conf.d/20packagekit" \
        "$MACHINE/etc/apt/apt.conf.d/50appstream"
}

# inside SECONDS COMMAND: runs a shell command in the clone, with an empty environment but for the client variables.
inside() {
    local seconds=$1 variables=()
    mapfile -t variables < <(client_variables)
    bounded "$seconds" chroot "$MACHINE" /usr/bin/env -i HOME=/root USER=root LANG=C.UTF-8 TERM=dumb \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        "${variables[@]}" bash -c "cd $CLONE 2>/dev/null || cd /root; $2"
}

# What runs in here handles its failures itself: `set -e` does not reach into a command whose outcome is asked for.
TIMES=()
timed() {
    local name=$1 began=$SECONDS outcome=ok
    shift
    say "$name"
    "$@" >"$OUT/$name.log" 2>&1 || outcome=FAILED
    TIMES+=("$(printf '%-10s %5d s  %s' "$name" $((SECONDS - began)) "$outcome")")
    [ "$outcome" = ok ] || tail -n 30 "$OUT/$name.log" >&2
    [ "$outcome" = ok ]
}

prepare() {
    if [ ! -e "$MACHINE/etc/debian_version" ]; then
        bounded 1200 debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$MACHINE" "$(mirror)" || return 1
    fi
    mount_in /proc -t proc proc
    mount_in /dev --rbind /dev
    mount --make-rslave "$MACHINE/dev"
    copy_settings
    inside 600 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends git make' ||
        return 1
    rm -rf "${MACHINE:?}$CLONE"
    git clone --quiet --no-hardlinks "$ROOT" "$MACHINE$CLONE" || return 1
    if [ -d "$ROOT/../shared/data" ]; then
        mkdir -p "$MACHINE/root/shared"
        cp -R "$ROOT/../shared/data" "$MACHINE/root/shared/"
    fi
}

# Opens the window under Xvfb, waits until it shows, gives the practice shop half a minute, takes a picture, closes it.
window() {
    inside 600 'DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends xvfb xauth x11-utils imagemagick procps' ||
        return 1
    cat >"$MACHINE/root/window.sh" <<'WINDOW'
make run & run=$!
shown=
for _ in $(seq 3600); do
    kill -0 $run 2>/dev/null || break
    if xwininfo -root -tree | grep -qi foredeck; then
        shown=yes
        break
    fi
    sleep 1
done
echo "window shown: ${shown:-no}, after $SECONDS s"
sleep 30
import -window root /root/window.png
for pid in $(ps -o pid= --ppid $run) $run; do kill "$pid" 2>/dev/null; done
[ -n "$shown" ]
WINDOW
    inside 4000 'xvfb-run -a -s "-screen 0 1440x900x24" bash /root/window.sh' || return 1
    end_leftovers
    cp "$MACHINE/root/window.png" "$OUT/$1.png"
}

status=0
timed prepare prepare
for step in "${STEPS[@]}"; do
    case $step in
    install) timed install inside 2400 'scripts/setup.sh test && scripts/setup.sh lint' ;;
    run | again) timed "$step" window "$step" ;;
    test) timed test inside 5400 'make test' ;;
    esac || status=1
done
printf '    %s\n' "${TIMES[@]}"
exit $status
