//! A dielectric slab at normal and oblique incidence, against Fresnel, and the order of the error.
//!
//! Oblique waves are modes between two conducting plates `L` apart: with E along the plates (TE) or
//! across them (TM) the first one is a pair of plane waves at `sin(angle) = pi / (k L)`. One run
//! without and one with the slab give reflection before and transmission behind it.

use super::Table;
use curlwind_solvers::Result;
use curlwind_solvers::maxwell::analytic::{Polarization, Slab};
use curlwind_solvers::maxwell::constants::SPEED_OF_LIGHT;
use curlwind_solvers::maxwell::geometry::{Material, Medium, Shape, Solid, voxelise};
use curlwind_solvers::maxwell::{
    Component, Cpml, Mesh, Model, Probe, Scheme, Simulation, SourceTerm, Wall, Waveform,
};
use ndarray::Array2;
use num_complex::Complex64;
use std::f64::consts::PI;

/// Centre of the band in Hz and half its width.
const BAND: [f64; 2] = [10e9, 1.5e9];
const THICKNESS: f64 = 11e-3;
const PERMITTIVITY: f64 = 4.0;

pub fn run(table: &mut Table) -> Result<()> {
    for (degrees, polarization) in [
        (0.0, Polarization::Te),
        (30.0, Polarization::Te),
        (45.0, Polarization::Te),
        (30.0, Polarization::Tm),
        (45.0, Polarization::Tm),
    ] {
        let [coarse, fine] = [0.5e-3, 0.25e-3].map(|d| error(d, degrees, polarization));
        let (coarse, fine) = (coarse?, fine?);
        let case = format!("slab, eps_r 4, {polarization:?} at {degrees} degrees");
        table.below(&format!("{case}: | |r|, |t| - Fresnel |"), 0.005, fine);
        let order = (coarse / fine).log2();
        table.near(&format!("{case}: order"), 2.0, 0.15, order);
    }
    Ok(())
}

/// Largest error of |r| and |t| over the band, in cells of `d` m.
fn error(d: f64, degrees: f64, polarization: Polarization) -> Result<f64> {
    let sine = degrees.to_radians().sin();
    let k = 2.0 * PI * BAND[0] / SPEED_OF_LIGHT;
    // between the plates, a whole number of cells
    let (height, rows) = if sine > 0.0 {
        let rows = (PI / (k * sine) / d).round();
        (PI / (k * sine), rows as usize)
    } else {
        (d, 1)
    };
    let layer = (40e-3 / d) as usize;
    let count = (120e-3 / d) as usize + 2 * layer;
    let x = |i: usize| (i as f64 - layer as f64) * d;
    let mesh = || {
        Mesh::new([
            (0..=count).map(x).collect(),
            (0..=rows)
                .map(|j| j as f64 * height / rows as f64)
                .collect(),
            vec![0.0, d],
        ])
    };
    let across = if rows == 1 { Wall::Periodic } else { Wall::Pec };
    let walls = [
        [Wall::Cpml(Cpml::new(layer)); 2],
        [across; 2],
        [Wall::Periodic; 2],
    ];
    let component = match polarization {
        Polarization::Te => Component::Ez,
        Polarization::Tm => Component::Ey,
    };
    let profile = |j: usize| match polarization {
        _ if rows == 1 => 1.0,
        Polarization::Te => (PI * j as f64 / rows as f64).sin(),
        Polarization::Tm => (PI * (j as f64 + 0.5) / rows as f64).cos(),
    };
    let waveform = Waveform::ModulatedGaussian {
        centre: BAND[0],
        bandwidth: 2.4 * BAND[1],
    };
    let at = |coordinate: f64| layer + (coordinate / d).round() as usize;
    let line = if rows == 1 { 0 } else { rows / 3 };
    let steps = (12e-9 / (0.7 * d / SPEED_OF_LIGHT)) as usize;
    let record = |slab: bool| -> Result<([Vec<f64>; 2], f64)> {
        let mut model = Model::vacuum(mesh()?, walls);
        if slab {
            let shape = Shape::Box {
                min: [60e-3, 0.0, 0.0],
                max: [60e-3 + THICKNESS, height, d],
            };
            let medium = Material::Medium(Medium::dielectric(PERMITTIVITY));
            voxelise(&mut model, &[Solid::new("slab", shape, medium)])?;
        }
        let samples = waveform.sample(model.time_step, steps);
        let column = Array2::from_shape_fn((samples.len(), 1), |(n, _)| samples[n]);
        let first = model.add_waveforms(column.view());
        for j in 0..rows {
            if profile(j) != 0.0 {
                model.sources.push(SourceTerm {
                    component,
                    index: [at(10e-3), j, 0],
                    waveform: first,
                    scale: profile(j),
                });
            }
        }
        for place in [at(30e-3), at(100e-3)] {
            model.probes.push(Probe {
                component,
                index: [place, line, 0],
            });
        }
        let mut simulation = Simulation::<f64>::new(&model, Scheme::Fastest)?;
        simulation.advance(steps);
        Ok((
            [0, 1].map(|p| simulation.probe(p).to_vec()),
            model.time_step,
        ))
    };
    let (without, dt) = record(false)?;
    let (with, _) = record(true)?;
    let exact = Slab {
        permittivity: PERMITTIVITY.into(),
        thickness: THICKNESS,
    };
    let mut worst: f64 = 0.0;
    for n in -4..=4 {
        let f = BAND[0] + BAND[1] * f64::from(n) / 4.0;
        let spectrum = |values: &[f64]| -> Complex64 {
            let phasor = |n: usize| Complex64::cis(-2.0 * PI * f * dt * n as f64);
            values.iter().enumerate().map(|(n, v)| phasor(n) * v).sum()
        };
        let difference: Vec<f64> = with[0]
            .iter()
            .zip(&without[0])
            .map(|(a, b)| a - b)
            .collect();
        let reflection = spectrum(&difference).norm() / spectrum(&without[0]).norm();
        let transmission = spectrum(&with[1]).norm() / spectrum(&without[1]).norm();
        let angle = (sine * BAND[0] / f).asin();
        let (r, t) = exact.scattering(f, angle, polarization);
        worst = worst
            .max((reflection - r.norm()).abs())
            .max((transmission - t.norm()).abs());
    }
    Ok(worst)
}
