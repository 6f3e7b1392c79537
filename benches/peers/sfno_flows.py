"""Makes the random flows of neuraloperator's SFNO example once, with its own data class, and stores them.

    python sfno_flows.py flows.h5 [flows.safetensors]

The second file holds the same arrays under the names of the datasets, for readers without HDF5. When the
first file exists it is only converted.

200 training flows at 32x64 and 50 test flows at each of 32x64 and 64x128, one hour apart. The example
draws new flows at every access; here they are drawn once so that two programs train on the same ones.

Layout: one group per set (train_32, test_32, test_64) with

    x, y            [sample, field, latitude, longitude], f32, physical units: geopotential (m2 s-2),
                    vorticity and divergence (s-1), now and one hour later
    mean, variance  [field], the package's own normalisation of that set

The package normalises every set by the mean and variance of one random flow of its own, so that the same
physical flow looks different to the network in training and in the tests. Programs that are compared here
use the normalisation of `train_32` everywhere; it is repeated at the root as `mean` and `variance`.
The attribute `latitudes` holds degrees north: the package stores the flows north to south.
"""

import json
import os
import struct
import sys

import h5py
import numpy as np
import torch

SETS = [
    # name, (nlat, nlon), flows, seed
    ("train_32", (32, 64), 200, 1),
    ("test_32", (32, 64), 50, 2),
    ("test_64", (64, 128), 50, 3),
]


def draw(dims, count, seed):
    """Flows in physical units, and the set's own mean and variance."""
    from neuralop.data.datasets.spherical_swe import SphericalSWEDataset

    torch.manual_seed(seed)
    flows = SphericalSWEDataset(dims=dims, num_examples=count)
    mean, variance = flows.inp_mean, flows.inp_var
    flows.normalize = False
    pairs = [flows[i] for i in range(count)]
    x = np.stack([pair["x"].numpy() for pair in pairs])
    y = np.stack([pair["y"].numpy() for pair in pairs])
    latitudes = np.degrees(flows.solver.lats.numpy().ravel())
    return x, y, mean.numpy().ravel(), variance.numpy().ravel(), latitudes


def summed_relative_error(p, y):
    """The example's loss: relative L2 of each field over the grid points, summed over the fields, mean over the flows."""
    norm = lambda a: np.linalg.norm(a.reshape(*a.shape[:2], -1), axis=-1)
    return (norm(p - y) / norm(y)).sum(1).mean()


def convert(source, path):
    """Writes every dataset of an HDF5 file to a safetensors file."""
    arrays = {}
    with h5py.File(source) as file:
        file.visititems(lambda name, item: arrays.update({name: item[:]}) if isinstance(item, h5py.Dataset) else None)
    write_safetensors(path, arrays)


def write_safetensors(path, arrays):
    """Named arrays as f32: header length, JSON header, values."""
    arrays = {name: np.ascontiguousarray(array, "<f4") for name, array in arrays.items()}
    header, offset = {}, 0
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            out.write(array.tobytes())


def make(path):
    with h5py.File(path, "w") as file:
        for name, dims, count, seed in SETS:
            x, y, mean, variance, latitudes = draw(dims, count, seed)
            group = file.create_group(name)
            group["x"], group["y"] = x, y
            group["mean"], group["variance"] = mean, variance
            group.attrs["grid"] = "equiangular, both poles"
            group.attrs["latitudes"] = latitudes
            if name == "train_32":
                file["mean"], file["variance"] = mean, variance
                root = mean[:, None, None], np.sqrt(variance)[:, None, None]
            fit = lambda a: (a - root[0]) / root[1]
            print(f"{name}: {x.shape}, latitudes {latitudes[0]:.1f} to {latitudes[-1]:.1f}, "
                  f"persistence (summed relative error) {summed_relative_error(fit(x), fit(y)):.4f}", flush=True)


def main(path, converted=None):
    if converted is None or not os.path.exists(path):
        make(path)
    if converted is not None:
        convert(path, converted)


if __name__ == "__main__":
    main(*sys.argv[1:])
