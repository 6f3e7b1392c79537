"""Two quasi-geostrophic layers in pyqg: fields against ours, the reference solution of its test suite, time per step.

    python quasi_geostrophic_pyqg.py result.json FOLDER [--seconds 1]

FOLDER holds what `time_quasi_geostrophic FOLDER` has written: potential vorticities from the same start: after 10
days with pyqg's method (third-order Adams-Bashforth, exponential filter), after 2 days with ours (ETDRK4, two-thirds
rule; later, filaments reach the scales that one side filters and the other cuts off). The equation is pyqg's default. One thread; the diagnostics of pyqg are switched off for timing.
"""

import argparse
import pathlib

import numpy as np
import pyqg

from timing import measure, write

DAY = 86400.0


def start(n):
    x = 2 * np.pi * np.arange(n) / n
    x, y = x[None, :], x[:, None]
    upper = 1e-5 * (np.cos(3 * x + y) + 0.5 * np.sin(2 * x - 3 * y + 1.0) + 0.3 * np.cos(5 * y))
    lower = 2e-6 * (np.sin(2 * x + 3 * y) + 0.7 * np.cos(4 * x - y + 0.5))
    return np.stack([upper, lower])


def model(n, step, **changed):
    settings = dict(nx=n, dt=step, L=1e6, beta=1.5e-11, rd=15e3, delta=0.25, U1=0.025, U2=0.0, rek=5.787e-7,
                    filterfac=23.6, tavestart=np.inf, log_level=0, ntd=1)
    found = pyqg.QGModel(**{**settings, **changed})
    found.q = start(n)
    return found


def after(n, step, days):
    found = model(n, step)
    for _ in range(round(days * DAY / step)):
        found._step_forward()
    found._invert()
    return np.array(found.q)


def difference(a, b):
    """Largest difference of each layer over its largest value."""
    return [float(abs(p - q).max() / abs(q).max()) for p, q in zip(a, b)]


def reference():
    """The numbers of test_reference_solns.py, test_two_layer."""
    year = 360 * DAY
    found = pyqg.QGModel(nx=32, L=1e6, beta=1.5e-11, rek=5.787e-7, rd=30000.0, delta=0.25, U1=0.05, U2=0.0, filterfac=18.4,
                         dt=12800.0, tmax=3 * year, tavestart=year, taveint=12800.0, log_level=0)
    wave = lambda x: np.cos(10 * np.pi * x / found.L)
    found.q = np.stack([1e-6 * wave(found.x) + 1e-7 * wave(found.y), np.zeros_like(found.x)])
    found.run()
    return {
        "sum of q1^2": float((found.q[0] ** 2).sum()),
        "kinetic energy": float(found.get_diagnostic("EKE").sum()),
        "generation": float(found.get_diagnostic("APEgen")),
        "drag": float(found.get_diagnostic("EKEdiss")),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("result")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    ours = lambda n, step, method: np.fromfile(options.folder / f"{n}_{step}_{method}.f64").reshape(2, n, n)
    rows = []
    for n, step, method in [(64, 7200, "ab3"), (128, 3600, "ab3"), (128, 450, "ab3")]:
        rows.append({"name": "fields", "points": n, "step": step, "method": method,
                     "difference": difference(ours(n, step, method), after(n, step, 10))})
        print(rows[-1])
    for step in [900, 450, 225]:
        rows.append({"name": "fields", "points": 128, "step": step, "method": "etdrk4 of 3600 s",
                     "difference": difference(ours(128, 3600, "etdrk4"), after(128, step, 2))})
        print(rows[-1])
    rows.append({"name": "reference", **reference()})
    print(rows[-1])
    for n in [64, 128, 256]:
        found = model(n, 7200.0 * 64 / n)
        rows.append({"name": "step", "program": "pyqg", "points": n, "threads": 1,
                     "milliseconds": measure(found._step_forward, options.seconds)})
        print(rows[-1])
    write(options.result, "pyqg", pyqg.__version__, rows)


if __name__ == "__main__":
    main()
