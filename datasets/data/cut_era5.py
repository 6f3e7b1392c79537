"""Cuts the two shipped ERA5 files from their sources; see README.md beside it.

    python cut_era5.py ERA5_TL31.nc ERA5_MEMBERS.nc
"""

import sys

import numpy as np
import xarray as xr

CREDIT = "Contains modified Copernicus Climate Change Service information"
LEVELS = [200, 225, 250, 300, 350, 400, 450, 500, 550, 600, 650, 700, 750, 775, 800, 825, 850]


def coordinates(ds):
    """CF attributes, and no fill value on coordinates."""
    named = {
        "latitude": ("latitude", "degrees_north", "Y"),
        "longitude": ("longitude", "degrees_east", "X"),
        "level": ("air_pressure", "hPa", "Z"),
    }
    for name, (standard_name, units, axis) in named.items():
        if name in ds.coords:
            ds[name].attrs = dict(standard_name=standard_name, long_name=name, units=units, axis=axis)
            ds[name].encoding = {"_FillValue": None, "dtype": "f8"}
    if "level" in ds.coords:
        ds["level"].attrs["positive"] = "down"
    ds["time"].attrs = dict(standard_name="time", long_name="time", axis="T", units_metadata="leap_seconds: unknown")
    ds["time"].encoding = {
        "units": "hours since 1900-01-01 00:00:00",
        "calendar": "standard",
        "dtype": "f8",
        "_FillValue": None,
    }
    return ds


def save(ds, path):
    """Float32 as in the source, one chunk per field."""
    encoding = {}
    for name, variable in ds.data_vars.items():
        chunk = [1] * (variable.ndim - 2) + list(variable.shape[-2:])
        variable.encoding = {}
        encoding[name] = dict(dtype="f4", zlib=True, complevel=9, shuffle=True, chunksizes=chunk, _FillValue=None)
    ds.to_netcdf(path, format="NETCDF4", engine="netcdf4", encoding=encoding)


def analysis(source):
    names = {
        "u_component_of_wind": ("u", "eastward_wind", "eastward component of the wind", "m s-1"),
        "v_component_of_wind": ("v", "northward_wind", "northward component of the wind", "m s-1"),
        "geopotential": ("z", "geopotential", "geopotential", "m2 s-2"),
    }
    raw = xr.open_dataset(source)
    ds = raw[list(names)].sel(level=LEVELS).transpose("level", "latitude", "longitude")
    ds = ds.sortby("latitude", ascending=False).expand_dims("time")
    for old, (new, standard_name, long_name, units) in names.items():
        ds = ds.rename({old: new})
        ds[new].attrs = dict(standard_name=standard_name, long_name=long_name, units=units)
    ds.attrs = dict(
        Conventions="CF-1.11",
        title="ERA5 analysis of 1959-01-02 00 UTC, wind and geopotential, 200 to 850 hPa, TL31 Gaussian grid",
        institution="European Centre for Medium-Range Weather Forecasts",
        source="ERA5 reanalysis, as regridded to 64 x 32 in the test data of the neuralgcm repository (Apache-2.0)",
        history="levels and variables selected, latitudes reversed, attributes made CF by cut_era5.py",
        references="https://doi.org/10.24381/cds.bd0915c6 https://github.com/neuralgcm/neuralgcm",
        license="Apache-2.0",
        comment=CREDIT,
    )
    save(coordinates(ds), "era5_500hpa_19590102T00.nc")


def members(source):
    raw = xr.open_dataset(source, decode_timedelta=False)
    z = raw["z"].sel(isobaricInhPa=500).transpose("time", "number", "latitude", "longitude")
    ds = z.drop_vars(["step", "valid_time", "isobaricInhPa"]).to_dataset(name="z").rename(number="realization")
    ds["z"].attrs = dict(standard_name="geopotential", long_name="geopotential at 500 hPa", units="m2 s-2")
    ds["realization"].attrs = dict(standard_name="realization", long_name="ensemble member", units="1")
    ds["realization"].encoding = {"_FillValue": None, "dtype": "i4"}
    ds = ds.assign_coords(level=xr.Variable((), 500.0))
    ds.attrs = dict(
        Conventions="CF-1.11",
        title="ERA5 ensemble of data assimilations, geopotential at 500 hPa, 10 members, 2017-01-01 00 to 2017-01-02 12 UTC",
        institution="European Centre for Medium-Range Weather Forecasts",
        source="ERA5 reanalysis, sample data of cfgrib (Apache-2.0)",
        history="level and variable selected, dimensions reordered, attributes made CF by cut_era5.py",
        references="https://doi.org/10.24381/cds.bd0915c6 https://github.com/ecmwf/cfgrib",
        license="Apache-2.0",
        comment=CREDIT,
    )
    save(coordinates(ds), "era5_members_2017_z500.nc")


def check(source_analysis, source_members):
    """Every value equal to the source, bit by bit."""
    a, b = xr.open_dataset("era5_500hpa_19590102T00.nc"), xr.open_dataset(source_analysis)
    for new, old in [("u", "u_component_of_wind"), ("v", "v_component_of_wind"), ("z", "geopotential")]:
        theirs = b[old].sel(level=LEVELS).transpose("level", "latitude", "longitude").values[:, ::-1]
        assert np.array_equal(a[new].values[0].view("u4"), np.ascontiguousarray(theirs).view("u4")), new
    assert np.array_equal(a.latitude, b.latitude[::-1]) and np.array_equal(a.longitude, b.longitude)
    assert a.time.values[0] == b.time.values
    a, b = xr.open_dataset("era5_members_2017_z500.nc"), xr.open_dataset(source_members, decode_timedelta=False)
    theirs = b.z.sel(isobaricInhPa=500).transpose("time", "number", "latitude", "longitude").values
    assert np.array_equal(a.z.values.view("u4"), np.ascontiguousarray(theirs).view("u4"))
    assert np.array_equal(a.time, b.time) and np.array_equal(a.latitude, b.latitude)
    print("both files equal their sources bit by bit")


if __name__ == "__main__":
    analysis(sys.argv[1])
    members(sys.argv[2])
    check(sys.argv[1], sys.argv[2])
