"""Rate of fdtdx (JAX) on the cube of time_maxwell: CPML of 10 cells on six faces inside it, a dipole in the middle, vacuum.

    fdtd_fdtdx.py [--backend gpu|cpu] [--steps N] [--runs N] cells [cells ...]

f32, compiled by XLA; two runs warm up, then the median of the others. Fields stay on the device.
"""

import argparse
import statistics
import time
from importlib.metadata import version


def seconds(cells, backend, steps, runs):
    """Seconds of each run of so many steps, two to warm up excepted."""
    import fdtdx
    import jax
    from fdtdx.fdtd.fdtd import custom_fdtd_forward

    volume = fdtdx.SimulationVolume(partial_grid_shape=(cells,) * 3)
    grid = fdtdx.UniformGrid(spacing=1e-3)
    config = fdtdx.SimulationConfig(time=1e-9, grid=grid, backend=backend)
    config = config.aset("time", config.time_step_duration * steps * (runs + 3))
    bounds = fdtdx.BoundaryConfig.from_uniform_bound(thickness=10)
    walls, constraints = fdtdx.boundary_objects_from_config(bounds, volume)
    pulse = fdtdx.PointDipoleSource(
        partial_grid_shape=(1, 1, 1),
        polarization=2,
        wave_character=fdtdx.WaveCharacter(wavelength=0.06),
        temporal_profile=fdtdx.GaussianPulseProfile(
            center_wave=fdtdx.WaveCharacter(wavelength=0.06),
            spectral_width=fdtdx.WaveCharacter(wavelength=0.12),
        ),
    )
    constraints = [*constraints, pulse.place_at_center(volume)]
    objects, arrays, params, config, _ = fdtdx.place_objects(
        object_list=[volume, *walls.values(), pulse], config=config, constraints=constraints
    )
    arrays, objects, _ = fdtdx.apply_params(arrays, objects, params)
    key = jax.random.PRNGKey(0)

    def run(arrays, start):
        return custom_fdtd_forward(
            arrays=arrays,
            objects=objects,
            config=config,
            key=key,
            reset_container=False,
            record_detectors=False,
            start_time=start,
            end_time=start + steps,
            show_progress=False,
        )

    run = jax.jit(run, donate_argnums=0)
    start, found = jax.numpy.int32(0), []
    for _ in range(runs + 2):
        began = time.perf_counter()
        start, arrays = run(arrays, start)
        jax.block_until_ready(arrays)
        found.append(time.perf_counter() - began)
    fields = arrays.fields.E
    if not bool(jax.numpy.isfinite(fields).all()) or float(abs(fields).max()) == 0.0:
        raise SystemExit("fdtdx: the field is zero or not finite: nothing was measured")
    return found[2:]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--backend", default="gpu")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("cells", type=int, nargs="+")
    arguments = parser.parse_args()
    for cells in arguments.cells:
        times = seconds(cells, arguments.backend, arguments.steps, arguments.runs)
        rates = [cells**3 * arguments.steps / t / 1e6 for t in times]
        print(
            f"fdtdx {version('fdtdx')}, {arguments.backend}, f32, {cells}^3 cells: {statistics.median(rates):.0f} "
            f"Mcells/s (from {min(rates):.0f} to {max(rates):.0f}, {arguments.runs} runs of {arguments.steps} steps)"
        )


if __name__ == "__main__":
    main()
