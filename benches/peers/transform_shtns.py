"""Spherical-harmonic transforms by shtns: scalar and vector, both ways, one field and ten in a loop.

    python transform_shtns.py result.json [--truncations 42,106,170] [--threads 1,2] [--seconds 1]

Gaussian grids, double precision, 4 pi normalisation, longitudes contiguous: the arrays of a weather model.
Arrays are allocated once. Plans are measured by shtns itself (sht_gauss, not the quick start).
"""

import argparse

import numpy as np
import shtns

from timing import for_truncation, measure, write


def plan(truncation, threads):
    nlat, nlon = for_truncation(truncation)
    sh = shtns.sht(truncation, norm=shtns.sht_fourpi | shtns.SHT_NO_CS_PHASE, nthreads=threads)
    sh.set_grid(nlat, nlon, flags=shtns.sht_gauss | shtns.SHT_PHI_CONTIGUOUS, polar_opt=0)
    return sh


def random_spectra(sh, count, rng):
    """Spectra with a 1/l^2 decay; order 0 is real."""
    spectra = []
    for _ in range(count):
        spectrum = (rng.standard_normal(sh.nlm) + 1j * rng.standard_normal(sh.nlm)) / (1.0 + sh.l) ** 2
        spectrum[sh.m == 0] = spectrum[sh.m == 0].real
        spectrum[0] = 0
        spectra.append(np.ascontiguousarray(spectrum))
    return spectra


def rows_of(truncation, threads, seconds):
    sh, rng = plan(truncation, threads), np.random.default_rng(1)
    a, b = random_spectra(sh, 10, rng), random_spectra(sh, 10, rng)
    x, y = ([np.empty((sh.nlat, sh.nphi)) for _ in range(10)] for _ in range(2))
    back = [np.empty_like(s) for s in a], [np.empty_like(s) for s in a]
    sh.SH_to_spat(a[0], x[0])
    sh.spat_to_SH(x[0].copy(), back[0][0])
    round_trip = np.abs(back[0][0] - a[0]).max() / np.abs(a[0]).max()
    works = {
        "synthesis": lambda k: sh.SH_to_spat(a[k], x[k]),
        "analysis": lambda k: sh.spat_to_SH(x[k], back[0][k]),
        "vector synthesis": lambda k: sh.SHsphtor_to_spat(a[k], b[k], x[k], y[k]),
        "vector analysis": lambda k: sh.spat_to_SHsphtor(x[k], y[k], back[0][k], back[1][k]),
    }
    rows = []
    for name, work in works.items():
        for fields in (1, 10):
            def loop():
                for k in range(fields):
                    work(k)
            row = {"name": f"{name}, {fields} field{'s' * (fields > 1)}", "program": "shtns", "truncation": truncation,
                   "grid": [sh.nlat, sh.nphi], "threads": threads, "round_trip": round_trip,
                   "milliseconds": measure(loop, seconds)}
            time = row["milliseconds"]
            print(f"T{truncation} {row['name']}, {threads} threads: {time['median']:.4f} ms, quartiles {time['spread']:.4f} apart", flush=True)
            rows.append(row)
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("result")
    parser.add_argument("--truncations", default="42,106,170")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--seconds", type=float, default=1.0)
    args = parser.parse_args()
    rows = [row for threads in map(int, args.threads.split(",")) for truncation in map(int, args.truncations.split(","))
            for row in rows_of(truncation, threads, args.seconds)]
    write(args.result, "shtns", shtns.build_info(), rows)


if __name__ == "__main__":
    main()
