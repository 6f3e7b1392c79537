//! The electromagnetic solver against what is known, at full size; case, target, measured figure.
//!
//! ```text
//! cargo run --release -p curlwind-solvers --example validate_maxwell [CASE ...]
//! ```
//!
//! Without names all cases run, in a few minutes. The exit status is 1 when a target is missed.

mod absorbing_layer;
mod cavity;
mod guide;
mod half_wave_dipole;
mod hertzian_dipole;
mod microstrip;
mod phase_velocity;
mod slab;
mod spheres;

use curlwind_solvers::Result;
use std::process::ExitCode;
use std::time::Instant;

/// Targets and what was measured.
#[derive(Default)]
struct Table {
    missed: usize,
}

impl Table {
    /// A figure that shall be below its target.
    fn below(&mut self, case: &str, target: f64, measured: f64) {
        self.line(case, format!("< {target}"), measured, measured < target);
    }

    /// A figure that shall be near a value, by a relative tolerance.
    fn near(&mut self, case: &str, value: f64, tolerance: f64, measured: f64) {
        let met = (measured / value - 1.0).abs() < tolerance;
        let target = format!("{value} +- {} %", 100.0 * tolerance);
        self.line(case, target, measured, met);
    }

    /// A figure without a target.
    fn note(&self, case: &str, measured: f64) {
        println!("{case:<66} {:>18} {measured:>12.5}", "");
    }

    fn line(&mut self, case: &str, target: String, measured: f64, met: bool) {
        self.missed += usize::from(!met);
        let size = measured.abs();
        let figure = if size != 0.0 && !(1e-3..1e4).contains(&size) {
            format!("{measured:.2e}")
        } else {
            format!("{measured:.5}")
        };
        let verdict = if met { "met" } else { "MISSED" };
        println!("{case:<66} {target:>18} {figure:>12}  {verdict}");
    }
}

type Case = fn(&mut Table) -> Result<()>;

const CASES: [(&str, Case); 9] = [
    ("cavity", cavity::run),
    ("phase-velocity", phase_velocity::run),
    ("absorbing-layer", absorbing_layer::run),
    ("hertzian-dipole", hertzian_dipole::run),
    ("half-wave-dipole", half_wave_dipole::run),
    ("slab", slab::run),
    ("guide", guide::run),
    ("microstrip", microstrip::run),
    ("spheres", spheres::run),
];

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let known = CASES.map(|c| c.0);
    if let Some(name) = names.iter().find(|n| !known.contains(&n.as_str())) {
        eprintln!("no case {name}; expected {}", known.join(", "));
        return ExitCode::from(2);
    }
    let mut table = Table::default();
    for (name, case) in CASES {
        if !names.is_empty() && !names.iter().any(|n| n == name) {
            continue;
        }
        let start = Instant::now();
        if let Err(error) = case(&mut table) {
            eprintln!("{name}: {error}");
            return ExitCode::FAILURE;
        }
        println!("    {name}: {:.1} s", start.elapsed().as_secs_f64());
    }
    if table.missed > 0 {
        println!("{} targets missed", table.missed);
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
