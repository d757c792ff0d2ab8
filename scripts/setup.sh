#!/usr/bin/env bash
# Installs what this machine lacks, and says what. `scripts/setup.sh run|test|lint`; source it to get PATH as well.
# With everything there it changes nothing and takes no time. It needs root only to install, and then asks sudo.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

BUILD_PACKAGES=(libwebkit2gtk-4.1-dev libayatana-appindicator3-dev librsvg2-dev libxdo-dev
    build-essential pkg-config file curl ca-certificates)
TEST_PACKAGES=(xvfb xauth webkit2gtk-driver dbus gnome-keyring libsecret-tools
    python3 python3-venv fonts-dejavu-core fonts-noto-cjk)
NODE_WANTED=20.19
NODE_PACKAGES=(node@20 npm@10)
CARGO_DENY=0.20.2

APT_UPDATED=

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "this needs root and sudo is not installed; as root: $*"
    fi
}

apt_update() {
    [ -z "$APT_UPDATED" ] || return 0
    say "apt-get update"
    as_root timeout 300 apt-get update -qq
    APT_UPDATED=yes
}

apt_install() {
    apt_update
    say "apt-get install $*"
    as_root env DEBIAN_FRONTEND=noninteractive timeout 1200 \
        apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 "$@" >&2
}

# apt_version PACKAGE: prints the version that apt would install, without epoch and Debian revision.
apt_version() {
    apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p' |
        sed -e '/(none)/d' -e 's/^[0-9]*://' -e 's/[^0-9.].*//'
}

ensure_packages() {
    local missing=() package
    if ! have dpkg-query; then
        have pkg-config && pkg-config --exists webkit2gtk-4.1 ||
            say "this is neither Debian nor Ubuntu: nothing is installed here; README.md lists what is needed"
        return 0
    fi
    for package in "$@"; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] || apt_install "${missing[@]}"
}

# The workspace's own rust-version, for instance 1.92.
rust_wanted() { sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$ROOT/Cargo.toml" | head -n 1; }

rust_is_new_enough() {
    have rustc && have cargo || return 1
    version_ge "$(rustc --version 2>/dev/null | cut -d' ' -f2)" "$(rust_wanted)"
}

# What is there if new enough; else rustup (on PATH, or as a package); else Debian's rustc-web; else rustup's installer.
ensure_rust() {
    [ ! -d "$HOME/.cargo/bin" ] || PATH=$PATH:$HOME/.cargo/bin
    rust_is_new_enough && return 0
    say "Rust $(rust_wanted) or newer is needed; found: $(rustc --version 2>/dev/null || echo none)"
    if ! have rustup && have apt-get; then
        apt_update
        [ -z "$(apt_version rustup)" ] || apt_install rustup
    fi
    if have rustup; then
        say "rustup toolchain install stable"
        bounded 900 rustup toolchain install stable --profile minimal -c clippy -c rustfmt &&
            export RUSTUP_TOOLCHAIN=stable
        rust_is_new_enough && return 0
    fi
    if have apt-get && version_ge "$(apt_version rustc-web)" "$(rust_wanted)"; then
        unset RUSTUP_TOOLCHAIN
        apt_install rustc-web cargo-web
        PATH=/usr/bin:$PATH
        rust_is_new_enough && return 0
    fi
    say "installing rustup with its own installer from https://rustup.rs"
    bounded 900 bash -c 'curl --proto =https --tlsv1.2 -sSf https://sh.rustup.rs |
        sh -s -- -y --profile minimal -c clippy -c rustfmt --no-modify-path' || true
    PATH=$HOME/.cargo/bin:$PATH
    rust_is_new_enough || die "no Rust $(rust_wanted) could be installed; get it from https://rustup.rs"
}

ensure_rust_lints() {
    if cargo clippy --version >/dev/null 2>&1 && cargo fmt --version >/dev/null 2>&1; then
        return 0
    fi
    if have rustup && rustup which rustc >/dev/null 2>&1; then
        say "rustup component add clippy rustfmt"
        bounded 600 rustup component add clippy rustfmt
    elif have apt-get; then
        apt_install rust-web-clippy rustfmt-web
    else
        die "clippy and rustfmt are missing from this Rust toolchain"
    fi
}

ensure_cargo_deny() {
    [ ! -d "$TOOLS/cargo-deny-$CARGO_DENY/bin" ] || PATH=$TOOLS/cargo-deny-$CARGO_DENY/bin:$PATH
    if have cargo-deny && version_ge "$(cargo-deny --version | cut -d' ' -f2)" 0.18; then
        return 0
    fi
    say "building cargo-deny $CARGO_DENY, once (two to three minutes)"
    # Not optimised: it builds four times quicker and checks this tree in seconds all the same.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        CARGO_TARGET_DIR="$TOOLS/build" bounded 1800 \
        cargo install cargo-deny --quiet --locked --no-default-features --version "$CARGO_DENY" \
        --root "$TOOLS/cargo-deny-$CARGO_DENY"
    rm -rf "$TOOLS/build"
    PATH=$TOOLS/cargo-deny-$CARGO_DENY/bin:$PATH
}

node_is_new_enough() {
    have node && have npm || return 1
    version_ge "$(node --version 2>/dev/null | tr -d v)" "$NODE_WANTED"
}

# What is there if new enough; else Debian's nodejs if that is; else npm's own node package through Debian's npm.
ensure_node() {
    node_is_new_enough && return 0
    local private=$TOOLS/node20
    PATH=$private/node_modules/.bin:$PATH
    node_is_new_enough && return 0
    say "Node $NODE_WANTED or newer is needed; found: $(node --version 2>/dev/null || echo none)"
    have apt-get || die "install Node $NODE_WANTED or newer from https://nodejs.org"
    apt_update
    if version_ge "$(apt_version nodejs)" "$NODE_WANTED"; then
        apt_install nodejs npm
    else
        have npm || apt_install npm
        say "npm install ${NODE_PACKAGES[*]}"
        mkdir -p "$private"
        bounded 600 npm install --prefix "$private" --no-save --no-audit --no-fund --loglevel=error "${NODE_PACKAGES[@]}"
    fi
    hash -r
    node_is_new_enough || die "no Node $NODE_WANTED could be installed; get it from https://nodejs.org"
}

setup() {
    case $1 in
    run) ensure_packages "${BUILD_PACKAGES[@]}" ;;
    test) ensure_packages "${BUILD_PACKAGES[@]}" "${TEST_PACKAGES[@]}" ;;
    lint) ensure_packages "${BUILD_PACKAGES[@]}" ;;
    *) die "usage: setup.sh run|test|lint" ;;
    esac
    ensure_rust
    ensure_node
    if [ "$1" = lint ]; then
        ensure_rust_lints
        ensure_cargo_deny
    fi
    export PATH
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    setup "${1:-run}"
fi
