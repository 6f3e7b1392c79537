//! Networks of fields on a device: time of a training step; and every kernel of the Fourier neural
//! operator against the CPU.
//!
//!     cargo run --release -p curlwind-operators --example fno time [CASE|all] [STEPS] [DEVICE]
//!     cargo run --release -p curlwind-operators --features cuda --example fno check DEVICE
//!
//! Devices are `cpu`, `cuda:N` and `wgpu`.

mod check;
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
        Some("check") => check::run(&device(1)?),
        _ => Err("expected `time [CASE|all] [STEPS] [DEVICE]` or `check DEVICE`".into()),
    }
}
