//! Times steps of shallow water on a device:
//! `time_shallow_water_device DEVICE TRUNCATION MEMBERS f32|f64 [rk4|semi_implicit] [steps]`.
//!
//! Random flows, damped. After a warm-up, stretches of so many steps are timed with the device
//! synchronised before and after each; printed are the median, least and most, in microseconds for a
//! step of all members and for that of one.

use curlwind_solvers::device::Device;
use curlwind_solvers::device::Real;
use curlwind_solvers::shallow_water::cases::RandomFlow;
use curlwind_solvers::shallow_water::device::Ensemble;
use curlwind_solvers::shallow_water::{Checkpoint, Integrator, RawFilter, ShallowWater};
use curlwind_solvers::sphere::{SphereGrid, SphericalTransform};
use curlwind_solvers::time_stepping::Diffusion;
use std::sync::Arc;
use std::time::Instant;

type Failure = Box<dyn std::error::Error>;

/// Stretches that are timed.
const STRETCHES: usize = 7;

/// Different initial states; further members repeat them.
const FLOWS: usize = 4;

struct Request {
    device: Device,
    truncation: usize,
    members: usize,
    integrator: Integrator,
    steps: u64,
}

fn time<F: Real>(request: &Request) -> Result<(), Failure> {
    let top = request.truncation;
    let plan = Arc::new(SphericalTransform::new(
        SphereGrid::for_truncation(top)?,
        top,
    )?);
    let cases = (0..FLOWS.min(request.members))
        .map(|seed| {
            let flow = RandomFlow {
                seed: seed as u64,
                ..Default::default()
            };
            flow.generate(&plan, ShallowWater::default())
        })
        .collect::<Result<Vec<_>, _>>()?;
    let builder = cases[0]
        .solver(&plan)
        .integrator(request.integrator)
        .diffusion(Some(Diffusion::with_time(4, 6.0 * 3600.0)?));
    let limit = builder
        .clone()
        .build()?
        .stable_time_step(&cases[0].initial)?;
    let solver = builder.time_step(0.5 * limit).build()?;
    let mut ensemble = Ensemble::<F>::new(&solver, &request.device, request.members)?;
    let starts: Vec<_> = (0..request.members)
        .map(|n| Checkpoint::start(cases[n % cases.len()].initial.clone()))
        .collect();
    ensemble.set(&starts)?;
    ensemble.advance(request.steps.min(10) + 1)?;
    request.device.synchronise()?;
    let mut times = Vec::new();
    for _ in 0..STRETCHES {
        let start = Instant::now();
        ensemble.advance(request.steps)?;
        request.device.synchronise()?;
        times.push(start.elapsed().as_secs_f64() * 1e6 / request.steps as f64);
    }
    times.sort_by(f64::total_cmp);
    let (median, least, most) = (times[STRETCHES / 2], times[0], times[STRETCHES - 1]);
    println!(
        "{} T{top} {} {} {} members: {median:.1} us a step ({least:.1} to {most:.1}), {:.2} us a \
         member-step",
        request.device.name(),
        F::NAME,
        match request.integrator {
            Integrator::Rk4 => "rk4",
            Integrator::SemiImplicit(_) => "semi_implicit",
        },
        request.members,
        median / request.members as f64,
    );
    Ok(())
}

fn main() -> Result<(), Failure> {
    let given: Vec<_> = std::env::args().skip(1).collect();
    let usage = "expected DEVICE TRUNCATION MEMBERS f32|f64 [rk4|semi_implicit] [steps]";
    let [device, truncation, members, precision, rest @ ..] = given.as_slice() else {
        return Err(usage.into());
    };
    let integrator = match rest.first().map(String::as_str) {
        None | Some("rk4") => Integrator::Rk4,
        Some("semi_implicit") => Integrator::SemiImplicit(RawFilter::default()),
        Some(_) => return Err(usage.into()),
    };
    let request = Request {
        device: Device::open(device)?,
        truncation: truncation.parse()?,
        members: members.parse()?,
        integrator,
        steps: rest.get(1).map_or(Ok(50), |s| s.parse())?,
    };
    match precision.as_str() {
        "f32" => time::<f32>(&request),
        "f64" => time::<f64>(&request),
        _ => Err(usage.into()),
    }
}
