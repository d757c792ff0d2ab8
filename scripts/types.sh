#!/usr/bin/env bash
# `make types`: writes the engine's types as TypeScript into ui/src/ipc/generated. tests/tidy.rs holds them fresh.
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

setup run
generated=$ROOT/ui/src/ipc/generated
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
TS_RS_EXPORT_DIR=$fresh bounded 1500 cargo test --locked "${BUILD[@]}" --lib --quiet export_bindings
[ -n "$(find "$fresh" -name '*.ts' -print -quit)" ] || die "the engine exported no type"
rm -rf "$generated"
mkdir -p "$generated"
cp -R "$fresh"/. "$generated"/
say "$(find "$generated" -name '*.ts' | wc -l) types in ui/src/ipc/generated"
