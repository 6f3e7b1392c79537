"""Timing and result rows shared by the peers.

A row is {"name", "program", "truncation", "threads", "milliseconds": {"median", "spread", "least", "runs"}, ...};
"spread" is the distance between the quartiles, "least" the shortest time (what a quiet machine would give). A result file is {"program", "version", "rows": [...]}.
"""

import json
import statistics
import time


def measure(work, seconds=1.0, least=7):
    """Median and quartile distance of work(), in milliseconds, over about `seconds` after a warm-up."""
    work()
    start = time.perf_counter()
    work()
    once = max(time.perf_counter() - start, 1e-7)
    inner = max(1, int(1e-3 / once))  # at least a millisecond between two clock reads
    runs = max(least, min(2000, int(seconds / (once * inner))))
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        for _ in range(inner):
            work()
        times.append((time.perf_counter() - start) * 1e3 / inner)
    low, _, high = statistics.quantiles(times, n=4)
    return {"median": statistics.median(times), "spread": high - low, "least": min(times), "runs": runs}


def for_truncation(truncation):
    """(nlat, nlon) of the Gaussian grid free of aliasing for quadratic products: nlon >= 3N + 1, even, 2^a 3^b 5^c."""
    nlon = 3 * truncation + 1
    while True:
        rest = nlon
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1 and nlon % 2 == 0:
            return nlon // 2, nlon
        nlon += 1


def write(path, program, version, rows):
    with open(path, "w") as file:
        json.dump({"program": program, "version": version, "rows": rows}, file, indent=1)
    print(f"wrote {path}")
