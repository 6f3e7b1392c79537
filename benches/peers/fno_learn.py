"""Training an FNO to a given error in PyTorch, as `fno learn` of operators/examples/fno/learn.rs does it.

    python fno_learn.py pairs.safetensors result.json [--program neuraloperator|einsum|compile] [--epochs 20] [--seed 0] [--threads 2]

The programs are those of fno_torch.py, 12 modes and width 32. Same pairs, batches of 16, relative L2 as loss, AdamW with decay of
matrices alone, warm-up and cosine; shuffles and initial weights are each program's own. The clock stands still while the test error
is taken.
"""

import argparse
import json
import math
import time

import numpy as np
import torch
from fno_torch import network

BATCH = 16
# The defaults of TrainingConfig.
RATE, WARM_UP, FINAL, DECAY = 2e-3, 0.05, 0.01, 1e-4


def read(path):
    """The f32 tensors of a safetensors file."""
    data = open(path, "rb").read()
    length = int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            values = np.frombuffer(data[8 + length + start : 8 + length + end], "<f4").reshape(entry["shape"])
            tensors[name] = torch.from_numpy(values.copy())
    return tensors


def rate_at(step, steps):
    warm_up = math.ceil(WARM_UP * steps)
    if step < warm_up:
        return RATE * (step + 1) / warm_up
    cosine = 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(steps - warm_up, 1)))
    return RATE * (FINAL + (1 - FINAL) * cosine)


def relative(p, y):
    norm = lambda a: torch.linalg.vector_norm(a.flatten(1), dim=1)
    return norm(p - y) / norm(y)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pairs")
    parser.add_argument("result")
    parser.add_argument("--program", default="neuraloperator", choices=("neuraloperator", "einsum", "compile"))
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--allocator", default="stock", help="what run.sh set, for the record")
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    data = read(args.pairs)
    x, y = data["train/x"], data["train/y"]
    (x_mean, x_std), (y_mean, y_std) = ((t.mean(), t.std()) for t in (x, y))
    net = network(args.program, "2d-64")
    apply = lambda x: net((x - x_mean) / x_std) * y_std + y_mean
    matrices = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=RATE)
    steps = args.epochs * math.ceil(len(x) / BATCH)
    step, seconds, cpu, epochs = 0, 0.0, 0.0, []
    for epoch in range(args.epochs):
        begin, cpu_begin = time.perf_counter(), time.process_time()
        for indices in torch.randperm(len(x)).split(BATCH):
            for group in optimiser.param_groups:
                group["lr"] = rate_at(step, steps)
            optimiser.zero_grad()
            relative(apply(x[indices]), y[indices]).mean().backward()
            optimiser.step()
            step += 1
        seconds += time.perf_counter() - begin
        cpu += time.process_time() - cpu_begin
        with torch.no_grad():
            pieces = zip(data["test/x"].split(BATCH), data["test/y"].split(BATCH))
            error = torch.cat([relative(apply(a), b) for a, b in pieces]).mean().item()
        epochs.append({"seconds": seconds, "cpu_seconds": cpu, "test_error": error})
        print(f"epoch {epoch + 1:3} {seconds:8.2f} s, cpu {cpu:8.2f} s, test error {error:.5f}", flush=True)
    with open(args.result, "w") as out:
        json.dump({**vars(args), "torch": torch.__version__, "epochs": epochs}, out, indent=1)


if __name__ == "__main__":
    main()
