"""Time to score a gigabyte of forecasts: `curlwind score` beside xskillscore as its users call it.

    python benches/peers/scores_speed.py target/release/curlwind FOLDER [--runs 3] [--compressed] [--json result.json]

The file is made in FOLDER once: 10 members x 20 initial times x 22 leads x 2 variables on a grid of 1.5 degrees
with poles, float32, in the WeatherBench layout as xarray writes it; its truth and climatology beside it. Every
program starts afresh for each run, opens the files and prints the same scores over the globe, weighted by the area
of the cells: RMSE, MAE, bias and anomaly correlation of the ensemble mean, CRPS (empirical), spread and the ranks of
the truth, for each variable and lead over all initial times. xskillscore runs on xarray and dask, chunked by
lead and time, with the threads of the machine; the rank histogram is its own, which has no weights, and is
timed but not compared. Both read the files once before the clock starts.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

MEMBERS, TIMES, LEADS, VARIABLES = 10, 20, 22, ["z500", "t850"]


def area_weights(latitudes):
    """Cell areas: differences of the sine between the edges, the poles' cells half as high."""
    order = np.argsort(latitudes)
    lat = np.deg2rad(latitudes[order])
    edges = np.concatenate([[-np.pi / 2], 0.5 * (lat[1:] + lat[:-1]), [np.pi / 2]])
    weights = np.empty_like(lat)
    weights[order] = np.diff(np.sin(edges))
    return weights


def make(folder, compressed):
    """Smooth random waves that move, members that drift apart, written lead by lead."""
    import netCDF4

    name = "forecast_compressed.nc" if compressed else "forecast.nc"
    paths = [os.path.join(folder, n) for n in (name, "truth.nc", "climatology.nc")]
    if all(os.path.exists(p) for p in paths):
        return paths
    os.makedirs(folder, exist_ok=True)
    latitudes, longitudes = np.linspace(90, -90, 121), np.arange(240) * 1.5
    lat, lon = np.deg2rad(latitudes)[:, None], np.deg2rad(longitudes)[None, :]
    rng = np.random.default_rng(0)
    waves = [(k, rng.integers(1, 6), rng.uniform(0, 6.28, 2), rng.uniform(-0.3, 0.3)) for k in range(1, 13)]
    scale = {"z500": (54000.0, 1500.0, "geopotential", "m2 s-2"), "t850": (280.0, 8.0, "air_temperature", "K")}

    def field(name, hours, shift):
        mean, size, _, _ = scale[name]
        sum_ = sum(np.cos(k * lon + p[0] + speed * hours / 12 + shift) * np.cos(l * lat + p[1]) * np.cos(lat) / k
                   for k, l, p, speed in waves)
        return mean + size * (np.cos(lat) + sum_)

    def coordinate(file, name, dimension, values, **attributes):
        file.createDimension(dimension, len(values))
        variable = file.createVariable(name, "f8", (dimension,))
        variable.setncatts(attributes)
        variable[:] = values

    def begin(path, leads=None, members=None, times=None):
        file = netCDF4.Dataset(path, "w")
        if leads is not None:
            coordinate(file, "prediction_timedelta", "prediction_timedelta", leads, standard_name="forecast_period",
                       units="hours", dtype="timedelta64[ns]")
        coordinate(file, "time", "time", times, standard_name="time", units="hours since 2020-01-01", calendar="standard")
        if members is not None:
            coordinate(file, "realization", "realization", np.arange(members), standard_name="realization", units="1")
        coordinate(file, "latitude", "latitude", latitudes, standard_name="latitude", units="degrees_north")
        coordinate(file, "longitude", "longitude", longitudes, standard_name="longitude", units="degrees_east")
        return file

    leads, times = np.arange(LEADS) * 12.0, np.arange(TIMES) * 24.0
    valid = np.arange(0, times[-1] + leads[-1] + 1, 12.0)
    noise = lambda size: size * rng.standard_normal((len(latitudes), len(longitudes)))
    for path, hours in [(paths[1], valid), (paths[2], valid[:1])]:
        with begin(path, times=hours) as file:
            for name in VARIABLES:
                _, size, standard, units = scale[name]
                variable = file.createVariable(name, "f4", ("time", "latitude", "longitude"))
                variable.setncatts({"standard_name": standard, "units": units})
                for k, hour in enumerate(hours):
                    # the climatology is what does not move
                    moved = field(name, hour, 0.0) if path == paths[1] else scale[name][0] + size * np.cos(lat) + 0 * lon
                    variable[k] = moved + noise(0.02 * size)
    part = paths[0] + ".part"
    with begin(part, leads, MEMBERS, times) as file:
        dims = ("prediction_timedelta", "time", "realization", "latitude", "longitude")
        packing = {"zlib": True, "complevel": 1, "shuffle": True, "chunksizes": (1, 1, 1, 121, 240)} if compressed else {}
        for name in VARIABLES:
            _, size, standard, units = scale[name]
            variable = file.createVariable(name, "f4", dims, **packing)
            variable.setncatts({"standard_name": standard, "units": units})
            for k, lead in enumerate(leads):
                for t, start in enumerate(times):
                    base = [field(name, start + lead, 0.02 * (lead / 24 + 0.2) * x) for x in rng.standard_normal(3)]
                    mix = rng.dirichlet(np.ones(3), MEMBERS)
                    variable[k, t] = np.stack([sum(w * b for w, b in zip(row, base)) + noise(0.05 * size) for row in mix])
    os.replace(part, paths[0])
    return paths


def peer(paths):
    """The scores by xskillscore; prints them as JSON."""
    import xarray as xr
    import xskillscore as xs

    forecast = xr.open_dataset(paths[0], chunks={"prediction_timedelta": 1, "time": 10}, decode_timedelta=True)
    truth = xr.open_dataset(paths[1])
    climatology = xr.open_dataset(paths[2]).isel(time=0, drop=True)
    forecast = forecast.rename(realization="member")
    valid = forecast.time + forecast.prediction_timedelta
    weights = xr.DataArray(area_weights(forecast.latitude.values), dims="latitude", coords={"latitude": forecast.latitude})
    plane = weights * xr.ones_like(forecast.longitude, dtype=float)
    dims = ["latitude", "longitude"]
    found = {}
    for name in VARIABLES:
        # double as the truth and as what it is compared with
        f = forecast[name].astype("float64")
        o = truth[name].astype("float64").sel(time=valid).drop_vars("time").assign_coords(time=forecast.time)
        o = o.chunk({"prediction_timedelta": 1, "time": 10}).transpose("prediction_timedelta", "time", *dims)
        c = climatology[name].astype("float64")
        mean = f.mean("member")
        squares = xs.mse(mean, o, dim=dims, weights=plane)
        scores = xr.Dataset({
            "rmse": np.sqrt(squares.mean("time")),
            "mae": xs.mae(mean, o, dim=dims, weights=plane).mean("time"),
            "bias": xs.me(mean, o, dim=dims, weights=plane).mean("time"),
            "acc": xs.pearson_r(mean - c, o - c, dim=dims, weights=plane).mean("time"),
            "crps": xs.crps_ensemble(o, f, dim=dims, weights=plane).mean("time"),
            "spread": np.sqrt(f.var("member", ddof=1).weighted(plane).mean(dims).mean("time")),
        })
        ranks = xs.rank_histogram(o, f, member_dim="member", dim=["time", *dims])
        scores["ranks"] = ranks
        scores = scores.compute()
        for metric in ["rmse", "mae", "bias", "acc", "crps", "spread"]:
            for k, lead in enumerate(scores.prediction_timedelta.values / np.timedelta64(1, "h")):
                found[f"{name} {metric} {lead:g}"] = float(scores[metric][k])
    print(json.dumps(found))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--compressed", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    paths = make(args.folder, args.compressed)
    if args.peer:
        return peer(paths)
    commands = {
        "ours": [args.program, "score", "--forecast", paths[0], "--truth", paths[1], "--climatology", paths[2], "--json"],
        "xskillscore": [sys.executable, os.path.abspath(__file__), args.program, args.folder, "--peer",
                        *(["--compressed"] if args.compressed else [])],
    }
    for path in paths:
        with open(path, "rb") as file:
            while file.read(1 << 24):
                pass
    seconds, processor, output = {}, {}, {}
    for run in range(args.runs):
        for name, command in commands.items():
            started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            output[name] = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            seconds.setdefault(name, []).append(time.perf_counter() - started)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            processor.setdefault(name, []).append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    ours = {f"{row['variable']} {row['metric']} {row['lead_hours']:g}": row["value"]
            for row in json.loads(output["ours"]) if row["model"].startswith("forecast")}
    theirs = json.loads(output["xskillscore"])
    worst = max((abs(ours[key] - value) / max(abs(value), 1e-300), key) for key, value in theirs.items() if "bias" not in key)
    # a bias is small beside the field: its digits are those of the error
    bias = max(abs(ours[key] - value) / ours[key.replace("bias", "rmse")] for key, value in theirs.items() if "bias" in key)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    size = os.path.getsize(paths[0]) / 1e9
    load = os.getloadavg()[0]
    print(f"{size:.2f} GB of forecasts, {len(theirs)} scores, {args.runs} runs each, whole programs, load {load:.1f}")
    for name, values in seconds.items():
        print(f"{name:12} median {medians[name]:7.2f} s   {' '.join(f'{s:.2f}' for s in values)}   "
              f"processor {statistics.median(processor[name]):.2f} s")
    ratio = medians["xskillscore"] / medians["ours"]
    print(f"xskillscore over ours {ratio:.1f}; largest relative difference {worst[0]:.1e} ({worst[1]}), of bias over RMSE {bias:.1e}")
    if args.json:
        with open(args.json, "w") as file:
            json.dump({"gigabytes": size, "seconds": seconds, "processor_seconds": processor, "load": load, "ratio": ratio, "difference": worst[0]}, file, indent=1)
    return worst[0] > 1e-6 or bias > 1e-6


if __name__ == "__main__":
    sys.exit(main())
