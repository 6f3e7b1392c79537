"""Fractions skill scores by the package scores, beside `curlwind score`.

    python benches/peers/fss_scores.py target/release/curlwind

Random events on a plain grid (a region, no weights) and on one that goes round the globe, in the middle latitudes so
that no window reaches a pole; round the globe scores gets the columns of the other side on both sides. Both are then
the sums over the same whole windows.
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import xarray as xr
from scores.spatial import fss_2d_single_field

ROWS, COLUMNS, MARGIN = 40, 72, 9


def dataset(field, round_):
    step = 360 / COLUMNS if round_ else 0.5
    longitudes = np.arange(COLUMNS) * step
    latitudes = np.linspace(8, -8, ROWS) if not round_ else np.linspace(78, -78, ROWS)
    time = ("time", [0, 1], {"standard_name": "time", "units": "days since 2020-01-01", "calendar": "standard"})
    values = np.stack([field, field]).astype("float32")
    return xr.Dataset(
        {"pr": (("time", "latitude", "longitude"), values, {"units": "mm", "standard_name": "precipitation_amount_"})},
        coords={"time": time,
                "latitude": ("latitude", latitudes, {"units": "degrees_north", "standard_name": "latitude"}),
                "longitude": ("longitude", longitudes, {"units": "degrees_east", "standard_name": "longitude"})})


def main():
    program = sys.argv[1]
    rng = np.random.default_rng(1)
    smooth = rng.gamma(0.5, 4.0, (ROWS, COLUMNS))
    forecast = np.roll(smooth, (1, 2), (0, 1)) * rng.uniform(0.6, 1.4, (ROWS, COLUMNS))
    worst = 0.0
    for round_ in (False, True):
        f, o = forecast.copy(), smooth.copy()
        for field in (f, o):  # no event near the edges: windows cut by them are empty in both
            field[:MARGIN] = field[-MARGIN:] = 0
            if not round_:
                field[:, :MARGIN] = field[:, -MARGIN:] = 0
        f, o = f.astype("float32").astype(float), o.astype("float32").astype(float)
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("f.nc", "o.nc")]
            for path, field in zip(paths, (f, o)):
                dataset(field, round_).to_netcdf(path)
            text = subprocess.run(
                [program, "score", "--forecast", paths[0], "--truth", paths[1], "--weights", "none", "--json",
                 *(word for t in (1.5, 4) for word in ("--fss-threshold", str(t))), "--fss-neighbourhood", "1,3,5,9"],
                check=True, capture_output=True, text=True).stdout
        ours = {row["metric"]: row["value"] for row in json.loads(text) if row["model"] == "f"}
        for threshold in (1.5, 4):
            for size in (1, 3, 5, 9):
                half = size // 2
                pad = lambda x: np.pad(x, ((0, 0), (half, half)), mode="wrap") if round_ else x
                theirs = fss_2d_single_field(pad(f), pad(o), event_threshold=threshold, window_size=(size, size),
                                             threshold_operator=np.greater_equal)
                name = f"fss_{threshold:g}_{'1point' if size == 1 else f'{size}points'}"
                difference = abs(ours[name] - theirs)
                worst = max(worst, difference)
                print(f"{'round' if round_ else 'plain':6} {name:18} {ours[name]:.12f} {theirs:.12f} {difference:.1e}")
    print(f"largest difference {worst:.1e}")
    return worst > 1e-12


if __name__ == "__main__":
    sys.exit(main())
