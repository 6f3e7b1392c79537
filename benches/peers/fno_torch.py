"""Time of one FNO training step in PyTorch, the cases of operators/examples/fno/time.rs.

    python fno_torch.py result.json [--case 2d-64] [--program neuraloperator|einsum|compile] [--steps 24] [--threads 2] [--device cpu]

`neuraloperator` is the package's FNO with its block made the paper's (no channel layers, unless the
case has them), `einsum` a plain rfft2 + einsum network of the same shapes, `compile` the latter under
torch.compile (which on the CPU fails in the backward pass of complex numbers, PyTorch 2.15.0). All f32, AdamW, mean square loss. run.sh runs this with the stock allocator and with one that keeps
its memory.
"""

import argparse
import json
import resource
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

CASES = {
    # batch, sizes, modes as neuraloperator counts them, width, channel layers, batch size of 1-D fields
    "2d-64": (16, (64, 64), (12, 12), 32, False),
    "2d-64-full": (16, (64, 64), (24, 24), 32, False),
    "2d-64-mlp": (16, (64, 64), (12, 12), 32, True),
    "2d-64-wide": (16, (64, 64), (12, 12), 64, False),
    "2d-256": (2, (256, 256), (32, 32), 32, False),
    "2d-256-full": (2, (256, 256), (64, 64), 32, False),
    "2d-256-wide": (2, (256, 256), (32, 32), 64, False),
    "1d": (32, (1024,), (16,), 64, False),
}


class SpectralConv(nn.Module):
    """Complex weights on the kept modes; real and imaginary part in one real tensor."""

    def __init__(self, inputs, outputs, modes):
        super().__init__()
        kept = (*modes[:-1], modes[-1] // 2 + 1)
        self.modes = kept
        # As ours: the variance of white noise in the kept modes stays.
        self.weight = nn.Parameter(torch.randn(inputs, outputs, *kept, 2) * (0.5 / inputs) ** 0.5)

    def forward(self, x):
        dims = tuple(range(2, x.ndim))
        spectrum = torch.fft.rfftn(x, dim=dims, norm="forward")
        weight = torch.view_as_complex(self.weight)
        out = spectrum.new_zeros(x.shape[0], weight.shape[1], *spectrum.shape[2:])
        last = self.modes[-1]
        if len(dims) == 1:
            out[..., :last] = torch.einsum("bix,iox->box", spectrum[..., :last], weight)
        else:
            half = self.modes[0] // 2
            for rows, part in ((slice(0, half), weight[:, :, half:]), (slice(-half, None), weight[:, :, :half])):
                out[:, :, rows, :last] = torch.einsum("bixy,ioxy->boxy", spectrum[:, :, rows, :last], part)
        return torch.fft.irfftn(out, s=x.shape[2:], dim=dims, norm="forward")


class Fno(nn.Module):
    """The network of the paper: lifting of two layers, four layers, projection of two."""

    def __init__(self, modes, width, inputs=1):
        super().__init__()
        conv = nn.Conv1d if len(modes) == 1 else nn.Conv2d
        self.lift = nn.Sequential(conv(inputs + len(modes), 2 * width, 1), nn.GELU(), conv(2 * width, width, 1))
        self.spectral = nn.ModuleList(SpectralConv(width, width, modes) for _ in range(4))
        self.skip = nn.ModuleList(conv(width, width, 1) for _ in range(4))
        self.project = nn.Sequential(conv(width, 2 * width, 1), nn.GELU(), conv(2 * width, 1, 1))

    def forward(self, x):
        axes = [torch.linspace(0, 1, n + 1, device=x.device)[:-1] for n in x.shape[2:]]
        grid = torch.stack(torch.meshgrid(*axes, indexing="ij")).expand(x.shape[0], -1, *x.shape[2:])
        x = self.lift(torch.cat([x, grid], 1))
        for n, (spectral, skip) in enumerate(zip(self.spectral, self.skip)):
            x = spectral(x) + skip(x)
            if n < 3:
                x = F.gelu(x)
        return self.project(x)


def network(program, case):
    _, _, modes, width, mlp = CASES[case]
    if program == "neuraloperator":
        from neuralop.models import FNO

        return FNO(n_modes=modes, in_channels=1, out_channels=1, hidden_channels=width, use_channel_mlp=mlp)
    net = Fno(modes, width)
    return torch.compile(net) if program == "compile" else net


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("result")
    parser.add_argument("--case", default="2d-64", choices=CASES)
    parser.add_argument("--program", default="neuraloperator", choices=("neuraloperator", "einsum", "compile"))
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--tf32", action="store_true")
    parser.add_argument("--allocator", default="stock", help="what run.sh set, for the record")
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(args.threads)
    torch.backends.cuda.matmul.allow_tf32 = args.tf32
    torch.backends.cudnn.allow_tf32 = args.tf32
    batch, sizes, *_ = CASES[args.case]
    net = network(args.program, args.case).to(args.device)
    x, y = (torch.randn(batch, 1, *sizes, device=args.device) for _ in range(2))
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3)

    def sync():
        if args.device.startswith("cuda"):
            torch.cuda.synchronize()

    def step():
        optimiser.zero_grad()
        loss = F.mse_loss(net(x), y)
        loss.backward()
        optimiser.step()

    def clock(work, count):
        times = []
        for _ in range(count):
            sync()
            start = time.perf_counter()
            work()
            sync()
            times.append((time.perf_counter() - start) * 1e3)
        return times

    clock(step, max(3, args.steps // 4))
    used = resource.getrusage(resource.RUSAGE_SELF)
    times = clock(step, args.steps)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_utime - used.ru_utime
    with torch.no_grad():
        clock(lambda: net(x), 3)
        forward = clock(lambda: net(x), max(3, args.steps // 2))
    result = {
        "program": args.program,
        "case": args.case,
        "allocator": args.allocator,
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if args.device.startswith("cuda") else "cpu",
        "threads": args.threads,
        "parameters": sum(p.numel() * (2 if p.is_complex() else 1) for p in net.parameters()),
        "step_milliseconds": {"median": statistics.median(times), "least": min(times), "runs": len(times)},
        "step_cpu_milliseconds": used * 1e3 / len(times),
        "forward_milliseconds": {"median": statistics.median(forward), "least": min(forward)},
        "peak_memory_megabytes": torch.cuda.max_memory_allocated() / 1e6
        if args.device.startswith("cuda")
        else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }
    with open(args.result, "w") as out:
        json.dump(result, out, indent=1)
    print(
        f"{args.program:15}{args.case:12}{args.allocator:8} step {result['step_milliseconds']['median']:.1f} ms "
        f"(least {min(times):.1f}, cpu {result['step_cpu_milliseconds']:.1f}), forward {statistics.median(forward):.1f}, "
        f"peak {result['peak_memory_megabytes']:.0f} MB, {result['parameters']} parameters"
    )


if __name__ == "__main__":
    main()
