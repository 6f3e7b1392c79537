//! Networks of fields on a device: time of a training step, and of a training to a given error; and
//! every kernel of the Fourier neural operator against the CPU.
//!
//!     cargo run --release -p curlwind-operators --example fno time [CASE|all] [STEPS] [DEVICE]
//!     cargo run --release -p curlwind-operators --example fno learn PAIRS [EPOCHS] [SEED]
//!     cargo run --release -p curlwind-operators --features cuda --example fno check DEVICE
//!
//! Devices are `cpu`, `cuda:N` and `wgpu`.

mod check;
mod learn;
mod time;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |n: usize| arguments.get(n).map(String::as_str);
    let device = |n: usize| curlwind_operators::device::select(argument(n).unwrap_or("cpu"));
    match argument(0) {
        Some("time") => {
            let steps = argument(2).map_or(Ok(40), str::parse)?;
            time::run(argument(1).unwrap_or("all"), steps, &device(3)?)
        }
        Some("learn") => {
            let pairs = argument(1).ok_or("expected `learn PAIRS [EPOCHS] [SEED]`")?;
            let epochs = argument(2).map_or(Ok(20), str::parse)?;
            learn::run(pairs, epochs, argument(3).map_or(Ok(0), str::parse)?)
        }
        Some("check") => check::run(&device(1)?),
        _ => Err("expected `time [CASE|all] [STEPS] [DEVICE]`, `learn PAIRS [EPOCHS] [SEED]` or `check DEVICE`".into()),
    }
}
