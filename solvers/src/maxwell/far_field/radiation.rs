//! The field far away, and what engineers read off it.

use super::FarFieldMonitor;
use super::surface::{PairSpectra, Plane};
use crate::maxwell::constants::{SPEED_OF_LIGHT, VACUUM_IMPEDANCE};
use crate::maxwell::{Axis, IncidentField};
use crate::sphere::SphereGrid;
use num_complex::Complex64;
use rayon::prelude::*;
use std::f64::consts::PI;
use std::sync::OnceLock;

/// A cut through a pattern: the angle that varies, in rad.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// theta from -pi to pi in the plane of phi; negative angles lie at phi + pi.
    Theta {
        /// The plane's phi in rad.
        phi: f64,
    },
    /// phi from 0 to 2 pi on the cone of theta.
    Phi {
        /// The cone's theta in rad.
        theta: f64,
    },
}

/// The far field of a run, at the monitor's frequencies.
///
/// Angles are those of spherical coordinates about the mesh's z axis, in rad, and phases refer to
/// the origin of the mesh's coordinates. In 2-D, intensities and powers are per metre along the
/// idle axis and directions lie in the plane across it (theta = pi / 2 when that is z). Over a
/// ground plane there is no field below it, and powers are those of the half-space above.
pub struct FarField {
    monitor: FarFieldMonitor,
    faces: Vec<(Plane, f64, [PairSpectra; 2])>,
    /// Power, and the node of the quadrature with the largest intensity.
    powers: Vec<OnceLock<(f64, [f64; 3])>>,
}

impl FarField {
    pub(super) fn new(
        monitor: &FarFieldMonitor,
        faces: Vec<(Plane, f64, [PairSpectra; 2])>,
    ) -> Self {
        Self {
            monitor: monitor.clone(),
            powers: vec![OnceLock::new(); monitor.frequencies.len()],
            faces,
        }
    }

    /// Frequencies in Hz, to which the index of all other functions refers.
    pub fn frequencies(&self) -> &[f64] {
        &self.monitor.frequencies
    }

    /// E as a vector towards a unit vector, times the distance r (in 2-D its root) and
    /// `exp(j k.r)`: V s in 3-D, V s m^(-1/2) in 2-D, where `exp(-j pi / 4)` is left out.
    pub fn amplitude_towards(&self, frequency: usize, direction: [f64; 3]) -> [Complex64; 3] {
        let zero = [Complex64::default(); 3];
        let m = &self.monitor;
        if let Some((axis, _, above)) = m.ground
            && direction[axis as usize] * above < 0.0
        {
            return zero;
        }
        let f = m.frequencies[frequency];
        let Some(k) = m.relation.wave_number(f, direction) else {
            return zero;
        };
        let k = direction.map(|u| k * u);
        let (mut n, mut l) = self.moments(frequency, k);
        if let Some((axis, z, _)) = m.ground {
            let g = axis as usize;
            let mut mirrored = k;
            mirrored[g] = -k[g];
            let (n_image, l_image) = self.moments(frequency, mirrored);
            let turn = Complex64::from_polar(1.0, 2.0 * k[g] * z);
            for a in 0..3 {
                let sign = if a == g { 1.0 } else { -1.0 };
                n[a] += sign * turn * n_image[a];
                l[a] -= sign * turn * l_image[a];
            }
        }
        let kappa = m.relation.spatial(k);
        let length = kappa.iter().map(|x| x * x).sum::<f64>().sqrt();
        let unit = kappa.map(|x| x / length);
        let along = n[0] * unit[0] + n[1] * unit[1] + n[2] * unit[2];
        let factor = Complex64::new(0.0, -self.spread(f) / m.idle_length);
        std::array::from_fn(|a| {
            let (b, c) = ((a + 1) % 3, (a + 2) % 3);
            let cross = l[c] * unit[b] - l[b] * unit[c];
            factor * (VACUUM_IMPEDANCE * (n[a] - along * unit[a]) - cross)
        })
    }

    /// E theta and E phi towards (theta, phi), as [`FarField::amplitude_towards`].
    pub fn amplitude(&self, frequency: usize, theta: f64, phi: f64) -> [Complex64; 2] {
        let (towards, theta_unit, phi_unit) = units(theta, phi);
        let e = self.amplitude_towards(frequency, towards);
        [theta_unit, phi_unit].map(|u| e[0] * u[0] + e[1] * u[1] + e[2] * u[2])
    }

    /// `|E r|^2 / (2 eta)` towards (theta, phi): J/(Hz sr), in 2-D J/(Hz m rad).
    pub fn intensity(&self, frequency: usize, theta: f64, phi: f64) -> f64 {
        self.intensity_towards(frequency, units(theta, phi).0)
    }

    /// The same towards a unit vector.
    pub fn intensity_towards(&self, frequency: usize, direction: [f64; 3]) -> f64 {
        let e = self.amplitude_towards(frequency, direction);
        e.iter().map(Complex64::norm_sqr).sum::<f64>() / (2.0 * VACUUM_IMPEDANCE)
    }

    /// Radiated or scattered power, the integral of the intensity over all directions by
    /// Gauss-Legendre quadrature: J/Hz, in 2-D J/(Hz m).
    pub fn radiated_power(&self, frequency: usize) -> f64 {
        self.whole(frequency).0
    }

    fn whole(&self, frequency: usize) -> (f64, [f64; 3]) {
        *self.powers[frequency].get_or_init(|| self.integrate(frequency))
    }

    /// The largest intensity and the unit vector towards it: from the best node of the quadrature,
    /// whose nodes resolve every lobe, uphill to a tenth of a degree.
    pub fn peak(&self, frequency: usize) -> (f64, [f64; 3]) {
        let mut best = self.whole(frequency).1;
        let mut largest = self.intensity_towards(frequency, best);
        let idle = self.monitor.idle.map(|axis| axis as usize);
        let mut step = 0.1;
        while step > 2e-3 {
            let before = largest;
            for axis in (0..3).filter(|a| Some(*a) != idle) {
                for side in [step, -step] {
                    let mut towards = best;
                    towards[axis] += side;
                    let length = towards.iter().map(|u| u * u).sum::<f64>().sqrt();
                    let towards = towards.map(|u| u / length);
                    let intensity = self.intensity_towards(frequency, towards);
                    if intensity > largest {
                        (largest, best) = (intensity, towards);
                    }
                }
            }
            if largest == before {
                step /= 2.0;
            }
        }
        (largest, best)
    }

    /// Power out of the recorded faces by the scheme's Poynting theorem: J/Hz, in 2-D J/(Hz m). It
    /// is what the sources give to the discrete field, exactly, and differs from
    /// [`FarField::radiated_power`] by the order of the scheme: by 1 % at 20 cells per wavelength
    /// for a short dipole.
    pub fn flux(&self, frequency: usize) -> f64 {
        let sum: f64 = self
            .faces
            .iter()
            .map(|(plane, sign, spectra)| sign * plane.flux(spectra)[frequency])
            .sum();
        sum / self.monitor.idle_length
    }

    /// Directivity, a ratio: 4 pi (in 2-D 2 pi) times the intensity over the radiated power.
    pub fn directivity(&self, frequency: usize, theta: f64, phi: f64) -> f64 {
        self.whole_angle() * self.intensity(frequency, theta, phi) / self.radiated_power(frequency)
    }

    /// Gain, a ratio: directivity times efficiency, for a power accepted by the antenna in J/Hz;
    /// the realised gain when it is the available power of the generator instead.
    pub fn gain(&self, frequency: usize, theta: f64, phi: f64, power: f64) -> f64 {
        self.directivity(frequency, theta, phi) * self.efficiency(frequency, power)
    }

    /// Radiated over accepted power (J/Hz), the former by [`FarField::flux`]: exactly 1 without
    /// loss, as the scheme conserves it.
    pub fn efficiency(&self, frequency: usize, accepted: f64) -> f64 {
        self.flux(frequency) / accepted
    }

    /// Radar cross section `4 pi r^2 |E_s|^2 / |E_i|^2` in m^2 towards (theta, phi); in 2-D the
    /// scattering width `2 pi r |E_s|^2 / |E_i|^2` in m. Monostatic where (theta, phi) is the
    /// direction that the wave arrives from.
    pub fn cross_section(
        &self,
        frequency: usize,
        theta: f64,
        phi: f64,
        incident: &IncidentField,
    ) -> f64 {
        self.whole_angle() * self.intensity(frequency, theta, phi)
            / self.incident_density(frequency, incident)
    }

    /// Scattered power over the incident power density: m^2, in 2-D m.
    pub fn scattering_cross_section(&self, frequency: usize, incident: &IncidentField) -> f64 {
        self.radiated_power(frequency) / self.incident_density(frequency, incident)
    }

    /// Directivities of a cut at equal angles, both ends included: angle in rad, and the total, theta and
    /// phi part in dBi (-300 where there is none).
    pub fn pattern(&self, frequency: usize, cut: Cut, points: usize) -> Vec<[f64; 4]> {
        let power = self.radiated_power(frequency);
        let last = points.saturating_sub(1).max(1) as f64;
        (0..points)
            .into_par_iter()
            .map(|n| {
                let t = n as f64 / last;
                let (angle, theta, phi) = match cut {
                    Cut::Theta { phi } => {
                        let angle = PI * (2.0 * t - 1.0);
                        let behind = if angle < 0.0 { PI } else { 0.0 };
                        (angle, angle.abs(), phi + behind)
                    }
                    Cut::Phi { theta } => (2.0 * PI * t, theta, 2.0 * PI * t),
                };
                let parts = self
                    .amplitude(frequency, theta, phi)
                    .map(|e| self.whole_angle() * e.norm_sqr() / (2.0 * VACUUM_IMPEDANCE * power));
                let decibel = |x: f64| 10.0 * x.max(1e-30).log10();
                [
                    angle,
                    decibel(parts[0] + parts[1]),
                    decibel(parts[0]),
                    decibel(parts[1]),
                ]
            })
            .collect()
    }

    fn whole_angle(&self) -> f64 {
        if self.monitor.idle.is_some() {
            2.0 * PI
        } else {
            4.0 * PI
        }
    }

    fn incident_density(&self, frequency: usize, incident: &IncidentField) -> f64 {
        incident
            .spectrum(self.monitor.frequencies[frequency])
            .norm_sqr()
            / (2.0 * incident.impedance())
    }

    /// N in A m s and L in V m s for a wave vector.
    fn moments(&self, frequency: usize, k: [f64; 3]) -> ([Complex64; 3], [Complex64; 3]) {
        let mut n = [Complex64::default(); 3];
        let mut l = [Complex64::default(); 3];
        for (plane, sign, spectra) in &self.faces {
            // n x H and -n x E turn the first pair the one and the second the other way
            for (p, turn) in [(0, -sign), (1, *sign)] {
                let pair = &plane.pairs[p];
                let (own, third) = (pair.electric.axis(), pair.magnetic.axis());
                let phases = |axis: Axis, (positions, lengths): &(Vec<f64>, Vec<f64>)| {
                    let k = k[axis as usize];
                    let phase = |(x, d): (&f64, &f64)| Complex64::from_polar(*d, k * x);
                    let phases = positions.iter().zip(lengths).map(phase);
                    phases.collect::<Vec<_>>()
                };
                let along = phases(own, &pair.along);
                let across = phases(third, &pair.across);
                let sum = |values: &Vec<Vec<Complex64>>| -> Complex64 {
                    let rows = values.iter().zip(&across);
                    rows.map(|(row, outer)| dot(row, &along) * outer).sum()
                };
                let [at_e, at_h] = plane
                    .positions
                    .map(|x| Complex64::from_polar(turn, k[plane.axis as usize] * x));
                n[own as usize] += at_e * sum(&spectra[p].magnetic[frequency]);
                l[third as usize] += at_h * sum(&spectra[p].electric[frequency]);
            }
        }
        (n, l)
    }

    /// `k0 / (4 pi)`, in 2-D `sqrt(k0 / (8 pi))`.
    fn spread(&self, frequency: f64) -> f64 {
        let k = 2.0 * PI * frequency / SPEED_OF_LIGHT;
        if self.monitor.idle.is_some() {
            (k / (8.0 * PI)).sqrt()
        } else {
            k / (4.0 * PI)
        }
    }

    /// The integral of the intensity, and the direction of its largest value among the nodes.
    fn integrate(&self, frequency: usize) -> (f64, [f64; 3]) {
        let nodes = self.nodes(frequency);
        let intensities: Vec<f64> = nodes
            .par_iter()
            .map(|(direction, _)| self.intensity_towards(frequency, *direction))
            .collect();
        let power = nodes.iter().zip(&intensities);
        let power = power.map(|((_, weight), u)| weight * u).sum();
        let best = (0..nodes.len()).max_by(|&a, &b| intensities[a].total_cmp(&intensities[b]));
        (power, best.map_or([0.0, 0.0, 1.0], |n| nodes[n].0))
    }

    /// Directions and weights that integrate the intensity: equal angles in 2-D, Gauss and Legendre's
    /// latitudes in 3-D.
    fn nodes(&self, frequency: usize) -> Vec<([f64; 3], f64)> {
        let m = &self.monitor;
        let size = m.relation.temporal(m.frequencies[frequency]) * m.radius;
        let order = (size + 4.0 * size.cbrt()).ceil() as usize + 8;
        let towards = |pole: Axis, mu: f64, angle: f64| {
            let s = (1.0 - mu * mu).sqrt();
            let mut direction = [0.0; 3];
            direction[pole as usize] = mu;
            direction[pole.next() as usize] = s * angle.cos();
            direction[pole.previous() as usize] = s * angle.sin();
            direction
        };
        if let Some(axis) = m.idle {
            let points = 2 * order;
            let angle = |n: usize| 2.0 * PI * (n as f64 + 0.5) / points as f64;
            return (0..points)
                .map(|n| (towards(axis, 0.0, angle(n)), 2.0 * PI / points as f64))
                .collect();
        }
        // the pole stands on the ground, so that the half-space is a range of the pole's angle
        let (pole, above) = m.ground.map_or((Axis::Z, 0.0), |(axis, _, up)| (axis, up));
        let Ok(grid) = SphereGrid::gaussian(order + order % 2, 2 * order) else {
            return Vec::new();
        };
        let whole = if above == 0.0 { 4.0 * PI } else { 2.0 * PI };
        let latitudes = grid.sin_latitudes().iter().zip(grid.weights());
        latitudes
            .flat_map(|(&mu, &weight)| {
                let mu = match above {
                    0.0 => mu,
                    up => up * 0.5 * (1.0 + mu),
                };
                (0..2 * order).map(move |n| {
                    let phi = PI * n as f64 / order as f64;
                    (towards(pole, mu, phi), whole * weight / (2 * order) as f64)
                })
            })
            .collect()
    }
}

/// The unit vectors of spherical coordinates: outward, theta, phi.
fn units(theta: f64, phi: f64) -> ([f64; 3], [f64; 3], [f64; 3]) {
    let ((st, ct), (sp, cp)) = (theta.sin_cos(), phi.sin_cos());
    (
        [st * cp, st * sp, ct],
        [ct * cp, ct * sp, -st],
        [-sp, cp, 0.0],
    )
}

/// Sum of products, in four parts so that they are done side by side.
fn dot(a: &[Complex64], b: &[Complex64]) -> Complex64 {
    let mut parts = [[0.0; 2]; 4];
    let (a, b) = (a.chunks(4), b.chunks(4));
    for (a, b) in a.zip(b) {
        for (part, (a, b)) in parts.iter_mut().zip(a.iter().zip(b)) {
            part[0] += a.re * b.re - a.im * b.im;
            part[1] += a.re * b.im + a.im * b.re;
        }
    }
    let sum = |n: usize| parts.iter().map(|p| p[n]).sum();
    Complex64::new(sum(0), sum(1))
}
