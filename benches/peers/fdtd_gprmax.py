"""Rate of gprMax on the cube of time_maxwell: 160^3 cells, CPML of 10 cells on six faces inside it, a dipole in the middle.

    fdtd_gprmax.py out.json [cells]
    fdtd_gprmax.py --gpu cells        f32 on the first CUDA device

f32 and f64, one and two OpenMP threads, vacuum. gprMax looks up the medium of every edge in any case,
so a mixed mesh costs it the same. The clock is read between the steps of its own time loop: 16 steps of
warm-up, then 9 runs of 8 steps. One process per setting, for OpenMP fixes its threads at the start.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

RUNS, STEPS = 9, 8
WARM_UP = 2 * STEPS


def seconds(cells, precision, threads, gpu=None):
    """Milliseconds per step of each run."""
    import gprMax
    import gprMax.solvers

    stamps = []

    def timed(iterator):
        for step in iterator:
            stamps.append(time.perf_counter())
            yield step

    solve = gprMax.solvers.Solver.solve
    gprMax.solvers.Solver.solve = lambda self, iterator: solve(self, timed(iterator))
    count = WARM_UP + RUNS * STEPS + 1
    side = cells * 1e-3
    deck = f"""#title: cube
#domain: {side} {side} {side}
#dx_dy_dz: 0.001 0.001 0.001
#time_window: {count}
#omp_threads: {threads}
#pml_cells: 10
#waveform: ricker 1 5e9 pulse
#hertzian_dipole: z {side / 2} {side / 2} {side / 2} pulse
"""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/cube.in", "w") as file:
            file.write(deck)
        gprMax.run(
            inputfile=f"{folder}/cube.in",
            outputfile=f"{folder}/cube",
            cpu_precision=precision,
            gpu=gpu,
            hide_progress_bars=True,
            log_level=30,
        )
    marks = stamps[WARM_UP::STEPS]
    return [(b - a) * 1e3 / STEPS for a, b in zip(marks, marks[1:])]


def main():
    if sys.argv[1] == "--one":
        cells, precision, threads = int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
        print("milliseconds", *seconds(cells, precision, threads))
        return
    if sys.argv[1] == "--gpu":
        cells = int(sys.argv[2])
        times = seconds(cells, "single", 1, gpu=[0])
        rate = cells**3 / statistics.median(times) / 1e3
        print(f"gprMax, CUDA, f32, {cells}^3 cells: {rate:.0f} Mcells/s")
        return
    from importlib.metadata import version

    from timing import write

    path = sys.argv[1]
    cells = int(sys.argv[2]) if len(sys.argv) > 2 else 160
    rows = []
    for precision, name in (("single", "f32"), ("double", "f64")):
        for threads in (1, 2):
            command = [sys.executable, __file__, "--one", str(cells), precision, str(threads)]
            environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
            found = subprocess.run(command, env=environment, capture_output=True, text=True)
            line = [w for w in found.stdout.splitlines() if w.startswith("milliseconds")]
            if found.returncode != 0 or not line:
                raise SystemExit(f"gprMax failed:\n{found.stdout[-2000:]}{found.stderr[-2000:]}")
            times = [float(t) for t in line[0].split()[1:]]
            low, _, high = statistics.quantiles(times, n=4)
            median = statistics.median(times)
            rows.append(
                {
                    "name": f"FDTD step {cells}^3, no media, {name}",
                    "program": "gprMax",
                    "cells": cells,
                    "threads": threads,
                    "milliseconds": {
                        "median": median,
                        "spread": high - low,
                        "least": min(times),
                        "runs": len(times),
                    },
                    "million_cells_per_second": cells**3 / median / 1e3,
                }
            )
            print(
                f"gprMax {version('gprMax')} {name}, {threads} threads: {cells**3 / median / 1e3:.1f} Mcells/s "
                f"(best {cells**3 / min(times) / 1e3:.1f})"
            )
    write(path, "gprMax", version("gprMax"), rows)


if __name__ == "__main__":
    main()
