//! The program: reads the command line, runs the command, turns its end into an exit status.

use clap::Parser;
use curlwind::commands::Cli;
use curlwind::ranks::{self, World};
use std::process::ExitCode;

// Training allocates and frees buffers of megabytes at every step; an allocator that keeps
// them avoids page faults that cost a quarter of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let world = match World::start() {
        Ok(world) => world,
        Err(error) => {
            eprintln!("curlwind: {error}");
            return ExitCode::from(error.exit_status());
        }
    };
    match Cli::try_parse() {
        Ok(cli) => match cli.execute() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => world.fail(&error),
        },
        // help and the version come this way, too
        Err(usage) => {
            if ranks::rank() == 0 {
                let _ = usage.print();
            }
            ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2))
        }
    }
}
