"""Training steps of a U-Net in PyTorch and of neuraloperator's UNO, the cases of the same names of operators/examples/fno/time.rs.

    python networks_torch.py result.json [--case unet-64] [--program plain|package] [--steps 24] [--threads 2]

`unet-64` is the network of operators/src/unet.rs layer by layer. `uno-64` has the channels, modes and scalings of our
default: `package` is neuraloperator's UNO as its documentation has it (channel layers in each block, no activation between blocks),
`plain` the same with the blocks made the paper's: no channel layers, GELU between. All f32, AdamW, mean square loss.
"""

import argparse
import contextlib
import io
import json
import resource
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F


class Level(nn.Sequential):
    """Two 3x3 convolutions, each with group norm of one group and GELU."""

    def __init__(self, inputs, outputs):
        layers = []
        for before in (inputs, outputs):
            layers += [
                nn.Conv2d(before, outputs, 3, padding=1),
                nn.GroupNorm(1, outputs),
                nn.GELU(),
            ]
        super().__init__(*layers)


class Unet(nn.Module):
    def __init__(self, hidden=32, levels=3, inputs=1, outputs=1):
        super().__init__()
        widths = [hidden << level for level in range(levels + 1)]
        self.encoder = nn.ModuleList(Level(i, o) for i, o in zip([inputs, *widths], widths))
        up = list(zip(widths[:0:-1], widths[-2::-1]))
        self.up = nn.ModuleList(nn.ConvTranspose2d(i, o, 2, stride=2) for i, o in up)
        self.decoder = nn.ModuleList(Level(i, o) for i, o in up)
        self.head = nn.Conv2d(hidden, outputs, 1)

    def forward(self, x):
        passed = []
        for number, level in enumerate(self.encoder):
            if number:
                passed.append(x)
                x = F.max_pool2d(x, 2)
            x = level(x)
        for up, level in zip(self.up, self.decoder):
            x = level(torch.cat([passed.pop(), up(x)], 1))
        return self.head(x)


class Activated(nn.Module):
    """A block of neuraloperator and GELU behind it."""

    def __init__(self, block):
        super().__init__()
        self.block = block

    def forward(self, x, output_shape=None):
        return F.gelu(self.block(x, output_shape=output_shape))


def uno(program):
    from neuralop.models import UNO

    modes = [[n, n] for n in (16, 8, 8, 8, 16)]
    scalings = [[s, s] for s in (1.0, 0.5, 1.0, 1.0, 2.0)]
    with contextlib.redirect_stdout(io.StringIO()):  # it prints while it is built
        net = UNO(
            in_channels=1,
            out_channels=1,
            hidden_channels=32,
            lifting_channels=64,
            projection_channels=64,
            n_layers=5,
            uno_out_channels=[32, 64, 64, 64, 32],
            uno_n_modes=modes,
            uno_scalings=scalings,
            channel_mlp_skip="linear",  # as in its documentation: its default wants the same channels everywhere
        )
    if program == "plain":
        for block in net.fno_blocks:
            block.use_channel_mlp = False
            block.channel_mlp = None
            block.channel_mlp_skips = None
        for n in range(4):
            net.fno_blocks[n] = Activated(net.fno_blocks[n])
    return net


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("result")
    parser.add_argument("--case", default="unet-64", choices=("unet-64", "uno-64"))
    parser.add_argument("--program", default="plain", choices=("plain", "package"))
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--allocator", default="stock", help="what run.sh set, for the record")
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    net = Unet() if args.case == "unet-64" else uno(args.program)
    x, y = (torch.randn(16, 1, 64, 64) for _ in range(2))
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3)

    def step():
        optimiser.zero_grad()
        F.mse_loss(net(x), y).backward()
        optimiser.step()

    def clock(work, count):
        times = []
        for _ in range(count):
            start = time.perf_counter()
            work()
            times.append((time.perf_counter() - start) * 1e3)
        return times

    clock(step, max(3, args.steps // 4))
    times = clock(step, args.steps)
    with torch.no_grad():
        clock(lambda: net(x), 3)
        forward = clock(lambda: net(x), max(3, args.steps // 2))
    result = {
        "program": args.program,
        "case": args.case,
        "allocator": args.allocator,
        "torch": torch.__version__,
        "threads": args.threads,
        "parameters": sum(p.numel() * (2 if p.is_complex() else 1) for p in net.parameters()),
        "step_milliseconds": {"median": statistics.median(times), "least": min(times), "runs": len(times)},
        "forward_milliseconds": {"median": statistics.median(forward), "least": min(forward)},
        "peak_memory_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }
    with open(args.result, "w") as out:
        json.dump(result, out, indent=1)
    print(
        f"{args.case:10}{args.program:8} step {result['step_milliseconds']['median']:.1f} ms (least {min(times):.1f}), "
        f"forward {statistics.median(forward):.1f}, peak {result['peak_memory_megabytes']:.0f} MB, "
        f"{result['parameters']} parameters"
    )


if __name__ == "__main__":
    main()
