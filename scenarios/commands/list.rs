//! `curlwind list`: what there is to run.

use super::Options;
use crate::catalogue::built_in;
use crate::error::Result;
use crate::weather::shallow_water::CASES;
use curlwind_operators::network::KINDS;

/// Prints the built-in scenarios, the cases they accept and the operators.
pub fn list(options: &Options) -> Result<()> {
    if options.json {
        let scenarios: Vec<_> = built_in().map(|s| (s.name, s.about)).collect();
        println!(
            "{}",
            serde_json::json!({ "scenarios": scenarios, "cases": CASES, "operators": KINDS })
        );
        return Ok(());
    }
    println!("Scenarios");
    for scenario in built_in() {
        println!("  {:<20} {}", scenario.name, scenario.about);
    }
    println!("\nInitial states (--set initial.case=...)");
    for (name, about) in CASES {
        println!("  {name:<20} {about}");
    }
    println!("\nOperators (operator.kind)");
    for (name, about) in KINDS {
        println!("  {name:<20} {about}");
    }
    Ok(())
}
