"""Pairs of states of a store that `curlwind generate` made, one interval apart, for training here and elsewhere.

    python fno_pairs.py STORE pairs.safetensors [--test 15]

STORE is the folder with `store.json`; its last trajectories are the test. Writes `train/x`, `train/y`, `test/x` and `test/y`,
`[S, C, H, W]`.
"""

import argparse
import pathlib

import h5py
import numpy as np
from sfno_flows import write_safetensors


def pairs(files):
    x, y = [], []
    for name in files:
        with h5py.File(name) as file:
            states = file["states"][:]
        x.append(states[:-1])
        y.append(states[1:])
    return np.concatenate(x), np.concatenate(y)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("store", type=pathlib.Path)
    parser.add_argument("pairs")
    parser.add_argument("--test", type=int, default=15, help="trajectories kept for the test")
    args = parser.parse_args()
    files = sorted(args.store.glob("*.h5"))
    if len(files) <= args.test:
        raise SystemExit(f"{args.store}: expected more than {args.test} trajectories, found {len(files)}")
    arrays = {}
    for name, part in (("train", files[: -args.test]), ("test", files[-args.test :])):
        arrays[f"{name}/x"], arrays[f"{name}/y"] = pairs(part)
        print(f"{name}: {arrays[f'{name}/x'].shape}")
    write_safetensors(args.pairs, arrays)


if __name__ == "__main__":
    main()
