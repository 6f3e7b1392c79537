//! How chaotic, stationary and predictable a forced flow is:
//! `validate_nature_run [key=value ...]` with the keys of `Setting` below.
//!
//! Runs the solver of the scenario `nature-run` (those are the defaults), prints kinetic energy by year (or by
//! shorter spans), the doubling time of small errors, and RMSE and anomaly correlation of the
//! height by day of a coarse run, of persistence and of the climatology against it, all by
//! Parseval's identity on the spectra up to the verifying truncation.

use curlwind_solvers::shallow_water::cases::RandomFlow;
use curlwind_solvers::shallow_water::mountains::orography;
use curlwind_solvers::shallow_water::{
    Checkpoint, Forcing, Integrator, Mountain, RawFilter, ShallowWater, Solver, State, ZonalJets,
};
use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
use curlwind_solvers::time_stepping::Diffusion;
use ndarray::Array1;
use num_complex::Complex64;
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const DAY: f64 = 86400.0;

/// Days, degrees, metres, m/s, minutes, hours.
struct Setting {
    speed: f64,
    latitude: f64,
    width: f64,
    relaxation: f64,
    drag: f64,
    depth: f64,
    diffusion: f64,
    step: f64,
    truncation: usize,
    coarse: usize,
    verify: usize,
    spin_up: f64,
    days: f64,
    starts: usize,
    lead: usize,
    mountain: f64,
    mountain_width: f64,
    pictures: String,
}

impl Setting {
    fn read() -> Result<Self, Failure> {
        let mut s = Self {
            speed: 200.0,
            latitude: 45.0,
            width: 5.0,
            relaxation: 30.0,
            drag: f64::INFINITY,
            depth: 5500.0,
            diffusion: 12.0,
            step: 10.0,
            truncation: 42,
            coarse: 21,
            verify: 31,
            spin_up: 360.0,
            days: 3652.0,
            starts: 24,
            lead: 16,
            mountain: 3200.0,
            mountain_width: 11.0,
            pictures: String::new(),
        };
        for argument in std::env::args().skip(1) {
            let (key, value) = argument.split_once('=').ok_or("expected key=value")?;
            match key {
                "speed" => s.speed = value.parse()?,
                "latitude" => s.latitude = value.parse()?,
                "width" => s.width = value.parse()?,
                "relaxation" => s.relaxation = value.parse()?,
                "drag" => s.drag = value.parse()?,
                "depth" => s.depth = value.parse()?,
                "diffusion" => s.diffusion = value.parse()?,
                "step" => s.step = value.parse()?,
                "truncation" => s.truncation = value.parse()?,
                "coarse" => s.coarse = value.parse()?,
                "verify" => s.verify = value.parse()?,
                "spin_up" => s.spin_up = value.parse()?,
                "days" => s.days = value.parse()?,
                "starts" => s.starts = value.parse()?,
                "lead" => s.lead = value.parse()?,
                "mountain" => s.mountain = value.parse()?,
                "mountain_width" => s.mountain_width = value.parse()?,
                "pictures" => s.pictures = value.into(),
                _ => return Err(format!("no key `{key}`").into()),
            }
        }
        Ok(s)
    }

    /// The six mountains of the scenario, scaled to a height and a width.
    fn orography(&self, truncation: usize) -> Result<Option<Array1<Complex64>>, Failure> {
        if self.mountain == 0.0 {
            return Ok(None);
        }
        let places = [
            (45f64, 250f64, 1.0),
            (35.0, 90.0, 1.3),
            (-35.0, 300.0, 1.0),
            (-50.0, 140.0, 0.8),
            (60.0, 0.0, 0.8),
            (-40.0, 30.0, 1.0),
        ];
        let mountains = places.map(|(latitude, longitude, scale)| Mountain {
            height: self.mountain * scale,
            latitude: latitude.to_radians(),
            longitude: longitude.to_radians(),
            width: self.mountain_width.to_radians(),
        });
        let transform =
            SphericalTransform::new(SphereGrid::for_truncation(truncation)?, truncation)?;
        let gravity = ShallowWater::default().gravity;
        Ok(Some(orography(&transform, gravity, &mountains)?))
    }

    fn solver(&self, truncation: usize) -> Result<Solver, Failure> {
        let grid = SphereGrid::for_truncation(truncation)?;
        let transform = Arc::new(SphericalTransform::new(grid, truncation)?);
        let equation = ShallowWater::default();
        let jets = ZonalJets {
            speed: self.speed,
            latitude: self.latitude.to_radians(),
            width: self.width.to_radians(),
        };
        let equilibrium = jets.balanced(&transform, equation, equation.gravity * self.depth)?;
        let orography = self.orography(truncation)?;
        let drag = self.drag.is_finite().then_some(self.drag * DAY);
        let forcing = Forcing::new(equilibrium, self.relaxation * DAY, drag)?;
        Ok(Solver::builder(transform, equation)
            .integrator(Integrator::SemiImplicit(RawFilter::default()))
            .time_step(self.step * 60.0)
            .diffusion(Some(Diffusion::with_time(8, self.diffusion * 3600.0)?))
            .forcing(Some(forcing))
            .orography(orography)
            .build()?)
    }
}

/// Mean over the sphere of the product of two fields.
fn product(a: &Array1<Complex64>, b: &Array1<Complex64>, truncation: usize) -> f64 {
    a.iter()
        .zip(b)
        .enumerate()
        .map(|(i, (a, b))| if i <= truncation { 1.0 } else { 2.0 } * (a * b.conj()).re)
        .sum()
}

/// Kinetic energy per mass, of the zonal mean and of the rest, in m^2/s^2.
fn kinetic_energy(state: &State, truncation: usize, radius: f64) -> [f64; 2] {
    let (mut energy, mut i) = ([0.0; 2], 0);
    for m in 0..=truncation {
        for n in m..=truncation {
            if n > 0 {
                let square = state.vorticity[i].norm_sqr() + state.divergence[i].norm_sqr();
                let weight = if m == 0 { 0.5 } else { 1.0 };
                let part = usize::from(m > 0);
                energy[part] += weight * square * radius * radius / (n * (n + 1)) as f64;
            }
            i += 1;
        }
    }
    energy
}

fn run(
    solver: &Solver,
    from: Checkpoint,
    days: f64,
    interval: f64,
    mut see: impl FnMut(f64, &State) + Send,
) -> Result<Checkpoint, Failure> {
    let end = solver.resume(from, days * DAY, interval * DAY, |snapshot| {
        see(snapshot.time / DAY, snapshot.state);
        ControlFlow::Continue(())
    });
    Ok(end?)
}

fn main() -> Result<(), Failure> {
    let s = Setting::read()?;
    let solver = s.solver(s.truncation)?;
    let transform = solver.tendency().transform().clone();
    let equation = *solver.tendency().equation();
    let (top, low) = (s.truncation, s.verify);
    let start = RandomFlow {
        seed: 1,
        rms_wind: 10.0,
        mean_depth: s.depth,
        ..RandomFlow::default()
    };
    let mut start = start.generate(&transform, equation)?.initial;
    if let Some(ground) = s.orography(top)? {
        start.geopotential -= &ground;
    }
    let clock = Instant::now();
    let spun = run(&solver, Checkpoint::start(start), s.spin_up, 1.0, |_, _| {})?;

    // the nature run, daily
    let span = (s.days / 10.0).clamp(1.0, 365.0);
    let mut days: Vec<State> = Vec::new();
    let mut spans: Vec<Vec<[f64; 2]>> = Vec::new();
    let begin = spun.time / DAY;
    let mut wind = Array1::<f64>::zeros(transform.grid().nlat());
    run(&solver, spun, s.days, 1.0, |time, state| {
        let index = ((time - begin) / span) as usize;
        if index >= spans.len() && index < 10.max((s.days / span) as usize) {
            spans.push(Vec::new());
        }
        if let Some(last) = spans.last_mut() {
            last.push(kinetic_energy(state, top, equation.radius));
        }
        if let Ok(grid) = state.to_grid(&transform, &equation) {
            let zonal = grid.eastward_wind.mean_axis(ndarray::Axis(1));
            wind += &zonal.unwrap_or_default();
        }
        days.push(state.clone());
    })?;
    let seconds = clock.elapsed().as_secs_f64();
    println!("{:.0} days in {seconds:.1} s", s.spin_up + s.days);
    wind /= days.len() as f64;
    println!("kinetic energy, zonal mean and eddies, m2/s2, by {span} days:");
    for span in &spans {
        let mean = |k: usize| span.iter().map(|e| e[k]).sum::<f64>() / span.len() as f64;
        let (zonal, eddy) = (mean(0), mean(1));
        let least = span.iter().fold(f64::MAX, |s, e| s.min(e[1]));
        let most = span.iter().fold(0.0f64, |s, e| s.max(e[1]));
        println!("  {zonal:8.2} {eddy:8.2}   eddies from {least:.2} to {most:.2}");
    }
    println!("time-mean zonal-mean wind, northern rows:");
    let rows = transform.grid().latitudes();
    for j in (0..rows.len() / 2).step_by(2) {
        println!("  {:6.1} {:7.2}", rows[j].to_degrees(), wind[j]);
    }

    // climatology: the mean over time
    let ground = s
        .orography(low)?
        .unwrap_or_else(|| Array1::zeros((low + 1) * (low + 2) / 2));
    let surface = |state: &State, from: usize| {
        (state.truncated(from, low).geopotential + &ground) / Complex64::from(equation.gravity)
    };
    let mut climate = Array1::<Complex64>::zeros((low + 1) * (low + 2) / 2);
    let heights: Vec<Array1<Complex64>> = days.iter().map(|x| surface(x, top)).collect();
    for height in &heights {
        for (c, x) in climate.iter_mut().zip(height) {
            *c += x / heights.len() as f64;
        }
    }
    let anomaly = |x: &Array1<Complex64>| x - &climate;
    let norm = |x: &Array1<Complex64>| product(x, x, low).sqrt();
    let lag = |k: usize| {
        let pairs = heights.windows(k + 1).step_by(5);
        let (mut sum, mut count) = (0.0, 0.0);
        for pair in pairs {
            let (a, b) = (anomaly(&pair[0]), anomaly(&pair[k]));
            sum += product(&a, &b, low) / (norm(&a) * norm(&b));
            count += 1.0;
        }
        sum / count
    };
    let lags = [1, 2, 3, 5, 10, 20, 30, 60, 90].map(|k| (k, lag(k)));
    println!("correlation of height anomalies k days apart: {lags:.3?}");

    // forecasts
    let coarse = s.solver(s.coarse)?;
    let gap = (days.len() - s.lead - 1) / s.starts;
    let mut sums = vec![[0.0f64; 6]; s.lead + 1];
    let mut growth = vec![0.0f64; s.lead + 1];
    for k in 0..s.starts {
        let first = k * gap;
        let truth = |lead: usize| &heights[first + lead];
        let from = days[first].truncated(top, s.coarse);
        let mut lead = 0;
        run(
            &coarse,
            Checkpoint::start(from),
            s.lead as f64,
            1.0,
            |_, x| {
                let x = surface(x, s.coarse);
                let y = truth(lead);
                let (dx, dy) = (anomaly(&x), anomaly(y));
                let acc = |a: &Array1<Complex64>| product(a, &dy, low) / (norm(a) * norm(&dy));
                let still = anomaly(truth(0));
                let sum = &mut sums[lead];
                for (sum, value) in sum.iter_mut().zip([
                    product(&(&x - y), &(&x - y), low),
                    acc(&dx),
                    product(&(truth(0) - y), &(truth(0) - y), low),
                    acc(&still),
                    product(&dy, &dy, low),
                    1.0,
                ]) {
                    *sum += value;
                }
                lead += 1;
            },
        )?;
        // twins at full truncation, the second nudged: both start afresh
        let nudged = RandomFlow {
            seed: 99 + k as u64,
            rms_wind: 1e-3,
            mean_depth: s.depth,
            ..RandomFlow::default()
        };
        let mut other = days[first].clone();
        other.vorticity += &nudged.generate(&transform, equation)?.initial.vorticity;
        let mut twin: Vec<State> = Vec::new();
        run(
            &solver,
            Checkpoint::start(days[first].clone()),
            s.lead as f64,
            1.0,
            |_, x| {
                twin.push(x.clone());
            },
        )?;
        let mut lead = 0;
        run(
            &solver,
            Checkpoint::start(other),
            s.lead as f64,
            1.0,
            |_, x| {
                let d = &x.vorticity - &twin[lead].vorticity;
                growth[lead] += product(&d, &d, top).sqrt().ln() / s.starts as f64;
                lead += 1;
            },
        )?;
    }
    println!(
        "T{} against T{}, {} starts, height in m up to T{low}",
        s.coarse, s.truncation, s.starts
    );
    println!(
        "  day  RMSE T{}   ACC   RMSE pers.  ACC   RMSE clim.   twins: ln|zeta|, doubling",
        s.coarse
    );
    for (lead, sum) in sums.iter().enumerate() {
        let [a, b, c, d, e, n] = *sum;
        let root = |x: f64| (x / n).sqrt();
        let doubling = if lead > 0 {
            2f64.ln() / (growth[lead] - growth[lead - 1])
        } else {
            f64::NAN
        };
        println!(
            "  {lead:3} {:8.2} {:8.3} {:8.2} {:8.3} {:8.2} {:12.2} {doubling:8.2}",
            root(a),
            b / n,
            root(c),
            d / n,
            root(e),
            growth[lead]
        );
    }
    if !s.pictures.is_empty() {
        // raw f32: per picture vorticity, height, wind on the grid, north to south
        let mut file = std::fs::File::create(&s.pictures)?;
        let last = days.len() - 1;
        for k in [0, last / 3, 2 * last / 3, last - 1, last] {
            let state = &days[k];
            let grid = state.to_grid(&transform, &equation)?;
            let mut zeta =
                ndarray::Array3::zeros((1, grid.thickness.nrows(), grid.thickness.ncols()));
            let spectrum = state.vorticity.view().insert_axis(ndarray::Axis(0));
            transform.synthesis(spectrum, zeta.view_mut());
            let values = zeta
                .iter()
                .chain(&grid.thickness)
                .chain(&grid.eastward_wind);
            let bytes: Vec<u8> = values.flat_map(|x| (*x as f32).to_le_bytes()).collect();
            file.write_all(&bytes)?;
        }
    }
    Ok(())
}
