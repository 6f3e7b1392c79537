//! WR-90 with a dielectric block between two mode ports, against the reflection and transmission of
//! the block's two faces, and the balances of a lossless reciprocal network.

use super::Table;
use super::microstrip::network;
use curlwind_solvers::Result;
use curlwind_solvers::maxwell::constants::SPEED_OF_LIGHT;
use curlwind_solvers::maxwell::geometry::{Material, Medium, Shape, Solid, voxelise};
use curlwind_solvers::maxwell::ports::{Port, PortKind};
use curlwind_solvers::maxwell::{Axis, Cpml, Mesh, Model, Wall, Waveform};
use num_complex::Complex64;
use std::f64::consts::PI;

const SIZE: [f64; 2] = [22.86e-3, 10.16e-3];
const PERMITTIVITY: f64 = 2.25;
/// First and last coordinate of the block along the guide, off the lines of the mesh.
const BLOCK: [f64; 2] = [40e-3, 51e-3];
const LENGTH: f64 = 91e-3;
/// Distance of the reference planes from the ends of the space between the layers.
const INSET: f64 = 8e-3;

pub fn run(table: &mut Table) -> Result<()> {
    let frequencies: Vec<f64> = (0..15).map(|n| 8.5e9 + 0.25e9 * f64::from(n)).collect();
    let mut before: Option<f64> = None;
    for n in [20, 40] {
        let layer = n;
        let d = SIZE[0] / n as f64;
        let count = (LENGTH / d).round() as usize;
        let z = |i: usize| (i as f64 - layer as f64) * d;
        let mesh = Mesh::new([
            (0..=n).map(|i| i as f64 * d).collect(),
            (0..=4).map(|j| SIZE[1] * f64::from(j) / 4.0).collect(),
            (0..=count + 2 * layer).map(z).collect(),
        ])?;
        let walls = [
            [Wall::Pec; 2],
            [Wall::Pec; 2],
            [Wall::Cpml(Cpml::new(layer)); 2],
        ];
        let mut model = Model::vacuum(mesh, walls);
        let block = Shape::Box {
            min: [0.0, 0.0, BLOCK[0]],
            max: [SIZE[0], SIZE[1], BLOCK[1]],
        };
        let medium = Material::Medium(Medium::dielectric(PERMITTIVITY));
        voxelise(&mut model, &[Solid::new("block", block, medium)])?;
        let inset = layer + (INSET / d).round() as usize;
        let planes = [inset, count + 2 * layer - inset];
        let port = |name: &str, forward: bool, plane: usize| Port {
            name: name.into(),
            impedance: 50.0,
            kind: PortKind::Waveguide {
                axis: Axis::Z,
                forward,
                source: if forward { z(plane - 4) } else { z(plane + 4) },
                reference: z(plane),
                min: [0.0; 2],
                max: SIZE,
                mode: [1, 0],
            },
        };
        let ports = [
            port("left", true, planes[0]),
            port("right", false, planes[1]),
        ];
        let waveform = Waveform::ModulatedGaussian {
            centre: 10.25e9,
            bandwidth: 4.5e9,
        };
        let found = network(&model, &ports, &waveform, &frequencies, 1e-10)?;
        let (mut worst, mut complex) = ([0.0f64; 2], 0.0f64);
        for (i, &f) in frequencies.iter().enumerate() {
            let exact = scattering(f, [BLOCK[0] - z(planes[0]), z(planes[1]) - BLOCK[1]]);
            for p in 0..2 {
                let s = found.s[[i, p, 0]];
                worst[p] = worst[p].max((s.norm() - exact[p].norm()).abs());
                complex = complex.max((s - exact[p]).norm());
            }
        }
        let case = |what: &str| format!("WR-90 with a block, {n} cells across: {what}");
        if n == 40 {
            table.below(&case("| |S11| - exact |"), 0.005, worst[0]);
            table.below(&case("| |S21| - exact |"), 0.005, worst[1]);
            table.below(
                &case("reciprocity, complex"),
                1e-6,
                found.reciprocity_error(),
            );
            table.below(&case("power balance"), 0.005, found.power_imbalance());
            let largest = found
                .parameter(0, 0)
                .iter()
                .map(|s| s.norm())
                .fold(0.0, f64::max);
            table.below(&case("largest |S11|"), 1.001, largest);
        }
        if let Some(before) = before {
            let order = (before / complex).log2();
            table.near(
                "WR-90 with a block: order of the complex S",
                2.0,
                0.15,
                order,
            );
        }
        before = Some(complex);
    }
    Ok(())
}

/// S11 and S21 with reference planes at distances before and behind the block.
fn scattering(f: f64, distance: [f64; 2]) -> [Complex64; 2] {
    let k = 2.0 * PI * f / SPEED_OF_LIGHT;
    let cutoff = PI / SIZE[0];
    let empty = (k * k - cutoff * cutoff).sqrt();
    let filled = (PERMITTIVITY * k * k - cutoff * cutoff).sqrt();
    let r = (empty - filled) / (empty + filled);
    let p = Complex64::cis(-filled * (BLOCK[1] - BLOCK[0]));
    let under = 1.0 - r * r * p * p;
    [
        r * (1.0 - p * p) / under * Complex64::cis(-2.0 * empty * distance[0]),
        p * (1.0 - r * r) / under * Complex64::cis(-empty * (distance[0] + distance[1])),
    ]
}
