#!/bin/sh
# On a machine with a GPU: every device kernel against the CPU in f64, then the time of training steps
# beside the same networks in PyTorch, if there is one.
#
#   sh benches/gpu/run.sh [DEVICE]            default cuda:0
#
# FNO is the example's binary, by default built here:
#   cargo build --release -p curlwind-operators --features cuda --example fno
# OUT (default target/gpu) receives the log. PYTHON picks the interpreter that has PyTorch.
set -u
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
device=${1:-cuda:0}
out=${OUT:-$here/../../target/gpu}
python=${PYTHON:-python3}
fno=${FNO:-$here/../../target/release/examples/fno}
cases=${CASES:-2d-64 2d-64-full 2d-64-wide 2d-256 2d-256-wide 1d}
steps=${STEPS:-100}
mkdir -p "$out" || exit 1
log=$out/gpu.log
failed=0
say() { echo "$@" | tee -a "$log"; }

: > "$log"
say "date: $(date -u +%Y-%m-%dT%H:%MZ)"
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null | tee -a "$log"
if [ ! -x "$fno" ]; then
    cargo build --release -p curlwind-operators --features "${FEATURES:-cuda}" --example fno || exit 1
fi
say "== kernels on $device against the CPU in f64"
"$fno" check "$device" 2>&1 | tee -a "$log"
grep -q FAILS "$log" && failed=1
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
    ;;
esac
exit $failed
