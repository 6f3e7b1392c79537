//! `curlwind list`: what there is to run.

use super::Options;
use super::options::say;
use crate::catalogue::built_in;
use crate::error::Result;
use crate::weather::shallow_water::CASES;
use curlwind_operators::network::KINDS;

/// Prints the built-in scenarios, the cases they accept and the operators.
pub fn list(options: &Options) -> Result<()> {
    if options.json {
        let scenarios: Vec<_> = built_in().map(|s| (s.name, s.about)).collect();
        let all = serde_json::json!({ "scenarios": scenarios, "cases": CASES, "operators": KINDS });
        return say(&all.to_string());
    }
    let line = |name: &str, about: &str| format!("  {name:<20} {about}");
    let mut lines = vec!["Scenarios".to_string()];
    lines.extend(built_in().map(|s| line(s.name, s.about)));
    lines.push("\nInitial states (--set initial.case=...)".into());
    lines.extend(CASES.iter().map(|(name, about)| line(name, about)));
    lines.push("\nOperators (operator.kind)".into());
    lines.extend(KINDS.iter().map(|(name, about)| line(name, about)));
    say(&lines.join("\n"))
}
