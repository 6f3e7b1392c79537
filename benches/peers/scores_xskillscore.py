"""The scores of an ensemble file by xskillscore and scores, beside `curlwind score`.

    python benches/peers/scores_xskillscore.py target/release/curlwind era5_members_2017.nc

Members 1 to 9 against member 0, persistence of member 0 from the first time, areas exact (the cell between
the latitudes half-way to its neighbours), every variable, level and time.
"""

import json
import subprocess
import sys
import time

import numpy as np
import scores as scores_package
import xarray as xr
import xskillscore as xs


def area_weights(latitudes):
    """Cell areas: differences of the sine between the edges."""
    order = np.argsort(latitudes)
    lat = np.deg2rad(latitudes[order])
    edges = np.concatenate([[-np.pi / 2], 0.5 * (lat[1:] + lat[:-1]), [np.pi / 2]])
    weights = np.empty_like(lat)
    weights[order] = np.diff(np.sin(edges))
    return weights


def main():
    program, path = sys.argv[1:3]
    started = time.perf_counter()
    text = subprocess.run(
        [program, "score", "--forecast", path, "--truth", path, "--members", "1-9",
         "--truth-member", "0", "--json"],
        check=True, capture_output=True, text=True,
    ).stdout
    ours_seconds = time.perf_counter() - started
    ours = {
        (row["model"], row["variable"], row["metric"], row["lead_hours"]): row["value"]
        for row in json.loads(text)
    }
    started = time.perf_counter()
    data = xr.open_dataset(path).load()
    names = {"isobaricInhPa": "level", "realization": "number"}
    data = data.rename({old: new for old, new in names.items() if old in data.dims})
    if "level" not in data.dims:
        data = data.expand_dims(level=[np.nan], axis=2)
    weights = xr.DataArray(area_weights(data.latitude.values), dims="latitude",
                           coords={"latitude": data.latitude})
    weights = weights.broadcast_like(data.isel(number=0, time=0, level=0)["z"].drop_vars(
        [c for c in data.coords if c not in ("latitude", "longitude")]))
    dims = ["latitude", "longitude"]
    found = {}
    hours = (data.time.values - data.time.values[0]) / np.timedelta64(1, "h")
    for name in [name for name in ["z", "t"] if name in data]:
        for level in data.level.values:
            field = data[name].isel(level=list(data.level.values).index(level) if level == level else 0).astype("float64")
            members = field.isel(number=slice(1, None)).rename(number="member")
            truth = field.isel(number=0)
            for k, lead in enumerate(hours):
                m, o = members.isel(time=k), truth.isel(time=k)
                key = lambda metric, model: (model, name if np.isnan(level) else f"{name}{int(level)}", metric, float(lead))
                model = path.split("/")[-1].rsplit(".", 1)[0]
                crps = xs.crps_ensemble(o, m, member_dim="member", dim=dims,
                                        weights=weights)
                found[key("crps", model)] = float(crps)
                fair = scores_package.probability.crps_for_ensemble(
                    m, o, "member", method="fair", preserve_dims="all")
                found[key("crps_fair", model)] = float(fair.weighted(weights).mean())
                mean = m.mean("member")
                found[key("rmse", model)] = float(xs.rmse(mean, o, dim=dims, weights=weights))
                variance = m.var("member", ddof=1)
                found[key("spread", model)] = float(np.sqrt(variance.weighted(weights).mean()))
                if lead > 0:
                    found[key("rmse", "persistence")] = float(
                        xs.rmse(truth.isel(time=0, drop=True), o.drop_vars("time"), dim=dims,
                                weights=weights))
    theirs_seconds = time.perf_counter() - started
    worst = 0.0
    for key, value in sorted(found.items()):
        own = ours[key]
        difference = abs(own / value - 1.0)
        worst = max(worst, difference)
        print(f"{' '.join(map(str, key)):60} {own:14.8g} {value:14.8g} {difference:.1e}")
    print(f"{len(found)} scores, largest relative difference {worst:.1e}")
    print(f"whole runs: ours {ours_seconds:.2f} s, theirs without imports {theirs_seconds:.2f} s")


if __name__ == "__main__":
    main()
