use super::Table;
use curlwind_solvers::Result;
pub fn run(_: &mut Table) -> Result<()> {
    Ok(())
}
