"""Checks a forecast or a file of scores as its users would: CF compliance, whether xarray reads it with decoded
times, and, where xskillscore is installed, whether that takes its variables as they are.

    python check_netcdf.py FILE... [--json result.json]

Errors are the failed high-priority checks of the IOOS compliance-checker, suite cf:1.11. The exit status is 0 when
there are no errors and every time coordinate decodes, 1 otherwise.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import xarray

SUITE = "cf:1.11"


def compliance(path):
    """The checker's counts and its messages, for one file."""
    program = os.path.join(os.path.dirname(sys.executable), "compliance-checker")
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "report.json")
        done = subprocess.run([program, f"--test={SUITE}", "-f", "json", "-o", out, path], capture_output=True, text=True)
        if not os.path.exists(out):
            raise SystemExit(f"compliance-checker wrote no report for {path}:\n{done.stdout}{done.stderr}")
        with open(out) as file:
            report = json.load(file)
    report = report.get(SUITE, report)
    failed = lambda priority: [f"{check['name']}: {message}" for check in report[f"{priority}_priorities"] for message in check["msgs"]]
    return {"errors": report["high_count"], "warnings": report["medium_count"],
            "error_messages": failed("high"), "warning_messages": failed("medium")}


def decoded(path):
    """Dimensions, variables, and the first and last value of each time coordinate as xarray decodes it."""
    with xarray.open_dataset(path, decode_timedelta=True) as data:
        times, missed = {}, []
        for name, variable in data.variables.items():
            if variable.attrs.get("standard_name") in ("time", "forecast_period", "forecast_reference_time"):
                if not (np.issubdtype(variable.dtype, np.datetime64) or np.issubdtype(variable.dtype, np.timedelta64)):
                    missed.append(name)
                values = variable.values.ravel()
                times[name] = [str(values[0]), str(values[-1])] if len(values) else []
        return {"dimensions": dict(data.sizes), "variables": {n: list(v.dims) for n, v in data.data_vars.items()},
                "times": times, "times_not_decoded": missed}


def scored(path):
    """What xskillscore makes of the file, unchanged: of fields the error between two of them and, of an ensemble,
    the CRPS of its first member; of scores how the forecast's errors go with persistence's over the leads."""
    try:
        import xskillscore as xs
    except ImportError:
        return {"skipped": "xskillscore is not installed"}
    found = {}
    with xarray.open_dataset(path, decode_timedelta=True) as data:
        for name, variable in data.data_vars.items():
            dims = [d for d in ("latitude", "longitude") if d in variable.dims]
            if len(dims) == 2:
                one = variable.isel({d: 0 for d in variable.dims if d not in ("latitude", "longitude", "realization")}, drop=True)
                if "realization" in one.dims:
                    found[name] = float(xs.crps_ensemble(one.isel(realization=0, drop=True), one, member_dim="realization", dim=dims))
                else:
                    found[name] = float(xs.rmse(one, one.roll(longitude=1, roll_coords=False), dim=dims))
            elif name.endswith("_rmse") and "prediction_timedelta" in variable.dims:
                forecast, persistence = (variable.isel(model=k, region=0) for k in (0, 2))
                found[name] = float(xs.pearson_r(forecast, persistence, dim="prediction_timedelta", skipna=True))
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+")
    parser.add_argument("--json")
    args = parser.parse_args()
    results = {}
    for path in args.files:
        result = results[path] = {**compliance(path), **decoded(path), "xskillscore": scored(path)}
        print(f"{path}: {SUITE} {result['errors']} errors, {result['warnings']} warnings")
        for message in result["error_messages"]:
            print(f"  error: {message}")
        for message in result["warning_messages"]:
            print(f"  warning: {message}")
        print("  dimensions " + ", ".join(f"{name} {size}" for name, size in result["dimensions"].items()))
        for name, dims in result["variables"].items():
            print(f"  {name} ({', '.join(dims)})")
        for name, span in result["times"].items():
            print(f"  {name}: {' .. '.join(span)}" + (" NOT DECODED" if name in result["times_not_decoded"] else ""))
        for name, value in result["xskillscore"].items():
            print(f"  xskillscore, {name}: {value}")
        if not result["times"]:
            print("  no time coordinate")
    if args.json:
        with open(args.json, "w") as file:
            json.dump(results, file, indent=1)
    return any(result["errors"] or result["times_not_decoded"] for result in results.values())


if __name__ == "__main__":
    sys.exit(main())
