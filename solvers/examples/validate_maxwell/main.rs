//! The electromagnetic solver against what is known, at full size:
//! `validate_maxwell [absorbing-layer ...]`, all without arguments. The exit status is 1 when a
//! target is missed.

mod absorbing_layer;

use curlwind_solvers::Result;

/// Targets and what was measured.
#[derive(Default)]
pub struct Table {
    missed: usize,
}

impl Table {
    /// A figure that shall be below its target.
    pub fn below(&mut self, case: &str, target: f64, measured: f64) {
        let met = measured < target;
        self.missed += usize::from(!met);
        println!(
            "{case:<64} {target:>10.3e} {measured:>11.3e}  {}",
            if met { "met" } else { "MISSED" }
        );
    }
}

fn main() -> Result<()> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.first().is_some_and(|n| n == "scan") {
        let v: Vec<f64> = names[3..].iter().map(|x| x.parse().unwrap()).collect();
        return absorbing_layer::scan(&v, &names[1], names[2].parse().unwrap());
    }
    let wanted = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
    let mut table = Table::default();
    if wanted("absorbing-layer") {
        absorbing_layer::run(&mut table)?;
    }
    if table.missed > 0 {
        println!("{} targets missed", table.missed);
        std::process::exit(1);
    }
    Ok(())
}
