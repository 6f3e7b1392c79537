#!/bin/sh
# On a machine with a GPU: every device kernel against the CPU in f64, then times: FDTD, shallow water,
# training steps, beside other programs where they are installed.
#
#   sh benches/gpu/run.sh [DEVICE]            default cuda:0
#
# The programs are built here unless they are given:
#   FNO      cargo build --release -p curlwind-operators --features cuda --example fno
#   MAXWELL  cargo build --release -p curlwind-solvers --features cuda --example time_maxwell
#   WATER    cargo build --release -p curlwind-solvers --features cuda --example time_shallow_water_device
#   SOLVERS  cargo test --release -p curlwind-solvers --features cuda --lib --no-run (the binary it names)
# OUT (default target/gpu) receives the log. PYTHON picks the interpreter that has PyTorch, gprMax and
# fdtdx (with jax[cuda12]).
# A rehearsal without a GPU:
#   FEATURES=wgpu CELLS="24 32" TRUNCATIONS="21 42" MEMBERS="1 2" CASES=2d-64 STEPS=2 sh benches/gpu/run.sh wgpu
# takes ten minutes on two cores, with the programs built.
set -u
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
device=${1:-cuda:0}
out=${OUT:-$here/../../target/gpu}
python=${PYTHON:-python3}
built=${CARGO_TARGET_DIR:-$here/../../target}/release
features=${FEATURES:-cuda}
fno=${FNO:-$built/examples/fno}
maxwell=${MAXWELL:-$built/examples/time_maxwell}
water=${WATER:-$built/examples/time_shallow_water_device}
solvers=${SOLVERS:-}
cases=${CASES:-2d-64 2d-64-full 2d-64-wide 2d-256 2d-256-wide 1d}
steps=${STEPS:-100}
cells=${CELLS:-200 400}
truncations=${TRUNCATIONS:-42 106 255}
members=${MEMBERS:-1 64}
mkdir -p "$out" || exit 1
log=$out/gpu.log
failed=0
say() { echo "$@" | tee -a "$log"; }
example() { # crate, name
    cargo build --release -p "curlwind-$1" --features "$features" --example "$2" || exit 1
}

: > "$log"
say "date: $(date -u +%Y-%m-%dT%H:%MZ)"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null | tee -a "$log"
[ -x "$fno" ] || example operators fno
[ -x "$maxwell" ] || example solvers time_maxwell
[ -x "$water" ] || example solvers time_shallow_water_device
if [ -z "$solvers" ]; then
    solvers=$(cargo test --release -p curlwind-solvers --features "$features" --lib --no-run 2>&1 |
        sed -n 's/.*(\(.*curlwind_solvers-[0-9a-f]*\)).*/\1/p')
fi

say "== kernels of networks on $device against the CPU in f64"
"$fno" check "$device" 2>&1 | tee -a "$log"
grep -q FAILS "$log" && failed=1
say "== solvers on $device against the CPU in f64"
CURLWIND_TEST_DEVICE=$device "$solvers" device:: --test-threads 1 --nocapture 2>&1 | grep -v '^$' | tee -a "$log"
grep -q 'test result: ok' "$log" || failed=1

say "== FDTD in 3-D, 10-cell layers, one run of 7 in the middle"
for n in $cells; do
    "$maxwell" cells="$n" layer=10 runs=7 device="$device" 2>&1 | tee -a "$log"
done
say "== shallow water, a step"
for truncation in $truncations; do
    for count in $members; do
        for precision in f32 f64; do
            for method in rk4 semi_implicit; do
                "$water" "$device" "$truncation" "$count" "$precision" "$method" 2>&1 | tee -a "$log"
            done
        done
    done
done
say "== training step, $steps steps"
for case in $cases; do
    "$fno" time "$case" "$steps" "$device" 2>&1 | tee -a "$log"
done

case $device in
cuda*)
    if "$python" -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
        for case in $cases; do
            for program in einsum compile; do
                "$python" "$here/../peers/fno_torch.py" "$out/torch_${case}_$program.json" --case "$case" \
                    --program $program --steps "$steps" --device cuda 2>&1 | tail -n 1 | tee -a "$log"
            done
        done
    else
        say "skipped: $python has no PyTorch that sees a GPU"
    fi
    if "$python" -c 'import gprMax, pycuda' 2>/dev/null; then
        for n in $cells; do
            "$python" "$here/../peers/fdtd_gprmax.py" --gpu "$n" 2>&1 | tail -n 1 | tee -a "$log"
        done
    else
        say "skipped: $python has no gprMax with pycuda"
    fi
    if "$python" -c 'import fdtdx, jax; assert jax.devices("gpu")' 2>/dev/null; then
        "$python" "$here/../peers/fdtd_fdtdx.py" $cells 2>&1 | grep Mcells | tee -a "$log"
    else
        say "skipped: $python has no fdtdx with a JAX that sees a GPU"
    fi
    ;;
esac
exit $failed
