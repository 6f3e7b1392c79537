//! Initial states of members.

use super::super::learned::{Learned, domain, row_weights};
use super::super::settings::PerturbationKind;
use super::{Analyses, generator};
use crate::error::{Error, Result};
use curlwind_operators::surrogate::Domain;
use curlwind_solvers::sphere::SphericalTransform;
use ndarray::{Array2, Array3};
use num_complex::Complex64;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::TAU;

/// Makes the members of an initial time.
pub struct Initial<'a> {
    learned: &'a Learned,
    analyses: &'a dyn Analyses,
    seed: u64,
    amplitude: f64,
    /// For random phases.
    transform: Option<SphericalTransform>,
}

impl<'a> Initial<'a> {
    /// Members with perturbations of the size `amplitude`.
    ///
    /// # Errors
    /// Random phases of spherical harmonics on a grid that is not of the whole sphere.
    pub fn new(
        learned: &'a Learned,
        analyses: &'a dyn Analyses,
        seed: u64,
        amplitude: f64,
    ) -> Result<Self> {
        let kind = learned.about.ensemble.perturbation;
        let transform = match (kind, domain(&learned.about.grid)?) {
            (PerturbationKind::RandomSpectral, Domain::Sphere(grid)) => {
                let truncation = grid.max_truncation();
                Some(SphericalTransform::new(grid, truncation).map_err(Error::unusable)?)
            }
            (PerturbationKind::RandomSpectral, Domain::Region(_)) => {
                return Err(Error::unusable(
                    "`ensemble.perturbation = \"random_spectral\"` needs a grid of the whole sphere; \
                     `random_field` perturbs a region",
                ));
            }
            _ => None,
        };
        Ok(Self {
            learned,
            analyses,
            seed,
            amplitude,
            transform,
        })
    }

    /// The state that a member starts from; member 0 from the analysis itself.
    ///
    /// # Errors
    /// An analysis that is not there: the initial time's, or an earlier one that bred vectors and
    /// lagged members need.
    pub fn member(&self, start: (usize, i64), member: usize) -> Result<Vec<f32>> {
        let time = start.1;
        if let (PerturbationKind::Lagged, 1..) = (self.learned.about.ensemble.perturbation, member)
        {
            return self.lagged(time, member);
        }
        let mut state = self.analysis(time)?;
        if member > 0 {
            // pairs around the analysis keep the mean of the members where it is
            let pair = member.div_ceil(2);
            let sign = if member % 2 == 1 { 1.0 } else { -1.0 };
            let mut rng = generator(self.seed, start.0, pair, 0);
            let field = match self.learned.about.ensemble.perturbation {
                PerturbationKind::RandomSpectral => self.random_phases(&mut rng),
                PerturbationKind::Bred => self.bred(time, &mut rng)?,
                _ => self.learned.random_field(&mut rng),
            };
            self.learned.add(&mut state, &field, sign * self.amplitude);
            self.learned.fill_masked(&mut state);
        }
        Ok(state)
    }

    fn analysis(&self, time: i64) -> Result<Vec<f32>> {
        let mut state = self.analyses.analysis(time)?;
        self.learned.fill(&mut state);
        Ok(state)
    }

    /// A forecast from an earlier analysis.
    fn lagged(&self, time: i64, steps: usize) -> Result<Vec<f32>> {
        let step = self.learned.about.step;
        let mut now = time - steps as i64 * step;
        let mut state = self.analysis(now)?;
        while now < time {
            state = self.learned.step(steps, &state, &[now])?;
            now += step;
        }
        Ok(state)
    }

    /// What has grown from a random perturbation, in units of the deviations and of size 1.
    fn bred(&self, time: i64, rng: &mut ChaCha8Rng) -> Result<Vec<f32>> {
        let ensemble = &self.learned.about.ensemble;
        let (step, size) = (self.learned.about.step, self.learned.state_len());
        let mut now = time - (ensemble.cycle * ensemble.cycles) as i64 * step;
        let mut field = self.learned.random_field(rng);
        for _ in 0..ensemble.cycles {
            let mut both = self.analysis(now)?;
            let mut perturbed = both.clone();
            self.learned.add(&mut perturbed, &field, self.amplitude);
            both.extend(perturbed);
            for _ in 0..ensemble.cycle {
                both = self.learned.step(0, &both, &[now, now])?;
                now += step;
            }
            let (control, perturbed) = both.split_at(size);
            let points = self.learned.points();
            for (k, field) in field.iter_mut().enumerate() {
                let difference = f64::from(perturbed[k] - control[k]);
                *field = (difference / self.learned.deviations()[k / points]) as f32;
            }
            let norm = self.norm(&field)?;
            if !(norm.is_finite() && norm > 0.0) {
                return Err(Error::failed(format!(
                    "a bred vector became {norm:.3e} times its size; expected a finite growth"
                )));
            }
            field
                .iter_mut()
                .for_each(|f| *f = (f64::from(*f) / norm) as f32);
        }
        Ok(field)
    }

    /// Root mean square over the area and the channels, in units of the weather's own size.
    fn norm(&self, field: &[f32]) -> Result<f64> {
        let rows = row_weights(&domain(&self.learned.about.grid)?);
        let (points, width) = (self.learned.points(), self.learned.about.grid.nlon());
        let mut sum = 0.0;
        for (k, value) in field.iter().enumerate() {
            let weight = rows[k % points / width] / width as f64;
            sum += weight * (f64::from(*value) / self.learned.scales[k / points]).powi(2);
        }
        Ok((sum / self.learned.scales.len() as f64).sqrt())
    }

    /// A random field whose harmonics all have new phases, the same ones for every channel, so that
    /// what balances stays in balance degree by degree.
    fn random_phases(&self, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let field = self.learned.random_field(rng);
        let Some(transform) = &self.transform else {
            return field;
        };
        let shape = (
            self.learned.about.channels.len(),
            transform.grid().nlat(),
            transform.grid().nlon(),
        );
        let mut values = field.iter().map(|v| f64::from(*v));
        let mut fields = Array3::from_shape_simple_fn(shape, || values.next().unwrap_or(0.0));
        let mut spectra = Array2::zeros((shape.0, transform.spectrum_len()));
        transform.analysis(fields.view(), spectra.view_mut());
        let truncation = transform.truncation();
        for m in 0..=truncation {
            for n in m..=truncation {
                // a zonal harmonic has a sign for a phase
                let phase = match m {
                    0 => Complex64::from(if rng.random::<bool>() { 1.0 } else { -1.0 }),
                    _ => Complex64::from_polar(1.0, TAU * rng.random::<f64>()),
                };
                let place = transform.index(m, n);
                spectra
                    .column_mut(place)
                    .iter_mut()
                    .for_each(|c| *c *= phase);
            }
        }
        transform.synthesis(spectra.view(), fields.view_mut());
        fields.iter().map(|v| *v as f32).collect()
    }
}

impl Learned {
    /// Puts the mean where there never is a value.
    fn fill_masked(&self, state: &mut [f32]) {
        if self.mask.is_some() {
            self.fill(state);
        }
    }
}
