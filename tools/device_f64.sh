#!/bin/sh
# The solvers' device tests in f64 on software Vulkan. cubecl-spirv 0.11.3 has the types of a variable in
# shared memory and of its address in each other's place where the driver has no explicit layouts of that
# memory, as Mesa's software driver, which crashes on it. This corrects a copy of that crate for the test
# alone; programs that users build are not concerned.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
cd "$here"
target=${CARGO_TARGET_DIR:-$here/target}
cargo=${CARGO:-cargo}
from=$($cargo metadata --format-version 1 --features curlwind-solvers/vulkan 2> /dev/null |
    tr ',' '\n' | sed -n 's/.*"manifest_path":"\(.*cubecl-spirv-0\.11\.3\)\/Cargo.toml".*/\1/p' | head -n 1)
[ -n "$from" ] || { echo "cubecl-spirv 0.11.3 is not among the dependencies" >&2; exit 1; }
copy=$target/corrected/cubecl-spirv
rm -rf "$copy"
mkdir -p "$(dirname "$copy")"
cp -r "$from" "$copy"
lines='let \(ty\|value_ty\) = ty_to_spirv_dialect(ctx, slice\.\(value_ty(ctx)\.get_type(ctx)\|result_type(ctx)\));'
[ "$(grep -c "$lines" "$copy/src/ops/memory.rs")" = 2 ] || { echo "$copy: not the lines that were wrong" >&2; exit 1; }
sed -i "/$lines/{s/let ty =/let other =/;s/let value_ty =/let ty =/;s/let other =/let value_ty =/}" "$copy/src/ops/memory.rs"
kept=$(mktemp)
cp Cargo.lock "$kept"
trap 'cp "$kept" Cargo.lock; rm -f "$kept"' EXIT
$cargo test --release -p curlwind-solvers --features vulkan --lib \
    --config "patch.crates-io.cubecl-spirv.path='$copy'" -- device:: "$@"
