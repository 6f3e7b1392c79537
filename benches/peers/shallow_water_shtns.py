"""Shallow water on the sphere, Williamson (1992) case 5, in numpy and shtns: time of one RK4 step, and day 1 as checksum.

    python shallow_water_shtns.py result.json [--truncations 42,85,106,170] [--threads 1] [--seconds 1]

Vorticity, divergence and geopotential (g h, fluid alone) in spectral space, products on the alias-free
Gaussian grid, classical Runge-Kutta, no diffusion:

    zeta_t  = -div((zeta + f) u)          delta_t = curl((zeta + f) u) - lap(phi + phi_s + |u|^2 / 2)
    phi_t   = -div(phi u)

Written as a numpy user would write it at his best: every array allocated once, vector transforms of shtns, in-place
products; 2 scalar and 1 vector synthesis, 1 scalar and 2 vector analyses for a derivative.
The mountain is analysed on the grid of max(2N, 170) and cut off at N. The checksum (day 1): mean of h,
and root mean squares over the sphere of vorticity, divergence and the anomaly of geopotential.
"""

import argparse

import numpy as np
import shtns

from timing import for_truncation, measure, write

RADIUS, ROTATION, GRAVITY = 6.37122e6, 7.292e-5, 9.80616
TIME_STEPS = {42: 900.0, 85: 450.0, 106: 360.0, 170: 240.0}  # s; they divide a day and are stable


def plan(truncation, threads, nlat=None, nlon=None):
    if nlat is None:
        nlat, nlon = for_truncation(truncation)
    sh = shtns.sht(truncation, norm=shtns.sht_fourpi | shtns.SHT_NO_CS_PHASE, nthreads=threads)
    sh.set_grid(nlat, nlon, flags=shtns.sht_gauss | shtns.SHT_PHI_CONTIGUOUS, polar_opt=0)
    return sh


class ShallowWater:
    """State: complex array [vorticity, divergence, geopotential][coefficient], SI units."""

    def __init__(self, truncation, threads):
        self.sh = sh = plan(truncation, threads)
        degree = sh.l.astype(float)
        self.eigenvalue = degree * (degree + 1) / RADIUS**2  # of minus the Laplacian
        self.to_potential = np.zeros(sh.nlm)  # vector potentials on the unit sphere from vorticity
        self.to_potential[1:] = RADIUS / (degree[1:] * (degree[1:] + 1))
        self.from_potential = degree * (degree + 1) / RADIUS
        self.coriolis = np.ascontiguousarray(np.broadcast_to(2 * ROTATION * sh.cos_theta[:, None], (sh.nlat, sh.nphi)))
        self.orography = self.mountain(truncation)
        grid, spectrum = lambda: np.empty((sh.nlat, sh.nphi)), lambda: np.empty(sh.nlm, complex)
        self.vorticity, self.thickness, self.south, self.east, self.first, self.second = (grid() for _ in range(6))
        self.toroidal, self.spheroidal, self.scratch = (spectrum() for _ in range(3))
        self.slopes = [np.empty((3, sh.nlm), complex) for _ in range(4)]
        self.stage = np.empty((3, sh.nlm), complex)

    @staticmethod
    def mountain(truncation):
        fine = max(2 * truncation, 170)
        sh = plan(fine, 1)
        latitude = np.arcsin(sh.cos_theta)[:, None]
        longitude = np.arange(sh.nphi)[None] * (2 * np.pi / sh.nphi)
        r = np.hypot(longitude - 1.5 * np.pi, latitude - np.pi / 6)
        spectrum = sh.analys(GRAVITY * 2000.0 * np.maximum(0.0, 1.0 - r / (np.pi / 9)))
        return np.ascontiguousarray(spectrum[sh.l <= truncation][np.argsort(
            sh.m[sh.l <= truncation], kind="stable")])

    def williamson_5(self):
        sh, speed = self.sh, 20.0
        state = np.zeros((3, sh.nlm), complex)
        sine = np.broadcast_to(sh.cos_theta[:, None], (sh.nlat, sh.nphi))
        state[0] = sh.analys(2 * speed / RADIUS * sine)
        state[2] = sh.analys(GRAVITY * 5960.0 - (RADIUS * ROTATION * speed + speed**2 / 2) * sine**2) - self.orography
        return state

    def derivative(self, state, out):
        sh, (vorticity, divergence, geopotential) = self.sh, state
        sh.SH_to_spat(vorticity, self.vorticity)
        sh.SH_to_spat(geopotential, self.thickness)
        np.multiply(self.to_potential, vorticity, out=self.toroidal)
        np.multiply(self.to_potential, divergence, out=self.spheroidal)
        np.negative(self.spheroidal, out=self.spheroidal)
        sh.SHsphtor_to_spat(self.spheroidal, self.toroidal, self.south, self.east)
        self.vorticity += self.coriolis
        np.multiply(self.vorticity, self.south, out=self.first)
        np.multiply(self.vorticity, self.east, out=self.second)
        sh.spat_to_SHsphtor(self.first, self.second, self.spheroidal, self.toroidal)
        np.multiply(self.from_potential, self.spheroidal, out=out[0])  # minus the divergence
        np.multiply(self.from_potential, self.toroidal, out=out[1])  # the curl
        np.multiply(self.thickness, self.south, out=self.first)
        np.multiply(self.thickness, self.east, out=self.second)
        sh.spat_to_SHsphtor(self.first, self.second, self.spheroidal, self.toroidal)
        np.multiply(self.from_potential, self.spheroidal, out=out[2])
        np.multiply(self.south, self.south, out=self.first)
        np.multiply(self.east, self.east, out=self.second)
        self.first += self.second
        self.first *= 0.5
        sh.spat_to_SH(self.first, self.scratch)
        self.scratch += geopotential
        self.scratch += self.orography
        self.scratch *= self.eigenvalue
        out[1] += self.scratch

    def step(self, state, dt):
        """One step of classical RK4, in place."""
        k1, k2, k3, k4 = self.slopes
        self.derivative(state, k1)
        for slope, into, factor in ((k1, k2, dt / 2), (k2, k3, dt / 2), (k3, k4, dt)):
            np.multiply(slope, factor, out=self.stage)
            self.stage += state
            self.derivative(self.stage, into)
        k2 += k3
        k2 *= 2.0
        k1 += k2
        k1 += k4
        k1 *= dt / 6
        state += k1

    def checksum(self, state):
        twice = np.where(self.sh.m > 0, 2.0, 1.0)
        rms = lambda spectrum: float(np.sqrt((twice * np.abs(spectrum) ** 2)[1:].sum()))
        return {"h_mean_m": float(state[2, 0].real / GRAVITY), "vorticity_rms": rms(state[0]),
                "divergence_rms": rms(state[1]), "geopotential_rms": rms(state[2])}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("result")
    parser.add_argument("--truncations", default="42,85,106,170")
    parser.add_argument("--threads", default="1")
    parser.add_argument("--seconds", type=float, default=1.0)
    args = parser.parse_args()
    rows = []
    for threads in map(int, args.threads.split(",")):
        for truncation in map(int, args.truncations.split(",")):
            model = ShallowWater(truncation, threads)
            dt = TIME_STEPS.get(truncation, 900.0 * 42 / truncation)
            steps = round(86400 / dt)
            dt = 86400 / steps
            state = model.williamson_5()
            for _ in range(steps):
                model.step(state, dt)
            checksum = model.checksum(state)
            time = measure(lambda: model.step(state, dt * 1e-6), args.seconds)
            rows.append({"name": "shallow-water RK4 step", "program": "numpy + shtns", "case": "williamson-5",
                         "truncation": truncation, "threads": threads, "time_step_seconds": dt,
                         "milliseconds": time, "day_1": checksum})
            print(f"T{truncation}, {threads} threads: {time['median']:.3f} ms a step (quartiles {time['spread']:.3f} apart); "
                  f"day 1 at {dt:.0f} s: " + ", ".join(f"{k} {v:.12e}" for k, v in checksum.items()), flush=True)
    write(args.result, "numpy + shtns", f"numpy {np.__version__}, {shtns.build_info()}", rows)


if __name__ == "__main__":
    main()
