"""Training steps of a U-Net, a U-NO and a DeepONet in PyTorch, the cases of the same names of operators/examples/fno/time.rs.

    python networks_torch.py result.json [--case unet-64] [--program plain|package|compile] [--steps 24] [--threads 2]

`plain` are the networks of operators/src/{unet,uno,deeponet}.rs layer by layer, with as many parameters; `compile` the same under
torch.compile. `package` is neuraloperator's UNO as its documentation has it, with the channels, modes and scalings of ours (channel
layers in each block, no activation between blocks). All f32, AdamW, mean square loss.
"""

import argparse
import contextlib
import io
import json
import resource
import statistics
import time

import torch
from fno_torch import SpectralConv
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


def coordinates(x):
    """0..1 along both axes, `[2, H, W]`."""
    axes = [torch.linspace(0, 1, n + 1)[:-1] for n in x.shape[2:]]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"))


def resample(x, sizes):
    """Fourier interpolation of periodic fields: the modes below half the points of the coarser grid."""
    if tuple(x.shape[2:]) == tuple(sizes):
        return x
    rows, columns = ((min(n, m) - 1) // 2 for n, m in zip(x.shape[2:], sizes))
    spectrum = torch.fft.rfft2(x, norm="forward")
    out = spectrum.new_zeros(*x.shape[:2], sizes[0], sizes[1] // 2 + 1)
    out[:, :, : rows + 1, : columns + 1] = spectrum[:, :, : rows + 1, : columns + 1]
    out[:, :, -rows:, : columns + 1] = spectrum[:, :, -rows:, : columns + 1]
    return torch.fft.irfft2(out, s=sizes, norm="forward")


class Uno(nn.Module):
    """Fourier layers on grids of their own; the last sees the output of the first, the last but one that of the second."""

    channels = (32, 64, 64, 64, 32)
    modes = (16, 8, 8, 8, 16)
    shares = (1.0, 0.5, 0.5, 0.5, 1.0)

    def __init__(self, hidden=32, inputs=1, outputs=1):
        super().__init__()
        self.lift = nn.Sequential(nn.Conv2d(inputs + 2, 2 * hidden, 1), nn.GELU(), nn.Conv2d(2 * hidden, hidden, 1))
        self.spectral, self.skip = nn.ModuleList(), nn.ModuleList()
        before = hidden
        for n, (channels, modes) in enumerate(zip(self.channels, self.modes)):
            partner = self.partner(n)
            seen = before + (0 if partner is None else self.channels[partner])
            self.spectral.append(SpectralConv(seen, channels, (modes, modes)))
            self.skip.append(nn.Conv2d(seen, channels, 1))
            before = channels
        self.project = nn.Sequential(nn.Conv2d(before, 2 * hidden, 1), nn.GELU(), nn.Conv2d(2 * hidden, outputs, 1))

    def partner(self, n):
        partner = len(self.channels) - 1 - n
        return partner if partner + 1 < n else None

    def forward(self, x):
        whole = x.shape[2:]
        v = self.lift(torch.cat([x, coordinates(x).expand(x.shape[0], -1, -1, -1)], 1))
        outputs = []
        for n, (spectral, skip) in enumerate(zip(self.spectral, self.skip)):
            sizes = [round(points * self.shares[n]) for points in whole]
            seen = [v] if self.partner(n) is None else [v, outputs[self.partner(n)]]
            if n:
                seen = [F.gelu(part) for part in seen]
            seen = [resample(part, sizes) for part in seen]
            seen = seen[0] if len(seen) == 1 else torch.cat(seen, 1)
            v = spectral(seen) + skip(seen)
            outputs.append(v)
        return self.project(v)


class DeepOnet(nn.Module):
    """A sum of products of a network of the input at 32 x 32 sensors and one of the place."""

    def __init__(self, sensors=32, basis=128, branch=(256, 256), trunk=(128, 128, 128)):
        super().__init__()
        self.sensors = sensors
        self.branch = self.perceptron([sensors * sensors, *branch], nn.Linear(branch[-1], basis, bias=False))
        self.trunk = self.perceptron([2, *trunk], nn.Linear(trunk[-1], basis))
        self.bias = nn.Parameter(torch.zeros(1))

    @staticmethod
    def perceptron(widths, last):
        hidden = [layer for i, o in zip(widths, widths[1:]) for layer in (nn.Linear(i, o), nn.GELU())]
        return nn.Sequential(*hidden, last)

    def forward(self, x):
        # The sensors are points of the grid, as many times finer as it is.
        sensed = x[:, :, :: x.shape[2] // self.sensors, :: x.shape[3] // self.sensors].flatten(1)
        basis = F.gelu(self.trunk(coordinates(x).flatten(1).T))
        return (self.branch(sensed) @ basis.T + self.bias).view(x.shape)


def package_uno():
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
    return net


NETWORKS = {"unet-64": Unet, "uno-64": Uno, "deeponet-64": DeepOnet}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("result")
    parser.add_argument("--case", default="unet-64", choices=tuple(NETWORKS))
    parser.add_argument("--program", default="plain", choices=("plain", "package", "compile"))
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--allocator", default="stock", help="what run.sh set, for the record")
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    if args.program == "package":
        if args.case != "uno-64":
            parser.error("of these networks, the package has the UNO")
        net = package_uno()
    else:
        net = NETWORKS[args.case]()
    if args.program == "compile":
        net = torch.compile(net)
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
