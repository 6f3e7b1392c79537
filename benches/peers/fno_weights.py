"""Writes neuraloperator FNOs with an input and their output, as the test of imported weights reads them.

    python fno_weights.py FOLDER

One file for each case: the state dict (complex weights as they are), `input` and `output`; two of the state dicts
also as PyTorch saves them, with the package's notes on the model. All but the last size
are even: neuraloperator 2.0.0 undoes its shift of the spectrum with the same shift, which for odd sizes leaves every
mode one place off.
"""

import sys

import torch
from neuralop.models import FNO, TFNO
from safetensors.torch import save_file

CASES = {
    # the package's defaults: channel layers with gates
    "fno_2d": (FNO, dict(n_modes=(6, 4), in_channels=2, out_channels=1, hidden_channels=4, n_layers=3), (10, 9)),
    "fno_1d_plain": (
        FNO,
        dict(n_modes=(5,), in_channels=1, out_channels=2, hidden_channels=3, n_layers=2, use_channel_mlp=False),
        (12,),
    ),
    "fno_3d": (FNO, dict(n_modes=(3, 4, 4), in_channels=1, out_channels=1, hidden_channels=2, n_layers=2), (4, 6, 7)),
    # weights in factors
    "tfno_2d": (
        TFNO,
        dict(n_modes=(6, 4), in_channels=2, out_channels=1, hidden_channels=6, n_layers=2, rank=0.3),
        (10, 9),
    ),
    "tfno_3d": (
        TFNO,
        dict(n_modes=(4, 2, 4), in_channels=1, out_channels=1, hidden_channels=3, n_layers=2, rank=0.6),
        (6, 4, 7),
    ),
    "fno_1d_cp": (
        FNO,
        dict(
            n_modes=(8,), in_channels=1, out_channels=1, hidden_channels=4, n_layers=2, factorization="CP", rank=0.7
        ),
        (15,),
    ),
}


def main():
    folder = sys.argv[1]
    for name, (model, arguments, sizes) in CASES.items():
        torch.manual_seed(3)
        net = model(**arguments)
        with torch.no_grad():
            # Fresh biases and gates are 0 and 1: give everything a value that shows.
            for parameter in net.parameters():
                parameter += 0.3 * torch.randn_like(parameter)
            x = torch.randn(2, arguments["in_channels"], *sizes)
            y = net(x)
        tensors = {k: v.contiguous() for k, v in net.state_dict().items() if torch.is_tensor(v)}
        save_file({**tensors, "input": x, "output": y}, f"{folder}/{name}.safetensors")
        if name.endswith("_2d"):
            torch.save(net.state_dict(), f"{folder}/{name}.pt")
        print(name, tuple(y.shape), float(y.abs().max()))


if __name__ == "__main__":
    main()
