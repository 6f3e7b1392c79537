#!/bin/sh
# Runs other people's software on our cases and writes JSON results.
#
#   sh benches/peers/run.sh [transform] [step] [sfno] [fno] [networks] [learn] [dipole] [fdtd] [layers] [scores FILE] [scores-speed] [fss] [netcdf FILE...]     default: transform step sfno fno
#
# OUT (default target/peers) receives the results and, in venv/, the Python environment. PYTHON picks the interpreter.
# What cannot be installed or run is skipped with the reason, and named again at the end.
set -u
export PYTHONDONTWRITEBYTECODE=1
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
out=${OUT:-$here/../../target/peers}
python=${PYTHON:-python3}
mkdir -p "$out" || exit 1
out=$(CDPATH= cd -- "$out" && pwd)
venv=$out/venv
skipped=

skip() {
    echo "skipped: $1" >&2
    skipped="$skipped
  $1"
}

# The packages of one group of requirements.txt.
group() {
    awk -v wanted="$1" '/^# group /{ inside = ($3 == wanted); next } inside && !/^#/' "$here/requirements.txt"
}

# Installs a group once; returns 1 with a message when that fails.
install() {
    [ -f "$venv/installed-$1" ] && return 0
    group "$1" > "$venv/$1.txt"
    echo "installing $1 (log: $out/install-$1.log)"
    if "$venv/bin/python" -m pip install -q -r "$venv/$1.txt" > "$out/install-$1.log" 2>&1; then
        touch "$venv/installed-$1"
    else
        tail -n 3 "$out/install-$1.log" >&2
        return 1
    fi
}

if [ ! -x "$venv/bin/python" ]; then
    "$python" -m venv "$venv" || { echo "cannot make a Python environment in $venv with $python" >&2; exit 1; }
fi

have_fftw() {
    printf '#include <fftw3.h>\nint main(void) { return 0; }\n' | ${CC:-cc} -x c -fsyntax-only - 2>/dev/null
}

with_shtns() { # name of the result, script
    [ -f "$venv/installed-shtns" ] || have_fftw || {
        skip "$1: shtns needs a C compiler and the FFTW 3 headers (Debian: libfftw3-dev)"; return; }
    install shtns || { skip "$1: shtns could not be installed, see $out/install-shtns.log"; return; }
    "$venv/bin/python" "$here/$2" "$out/$1.json" || skip "$1: $2 failed"
}

sfno() {
    install sfno || { skip "sfno: neuraloperator could not be installed, see $out/install-sfno.log"; return; }
    if [ ! -f "$out/flows.h5" ]; then
        "$venv/bin/python" "$here/sfno_flows.py" "$out/flows.part.h5" || { skip "sfno: the flows could not be made"; return; }
        mv "$out/flows.part.h5" "$out/flows.h5"
    fi
    # the same arrays for readers without HDF5
    "$venv/bin/python" "$here/sfno_flows.py" "$out/flows.h5" "$out/flows.safetensors" || { skip "sfno: the flows could not be converted"; return; }
    "$venv/bin/python" "$here/sfno_neuraloperator.py" "$out/flows.h5" "$out/sfno_neuraloperator.json" || skip "sfno: training failed"
}

# Training steps of FNOs in PyTorch and here, one after the other; PyTorch with the allocator as it comes and with one
# that keeps its memory (`kept`).
fno() {
    install sfno || { skip "fno: neuraloperator could not be installed, see $out/install-sfno.log"; return; }
    cargo build --release --workspace --example fno || { skip "fno: the example does not build"; return; }
    fno=${CARGO_TARGET_DIR:-$here/../../target}/release/examples/fno
    for case in ${CASES:-2d-64 2d-64-full 2d-64-mlp 2d-256 1d}; do
        "$fno" time "$case" 40 || skip "fno: $case failed"
        for program in neuraloperator einsum compile; do
            "$venv/bin/python" "$here/fno_torch.py" "$out/fno_${case}_$program.json" --case "$case" --program $program ||
                skip "fno: $program $case failed"
            MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456 \
                "$venv/bin/python" "$here/fno_torch.py" "$out/fno_${case}_${program}_kept.json" --case "$case" \
                --program $program --allocator kept || skip "fno: $program $case failed"
        done
    done
}

# The same for the other networks of fields.
networks() {
    install sfno || { skip "networks: neuraloperator could not be installed, see $out/install-sfno.log"; return; }
    cargo build --release --workspace --example fno || { skip "networks: the example does not build"; return; }
    example=${CARGO_TARGET_DIR:-$here/../../target}/release/examples/fno
    for case in unet-64 uno-64 deeponet-64; do
        "$example" time "$case" 24 || skip "networks: $case failed"
        case $case in
        uno-64) programs="plain compile package" ;;
        *) programs="plain compile" ;;
        esac
        for program in $programs; do
            "$venv/bin/python" "$here/networks_torch.py" "$out/networks_${case}_$program.json" --case "$case" --program $program ||
                skip "networks: $program $case failed"
            MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456 \
                "$venv/bin/python" "$here/networks_torch.py" "$out/networks_${case}_${program}_kept.json" --case "$case" \
                --program $program --allocator kept || skip "networks: $program $case failed"
        done
    done
}

# Trainings of one FNO on the same pairs to a given error, one after the other.
learn() {
    install sfno || { skip "learn: neuraloperator could not be installed, see $out/install-sfno.log"; return; }
    cargo build --release --workspace --bins --example fno || { skip "learn: the programs do not build"; return; }
    built=${CARGO_TARGET_DIR:-$here/../../target}/release
    if [ ! -f "$out/pairs.safetensors" ]; then
        "$built/curlwind" generate navier-stokes -o "$out/navier-stokes" &&
            "$venv/bin/python" "$here/fno_pairs.py" "$out/navier-stokes/data" "$out/pairs.safetensors" ||
            { skip "learn: the pairs could not be made"; return; }
    fi
    "$built/examples/fno" learn "$out/pairs.safetensors" || skip "learn: our training failed"
    for program in neuraloperator einsum; do
        MALLOC_MMAP_THRESHOLD_=4294967296 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456 \
            "$venv/bin/python" "$here/fno_learn.py" "$out/pairs.safetensors" "$out/learn_$program.json" --program $program \
            --allocator kept || skip "learn: $program failed"
    done
}

# An ensemble scored by xskillscore and scores, and here.
score() {
    install scores || { skip "scores: xskillscore could not be installed, see $out/install-scores.log"; return; }
    "$venv/bin/python" "$here/scores_xskillscore.py" "${CARGO_TARGET_DIR:-$here/../../target}/release/curlwind" "$1" ||
        skip "scores: $1 failed"
}

# Two quasi-geostrophic layers in pyqg and here, in an environment of its own: pyqg needs older packages than the others.
layers() {
    own=$out/venv-pyqg
    if [ ! -f "$own/installed" ]; then
        group pyqg-build > "$out/pyqg-build.txt"
        echo "installing pyqg (log: $out/install-pyqg.log)"
        "$python" -m venv "$own" && "$own/bin/python" -m pip install -q -r "$out/pyqg-build.txt" > "$out/install-pyqg.log" 2>&1 &&
            "$own/bin/python" -m pip install -q --no-build-isolation --no-deps pyqg==0.7.2 >> "$out/install-pyqg.log" 2>&1 &&
            touch "$own/installed" || { skip "layers: pyqg could not be installed, see $out/install-pyqg.log"; return; }
    fi
    cargo run --release -p curlwind-solvers --example time_quasi_geostrophic "$out/layers" ||
        { skip "layers: time_quasi_geostrophic failed"; return; }
    "$own/bin/python" "$here/quasi_geostrophic_pyqg.py" "$out/quasi_geostrophic_pyqg.json" "$out/layers" ||
        skip "layers: quasi_geostrophic_pyqg.py failed"
}

# A gigabyte of forecasts scored by xskillscore, and here; FOLDER (default: OUT) receives the file.
score_speed() {
    install scores || { skip "scores-speed: xskillscore could not be installed, see $out/install-scores.log"; return; }
    "$venv/bin/python" "$here/scores_speed.py" "${CARGO_TARGET_DIR:-$here/../../target}/release/curlwind" \
        "${FOLDER:-$out/scores-speed}" --json "$out/scores_speed.json" || skip "scores-speed failed"
}

# Fractions skill scores by scores, and here.
fss() {
    install scores || { skip "fss: scores could not be installed, see $out/install-scores.log"; return; }
    "$venv/bin/python" "$here/fss_scores.py" "${CARGO_TARGET_DIR:-$here/../../target}/release/curlwind" || skip "fss failed"
}

# Meep, gprMax and ours one after the other, so that all see the same machine.
fdtd() {
    meep_python=${MEEP_PYTHON:-/usr/bin/python3} # Debian's packages are for the system's interpreter
    if "$meep_python" -c 'import meep' 2>/dev/null; then
        for media in "" media; do
            "$meep_python" "$here/fdtd_meep.py" "$out/fdtd_meep_1$media.json" 160 $media || skip "fdtd: Meep failed"
            if "$meep_python" -c 'import meep, sys; sys.exit(not meep.with_mpi())' > /dev/null 2>&1 && command -v mpirun > /dev/null; then
                root=
                [ "$(id -u)" -ne 0 ] || root=--allow-run-as-root
                mpirun $root -np 2 "$meep_python" "$here/fdtd_meep.py" "$out/fdtd_meep_2$media.json" 160 $media || skip "fdtd: Meep on two processes failed"
            else
                skip "fdtd: Meep on two processes needs its MPI build (Debian: python3-meep-mpi-default)"
            fi
        done
    else
        skip "fdtd: needs Meep for $meep_python (Debian: python3-meep-mpi-default)"
    fi
    if install gprmax; then
        "$venv/bin/python" "$here/fdtd_gprmax.py" "$out/fdtd_gprmax.json" || skip "fdtd: gprMax failed"
    else
        skip "fdtd: gprMax could not be installed, see $out/install-gprmax.log"
    fi
    if install fdtdx; then
        "$venv/bin/python" "$here/fdtd_fdtdx.py" --backend cpu --steps 8 --runs 9 160 || skip "fdtd: fdtdx failed"
    else
        skip "fdtd: fdtdx could not be installed, see $out/install-fdtdx.log"
    fi
    for threads in 1 2; do
        cargo run --release -p curlwind-solvers --example time_maxwell runs=9 threads=$threads Blocked || skip "fdtd: time_maxwell failed"
    done
}

[ $# -gt 0 ] || set -- transform step sfno fno
while [ $# -gt 0 ]; do
    case $1 in
    transform) with_shtns transform_shtns transform_shtns.py ;;
    step) with_shtns shallow_water_shtns shallow_water_shtns.py ;;
    sfno) sfno ;;
    fno) fno ;;
    networks) networks ;;
    learn) learn ;;
    layers) layers ;;
    scores-speed) score_speed ;;
    fss) fss ;;
    scores) shift; score "${1:?a file with members}" ;;
    fdtd) fdtd ;;
    dipole)
        if command -v nec2c > /dev/null; then
            "$python" "$here/dipole_nec2c.py" || skip "dipole: dipole_nec2c.py failed"
            cargo run --release -p curlwind-solvers --example validate_maxwell half-wave-dipole || skip "dipole: validate_maxwell failed"
        else
            skip "dipole: needs nec2c (Debian: nec2c)"
        fi
        ;;
    netcdf)
        shift
        [ $# -gt 0 ] || { echo "netcdf: expected one or more files" >&2; exit 2; }
        install netcdf || { skip "netcdf: compliance-checker could not be installed, see $out/install-netcdf.log"; break; }
        "$venv/bin/python" "$here/check_netcdf.py" "$@" --json "$out/netcdf.json"
        exit $?
        ;;
    *)
        echo "unknown part $1; expected transform, step, sfno, fno, networks, learn, layers, dipole, fdtd, scores FILE, scores-speed, fss or netcdf FILE..." >&2
        exit 2
        ;;
    esac
    shift
done
[ -z "$skipped" ] || echo "skipped:$skipped" >&2
