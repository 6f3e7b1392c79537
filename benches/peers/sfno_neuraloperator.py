"""Trains neuraloperator's SFNO as its documentation does, on stored flows (see sfno_flows.py).

    python sfno_neuraloperator.py flows.h5 result.json [--epochs 20] [--threads 2] [--seed 0]

Model, optimiser, schedule, loss and batch size are those of the package's example
(plot_SFNO_swe: 275 k real parameters, AdamW 8e-4, cosine over 30 epochs, batch 4).
Two errors are written for each test set, both the example's own figure (relative L2 over the grid points
of each field, summed over the three fields, mean over the flows):
`error_*` with the normalisation of the training set, the figure to compare; `error_*_own_normalisation`
with each set normalised by itself, as the package's loader has it.
"""

import argparse
import json
import time

import h5py
import torch
from neuralop import LpLoss
from neuralop.models import SFNO
from neuralop.training import AdamW


def load(file, name, normalisation=None):
    """Input and target of a set, normalised by (mean, variance) of `normalisation`, a group of the file."""
    source = file if normalisation is None else file[normalisation]
    mean, deviation = (torch.tensor(source[key][:]).reshape(-1, 1, 1) for key in ("mean", "variance"))
    deviation = deviation.sqrt()
    return tuple((torch.tensor(file[name][key][:]) - mean) / deviation for key in ("x", "y"))


def evaluate(model, loss, x, y):
    model.eval()
    with torch.no_grad():
        return sum(loss(model(x[i : i + 10]), y[i : i + 10]).item() for i in range(0, len(x), 10)) / len(x)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("flows")
    parser.add_argument("result")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    with h5py.File(args.flows) as file:
        x, y = load(file, "train_32")
        tests = {
            "error_32x64": load(file, "test_32"),
            "error_64x128": load(file, "test_64"),
            "error_32x64_own_normalisation": load(file, "test_32", "test_32"),
            "error_64x128_own_normalisation": load(file, "test_64", "test_64"),
        }
    model = SFNO(n_modes=(32, 32), in_channels=3, out_channels=3, hidden_channels=32,
                 projection_channel_ratio=2, factorization="dense")
    optimizer = AdamW(model.parameters(), lr=8e-4, weight_decay=0.0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30)
    loss = LpLoss(d=2, p=2, reduction="sum")
    persistence = {name: loss(*pair).item() / len(pair[0]) for name, pair in tests.items()}
    seconds, steps = 0.0, []
    for epoch in range(args.epochs):
        model.train()
        start = time.perf_counter()
        total = 0.0
        for batch in torch.randperm(len(x)).split(4):
            tick = time.perf_counter()
            optimizer.zero_grad()
            value = loss(model(x[batch]), y[batch])
            value.backward()
            optimizer.step()
            steps.append(time.perf_counter() - tick)
            total += value.item()
        scheduler.step()
        seconds += time.perf_counter() - start
        print(f"epoch {epoch} {seconds:.1f} s, training loss {total / len(x):.4f}", flush=True)
    result = {
        "program": "neuraloperator SFNO, as documented",
        "parameters": sum(p.numel() * (2 if p.is_complex() else 1) for p in model.parameters()),
        "threads": args.threads,
        "epochs": args.epochs,
        "seed": args.seed,
        "training_seconds": seconds,
        "median_step_milliseconds": sorted(steps)[len(steps) // 2] * 1e3,
        **{name: evaluate(model, loss, *pair) for name, pair in tests.items()},
        "persistence": persistence,
    }
    with open(args.result, "w") as out:
        json.dump(result, out, indent=1)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
