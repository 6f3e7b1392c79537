//! The program: reads the command line, runs the command, turns its end into an exit status.

use clap::Parser;
use curlwind::commands::Cli;
use std::process::ExitCode;

// Training allocates and frees buffers of megabytes at every step; an allocator that keeps
// them avoids page faults that cost a quarter of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().execute() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("curlwind: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}
