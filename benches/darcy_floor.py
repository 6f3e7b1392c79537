"""The smallest error that any surrogate of the small Darcy set can have, from what its kept points leave open.

    python darcy_floor.py [--points 16|32] [--media 50] [--samples 16] [--subdivisions N] [--seed 0]

Needs numpy, scipy and h5py. The defaults take one to two minutes on one core, `--points 32` some five times as long.

The set holds -div(a grad p) = 50 on the unit square, p = 0 on the walls, a = 1 or 18, solved on a grid of 1024 of
which every 64th (or 32nd) point was kept, of the medium as of the pressure. The pressure depends on the whole medium,
so the kept points do not determine it, and any function of them, trained on whatever data, is wrong by some amount on
media it has not seen. Here that amount is estimated, as a mean relative L2 error over the test media:

* Media are drawn as the task does it (Li et al. 2021), by the sign of a Gaussian random field. The set does not come
  with the covariance of that field; (-laplacian + 100)^-3 with Neumann walls and without the constant fits the
  statistics of its media. The figures hold for this covariance.
* For every test medium, fields are drawn that have its classes at the kept points: the values there by exact
  Hamiltonian Monte Carlo (Pakman and Paninski 2014), one chain for each sample, the values between them by
  conditioning the Gaussian on those. `--subdivisions` is the number of cells from one kept point to the next.
* Each drawn medium is solved by finite volumes, with interfaces where the field is zero. The mean of these pressures
  is the best answer in mean square, and very nearly the best in mean relative error.

Three figures are printed, mean +- standard error over the media:

* solver check: every cell given the class of the nearest kept point, against the stored pressure. No sampling in it.
* expected error: each sampled pressure against the mean of the others; needs no stored pressure.
* actual error: the mean of all samples against the stored pressure. It agrees with the expected error if covariance
  and solver are right. A mean of few samples has noise of its own; the last two without it follow in brackets.

Z. Li et al., Fourier Neural Operator for Parametric Partial Differential Equations, ICLR 2021.
A. Pakman and L. Paninski, Exact Hamiltonian Monte Carlo for Truncated Multivariate Gaussians,
J. Comput. Graph. Stat. 23, 2014.
"""

import argparse
import os
import time

for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import h5py
import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpbsv

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "datasets", "data", "darcy_small.h5")
SOURCE, COEFFICIENTS = 50.0, (1.0, 18.0)  # right-hand side; coefficient of class 0 and 1
OFFSET = 1 / 1024  # node i of n lies at OFFSET + i / n
SHIFT, POWER = 100.0, 3.0  # covariance (-laplacian + SHIFT)^-POWER
CHAIN_STEPS = 15  # of a quarter period; the chains forget their start within a few


def solve(field):
    """Pressure for the medium of class 1 where `field` is positive, at the n x n nodes of the field.

    Between two nodes of different class the interface lies where the field, taken as linear, is zero, and the
    conductance is that of the two parts in series.
    """
    nodes = len(field)
    spacing = 1 / nodes
    coefficient = np.where(field > 0, COEFFICIENTS[1], COEFFICIENTS[0])
    to_first_wall, to_last_wall = OFFSET, spacing - OFFSET
    width = np.full(nodes, spacing)
    width[0], width[-1] = to_first_wall + spacing / 2, to_last_wall + spacing / 2

    def between(field_before, field_after, before, after):
        same = before == after
        part = np.where(same, 0.5, field_before / np.where(same, 1.0, field_before - field_after))
        return 1 / (part / before + (1 - part) / after)

    across = between(field[:, :-1], field[:, 1:], coefficient[:, :-1], coefficient[:, 1:]) * width[:, None] / spacing
    down = between(field[:-1], field[1:], coefficient[:-1], coefficient[1:]) * width[None, :] / spacing
    diagonal = np.zeros((nodes, nodes))
    diagonal[:, 1:] += across
    diagonal[:, :-1] += across
    diagonal[1:] += down
    diagonal[:-1] += down
    diagonal[:, 0] += coefficient[:, 0] * width / to_first_wall
    diagonal[:, -1] += coefficient[:, -1] * width / to_last_wall
    diagonal[0] += coefficient[0] * width / to_first_wall
    diagonal[-1] += coefficient[-1] * width / to_last_wall

    band = np.zeros((nodes + 1, nodes * nodes), order="F")  # lower band of a symmetric matrix, as LAPACK stores it
    next_across = np.zeros((nodes, nodes))
    next_across[:, :-1] = -across
    band[0], band[1], band[nodes, :-nodes] = diagonal.ravel(), next_across.ravel(), -down.ravel()
    right_side = SOURCE * np.outer(width, width).reshape(-1, 1)
    _, pressure, status = dpbsv(band, right_side, lower=1, overwrite_ab=1)
    assert status == 0, status
    return pressure.reshape(nodes, nodes)


class Prior:
    """The Gaussian field on a fine grid, of which every `subdivisions`-th node is kept, `points` along a side."""

    def __init__(self, points, subdivisions):
        self.subdivisions = subdivisions
        nodes = points * subdivisions
        order = np.arange(2 * nodes)
        place = OFFSET + np.arange(nodes) / nodes
        self.modes = np.cos(np.pi * order[:, None] * place) * np.where(order == 0, 1, np.sqrt(2))[:, None]
        self.variance = (np.pi**2 * (order[:, None] ** 2 + order**2) + SHIFT) ** -POWER
        self.variance[0, 0] = 0
        self.variance /= self.variance.sum()
        # fine node (y, x), kept (y', x'): sum of variance[k, l] modes[k, y] modes[k, y'] modes[l, x] modes[l, x']
        products = (self.modes[:, :, None] * self.modes[:, None, ::subdivisions]).reshape(len(order), nodes * points)
        covariance = (products.T @ self.variance @ products).reshape(nodes, points, nodes, points).swapaxes(1, 2)
        kept = covariance[::subdivisions, ::subdivisions].reshape(points**2, points**2)
        self.fine_kept = covariance.reshape(nodes**2, points**2)
        self.kept = (kept + kept.T) / 2
        self.factor = np.tril(cho_factor(self.kept + 1e-13 * np.eye(points**2), lower=True)[0])

    def draw(self, random):
        """A field on the fine grid."""
        amplitudes = np.sqrt(self.variance) * random.standard_normal(self.variance.shape)
        return self.modes.T @ amplitudes @ self.modes

    def draw_through(self, values, random):
        """A field on the fine grid, given its values at the kept nodes."""
        field = self.draw(random)
        difference = values - field[:: self.subdivisions, :: self.subdivisions].ravel()
        return field + (self.fine_kept @ cho_solve((self.factor, True), difference)).reshape(field.shape)


def step_chains(values, signs, prior, random):
    """One step of exact Hamiltonian Monte Carlo: values [chain, kept node] of the Gaussian, given their signs.

    Without walls every value moves as values cos(t) + speeds sin(t). A value that arrives at zero is sent back: the
    velocity is reflected, in the metric of the covariance. A step lasts a quarter period.
    """
    speeds = (prior.factor @ random.standard_normal(values.T.shape)).T * signs
    values = values * signs  # now all positive; `signs` is put back at the end
    left = np.full(len(values), np.pi / 2)
    while (left > 0).any():
        moving = np.flatnonzero(left > 0)
        value, speed = values[moving], speeds[moving]
        arrival = np.pi / 2 + np.arctan2(speed, value)  # first time at zero
        first = arrival.argmin(1)
        until = np.maximum(arrival[np.arange(len(moving)), first], 0)
        bounces = until < left[moving]
        span = np.where(bounces, until, left[moving])
        cosine, sine = np.cos(span)[:, None], np.sin(span)[:, None]
        values[moving], speeds[moving] = value * cosine + speed * sine, speed * cosine - value * sine
        left[moving] = np.where(bounces, left[moving] - span, 0)

        chain, node = moving[bounces], first[bounces]
        impulse = 2 * np.minimum(speeds[chain, node], 0) / prior.kept[node, node]
        direction = prior.kept[node] * signs[chain] * signs[chain, node][:, None]
        speeds[chain] -= impulse[:, None] * direction
        values[chain, node] = 0
    return np.maximum(values, 0) * signs


def sample(classes, prior, count, random):
    """Pressures [sample, y, x] at the kept nodes, of media that have these classes there."""
    signs = np.tile(np.where(classes.ravel() > 0, 1.0, -1.0), (count, 1))
    values = signs * 0.3
    for _ in range(CHAIN_STEPS):
        values = step_chains(values, signs, prior, random)
    step = prior.subdivisions
    fields = [prior.draw_through(value, random) for value in values]
    assert all(((field[::step, ::step] > 0) == (classes > 0)).all() for field in fields)
    return np.array([solve(field)[::step, ::step] for field in fields])


def nearest(classes, subdivisions):
    """A field of the class of the nearest kept node, 1 or -1."""
    fine = np.arange(len(classes) * subdivisions)
    index = np.minimum((fine + subdivisions // 2) // subdivisions, len(classes) - 1)
    return np.where(classes[np.ix_(index, index)] > 0, 1.0, -1.0)


def relative_error(answer, truth):
    return np.sqrt(((answer - truth) ** 2).sum((-1, -2)) / (truth**2).sum((-1, -2)))


def with_error(values):
    return f"{np.mean(values):.4f} +- {np.std(values, ddof=1) / np.sqrt(len(values)):.4f}"


def main():
    parser = argparse.ArgumentParser(description="Smallest error of any surrogate of the small Darcy set.")
    parser.add_argument("--points", type=int, choices=(16, 32), default=16, help="kept points along a side")
    parser.add_argument("--media", type=int, default=50, help="test media, 2 to 50, from the first on")
    parser.add_argument("--samples", type=int, default=16, help="for each medium, 2 or more")
    parser.add_argument("--subdivisions", type=int, help="cells from kept point to kept point (default: 128 / points)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    subdivisions = options.subdivisions or 128 // options.points
    if not 2 <= options.media <= 50 or options.samples < 2 or subdivisions < 1:
        parser.error("2 to 50 media, at least 2 samples and 1 subdivision")
    start = time.time()
    with h5py.File(DATA) as file:
        group = file[f"test_{options.points}"]
        media, stored = group["x"][: options.media], group["y"][: options.media].astype(float)
    step, count = subdivisions, options.samples
    random = np.random.default_rng(options.seed)
    print(f"{options.media} media, {options.points} points, {step} subdivisions, {count} samples each", flush=True)

    check = [relative_error(solve(nearest(m, step))[::step, ::step], p) for m, p in zip(media, stored)]
    print(f"solver check, medium of the nearest point:   {with_error(check)}", flush=True)

    prior = Prior(options.points, step)
    expected, actual, actual_without_noise = [], [], []
    for medium, pressure in zip(media, stored):
        samples = sample(medium, prior, count, random)
        mean = samples.mean(0)
        without = (count * mean - samples) / (count - 1)  # means of the others
        expected.append(relative_error(without, samples).mean())
        actual.append(relative_error(mean, pressure))
        noise = samples.var(0, ddof=1).sum() / count / (pressure**2).sum()
        actual_without_noise.append(np.sqrt(max(actual[-1] ** 2 - noise, 0)))
    endless = np.mean(expected) * np.sqrt((count - 1) / count), np.mean(actual_without_noise)
    print(f"expected error of the mean, leave one out:   {with_error(expected)} ({endless[0]:.4f})")
    print(f"actual error of the mean, stored pressure:   {with_error(actual)} ({endless[1]:.4f})")
    print(f"{time.time() - start:.0f} s")


if __name__ == "__main__":
    main()
