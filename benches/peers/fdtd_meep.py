#!/usr/bin/env python3
"""Rate of Meep on the cube of time_maxwell: 160^3 cells, PML of 10 cells on six faces inside it, a point source in the middle.

Debian's build (python3-meep-mpi-default for several processes, python3-meep for one) runs under the
system's Python; `meep` on the Python Package Index is another program.

    /usr/bin/python3 fdtd_meep.py out.json                      one process
    mpirun -np 2 /usr/bin/python3 fdtd_meep.py out.json         two
    ... fdtd_meep.py out.json 160 [media]                       cells along a side; 12 lossy media in slabs

f64. One step is timed by `fields.step()`; a warm-up, then 9 runs of 8 steps.
"""

import statistics
import sys
import time

import meep as mp
from timing import write

RUNS, STEPS, LAYER = 9, 8, 10


def simulation(cells, media):
    slabs = []
    for m in range(12 if media else 0):
        thickness = cells / 12
        slabs.append(
            mp.Block(
                size=mp.Vector3(mp.inf, mp.inf, thickness),
                center=mp.Vector3(0, 0, (m + 0.5) * thickness - cells / 2),
                material=mp.Medium(epsilon=1 + 0.1 * m, D_conductivity=1e-4 * m),
            )
        )
    return mp.Simulation(
        cell_size=mp.Vector3(cells, cells, cells),
        resolution=1,
        boundary_layers=[mp.PML(LAYER)],
        geometry=slabs,
        eps_averaging=False,
        sources=[
            mp.Source(mp.GaussianSource(0.05, fwidth=0.05), mp.Ez, mp.Vector3())
        ],
    )


def main():
    path = sys.argv[1]
    cells = int(sys.argv[2]) if len(sys.argv) > 2 else 160
    media = "media" in sys.argv[3:]
    mp.verbosity(0)
    if mp.is_single_precision():
        raise SystemExit("expected Meep in double precision")
    own = simulation(cells, media)
    own.init_sim()
    for _ in range(2 * STEPS):
        own.fields.step()
    times = []
    for _ in range(RUNS):
        mp.all_wait()
        start = time.perf_counter()
        for _ in range(STEPS):
            own.fields.step()
        mp.all_wait()
        times.append((time.perf_counter() - start) * 1e3 / STEPS)
    if not mp.am_master():
        return
    low, _, high = statistics.quantiles(times, n=4)
    median = statistics.median(times)
    row = {
        "name": f"FDTD step {cells}^3, {'12 media' if media else 'no media'}, f64",
        "program": "meep",
        "cells": cells,
        "threads": mp.count_processors(),
        "milliseconds": {
            "median": median,
            "spread": high - low,
            "least": min(times),
            "runs": RUNS,
        },
        "million_cells_per_second": cells**3 / median / 1e3,
    }
    print(
        f"Meep {mp.__version__} f64, {row['threads']} processes, {row['name']}: {row['million_cells_per_second']:.1f} Mcells/s "
        f"(best {cells**3 / min(times) / 1e3:.1f})"
    )
    write(path, "meep", mp.__version__, [row])


if __name__ == "__main__":
    main()
