//! The design surrogate on the sweep of a bowtie antenna from a commercial full-wave solver.
//!
//! ```text
//! cargo run --release --example bowtie -- bowtie_s11.h5 [CASE ...]
//! ```
//!
//! The file holds `design` [495, 3] (mm, a full 11 x 9 x 5 grid), `frequency` [1001] (GHz) and
//! `s11_db` [495, 1001]. Printed are relative L2 errors in dB, of all designs together and as the
//! mean over designs, beside the mean of the training curves and the nearest training design, and
//! the share of true values within the 90 % intervals.
//!
//! The third parameter changes the curves by 1e-5 only, so a shuffled fold finds each of its curves
//! in the training data under another third parameter. `distinct` folds keep all five copies of a
//! curve together: that is the error at a new antenna. Cases: `shuffled`, `distinct`, `slabs`,
//! `few`; all without an argument.

use curlwind_operators::design::scores::{
    coverage, mean_predictor, nearest_neighbour, relative_l2,
};
use curlwind_operators::design::{DesignData, DesignSurrogate, DesignSurrogateConfig, Response};
use curlwind_operators::training::RunOptions;
use ndarray::{Array2, Axis};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const FOLDS: usize = 10;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("expected the path of bowtie_s11.h5")?;
    let cases: Vec<String> = arguments.collect();
    let wanted = |name: &str| cases.is_empty() || cases.iter().any(|case| case == name);
    let data = read(&path)?;
    println!("                       pooled / mean relative L2 in dB");
    println!("                       surrogate      nearest        mean curve     held  s");
    let designs = data.designs();
    if wanted("shuffled") {
        let mut order: Vec<usize> = (0..designs).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
        folds(&data, "shuffled", &|fold| {
            order[fold * designs / FOLDS..(fold + 1) * designs / FOLDS].to_vec()
        })?;
    }
    if wanted("distinct") {
        // Rows are ordered with the third parameter fastest.
        let mut order: Vec<usize> = (0..designs / 5).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(0));
        let curves = order.len();
        folds(&data, "distinct", &|fold| {
            let part = &order[fold * curves / FOLDS..(fold + 1) * curves / FOLDS];
            part.iter().flat_map(|c| 5 * c..5 * c + 5).collect()
        })?;
    }
    if wanted("slabs") {
        for parameter in 0..3 {
            let column = data.parameters.column(parameter);
            for pick in [f64::min, f64::max] {
                let edge = column.iter().copied().reduce(pick).unwrap_or(0.0);
                let test: Vec<usize> = (0..designs).filter(|d| column[*d] == edge).collect();
                let score = score(&data, &test)?;
                score.print(&format!(
                    "slab {} = {edge}",
                    data.parameter_names[parameter]
                ));
            }
        }
    }
    if wanted("few") {
        few(&data)?;
    }
    Ok(())
}

/// 32 antennas at 201 frequencies, as a sweep of one's own may have; tested on all others.
fn few(data: &DesignData) -> Result<()> {
    let mut order: Vec<usize> = (0..data.designs() / 5).map(|c| 5 * c).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(1));
    let mut small = data.select(&order);
    let every: Vec<usize> = (0..data.frequencies.len()).step_by(5).collect();
    small.frequencies = every.iter().map(|f| data.frequencies[*f]).collect();
    if let Response::Decibel(values) = &small.response {
        small.response = Response::Decibel(values.select(Axis(2), &every));
    }
    for count in [20, 32] {
        let test: Vec<usize> = (count..small.designs()).collect();
        score(&small, &test)?.print(&format!("{count} antennas, 201 f"));
    }
    Ok(())
}

/// Error and baselines of one split.
struct Score {
    /// Pooled and mean relative L2 of surrogate, nearest neighbour and mean curve.
    errors: [[f64; 2]; 3],
    coverage: f64,
    seconds: f64,
}

impl Score {
    fn print(&self, name: &str) {
        let cells = self
            .errors
            .map(|[pooled, mean]| format!("{pooled:.4}/{mean:.4}"));
        println!(
            "{name:22} {:14} {:14} {:14} {:.3} {:4.0}",
            cells[0], cells[1], cells[2], self.coverage, self.seconds
        );
    }
}

fn folds(data: &DesignData, name: &str, test: &dyn Fn(usize) -> Vec<usize>) -> Result<()> {
    let mut mean = Score {
        errors: [[0.0; 2]; 3],
        coverage: 0.0,
        seconds: 0.0,
    };
    for fold in 0..FOLDS {
        let score = score(data, &test(fold))?;
        score.print(&format!("  {name} fold {}", fold + 1));
        for (sum, values) in mean.errors.iter_mut().zip(score.errors) {
            sum[0] += values[0] / FOLDS as f64;
            sum[1] += values[1] / FOLDS as f64;
        }
        mean.coverage += score.coverage / FOLDS as f64;
        mean.seconds += score.seconds;
    }
    mean.print(&format!("{FOLDS}-fold {name}"));
    Ok(())
}

fn score(data: &DesignData, test: &[usize]) -> Result<Score> {
    let training: Vec<usize> = (0..data.designs()).filter(|d| !test.contains(d)).collect();
    let (training, test) = (data.select(&training), data.select(test));
    let truth = test.response.decibel();
    let start = Instant::now();
    let folder = tempfile::tempdir()?;
    let device = curlwind_operators::device::select("cpu")?;
    let config = DesignSurrogateConfig::default();
    let options = RunOptions {
        quiet: true,
        ..Default::default()
    };
    let surrogate = DesignSurrogate::train(&training, &config, &device, folder.path(), options)?;
    let seconds = start.elapsed().as_secs_f64();
    let prediction = surrogate.predict(&test.parameters)?;
    let error = |response: &Response| {
        let score = relative_l2(&response.decibel(), &truth);
        [score.pooled, score.mean]
    };
    Ok(Score {
        errors: [
            error(&prediction.mean),
            error(&nearest_neighbour(&training, &test.parameters)),
            error(&mean_predictor(&training, test.designs())),
        ],
        coverage: coverage(&prediction.decibel(), &prediction.radius, &truth),
        seconds,
    })
}

fn read(path: &str) -> Result<DesignData> {
    let file = hdf5::File::open(path)?;
    let parameters: Array2<f64> = file.dataset("design")?.read_2d()?;
    let frequencies: Vec<f64> = file.dataset("frequency")?.read_raw()?;
    let s11: Array2<f64> = file.dataset("s11_db")?.read_2d()?;
    Ok(DesignData {
        parameter_names: ["a", "b", "c"].map(String::from).to_vec(),
        parameters,
        port_pairs: vec![[1, 1]],
        frequencies: frequencies.into_iter().map(|f| f * 1e9).collect(),
        response: Response::Decibel(s11.insert_axis(Axis(1))),
    })
}
