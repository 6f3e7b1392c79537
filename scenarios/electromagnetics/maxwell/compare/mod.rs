//! `compare` for the designs of a sweep: the solver on ever finer meshes against surrogates of several
//! seeds.

mod designs;
mod experiment;

use self::designs::{Mesh, refined, sets, solve_kept};
use self::experiment::{DesignExperiment, Neighbours};
use super::Loaded;
use super::scene::CompareEntry;
use super::sweep::cache::Cache;
use super::sweep::designs::Plan;
use super::sweep::queue::{Solved, written};
use super::sweep::surrogate::data;
use crate::commands::Options;
use crate::compare::experiment::axis;
use crate::compare::measurements::{Cost, TimeStep};
use crate::compare::{self, About, Contestant, Effort, Kind, Task};
use crate::config::to_toml;
use crate::error::{Error, Result};
use crate::on_cores::on_cores;
use crate::run_folder::RunFolder;
use curlwind_operators::design::{DesignData, DesignSurrogate};
use curlwind_operators::training::RunOptions;
use std::path::Path;

/// How a design's S parameters are timed: seconds each, so fewer calls than of what takes none.
const EFFORT: Effort = Effort {
    calls: 5,
    largest_batch: 16,
    patience: 6.0,
};

/// Solves the designs of the sweep, trains surrogates of several seeds, asks solvers and surrogates for
/// other designs, and writes the report.
///
/// # Errors
/// A scene without `[compare]`, `[sweep]` or ports; a reference that fails; files that cannot be written.
pub fn compare(
    loaded: &Loaded,
    folder: &RunFolder,
    against: Option<&Path>,
    options: &Options,
) -> Result<String> {
    let scene = &loaded.scene;
    let Some(c) = &scene.compare else {
        return Err(loaded.refuse("compare", "expected a table `[compare]` to compare by"));
    };
    loaded.check_compare(c)?;
    let plan = loaded.plan()?;
    let cache = Cache::open(&folder.folder("designs")?)?;
    let solved = solved(loaded, c, &plan, &cache, folder, options)?;
    let data = data(&plan.ranges, &solved)?;
    let (surrogates, entered, cost) = train(loaded, c, &data, folder, options)?;
    let experiment = DesignExperiment {
        contestants: contestants(loaded, c, entered)?,
        surrogates,
        neighbours: Neighbours::new(&plan.ranges, &data),
        sets: sets(loaded, c, &plan.ranges)?,
        task: task(loaded, c, &data)?,
        ranges: plan.ranges.clone(),
        cache,
        loaded,
    };
    let seconds = folder.manifest().phase_seconds("solve");
    let costs = vec![
        Cost::data(
            seconds,
            format!(
                "{} designs on a mesh {} times as fine as the scene's, as many at a time as there are cores",
                plan.designs.len(),
                c.data
            ),
        ),
        cost,
        Cost::tuning(&c.tuning),
    ];
    let about = About {
        title: scene.title.clone(),
        configuration: to_toml(scene)?,
        costs,
        published: c.published.clone(),
        against: against.map(Path::to_path_buf),
    };
    compare::compare(&experiment, EFFORT, about, folder, options)
}

/// The designs of the sweep, none solved twice; one that fails is nothing to learn from.
///
/// # Errors
/// A solution that cannot be kept.
fn solved(
    loaded: &Loaded,
    c: &CompareEntry,
    plan: &Plan,
    cache: &Cache,
    folder: &RunFolder,
    options: &Options,
) -> Result<Vec<Solved>> {
    let mesh = Mesh::finer(c.data);
    let kept = plan.designs.iter().all(|values| {
        let design = refined(loaded, &written(&plan.ranges, values), mesh);
        design.is_ok_and(|design| cache.get(&Cache::key(&design)).is_some())
    });
    // what was solved before is not paid for twice
    let _phase = (!kept).then(|| folder.phase("solve")).transpose()?;
    let bar = options.progress("designs");
    bar.set_length(plan.designs.len() as u64);
    let solved = on_cores(plan.designs.len(), |n| {
        let values = &plan.designs[n];
        let solved = solve_kept(loaded, &written(&plan.ranges, values), mesh, cache)?;
        bar.inc(1);
        Ok(Solved {
            values: values.clone(),
            ..solved
        })
    })?;
    bar.finish_and_clear();
    Ok(solved)
}

/// Surrogates of several seeds, those that are there already as they are.
fn train(
    loaded: &Loaded,
    c: &CompareEntry,
    data: &DesignData,
    folder: &RunFolder,
    options: &Options,
) -> Result<(Vec<DesignSurrogate>, Vec<Contestant>, Cost)> {
    let _phase = folder.phase("train")?;
    let device = curlwind_operators::device::select(&options.device).map_err(Error::unusable)?;
    let name = compare::device_name(options)?;
    let (mut surrogates, mut entered, mut times) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..options.seeds.unwrap_or(c.seeds) {
        let mut config = loaded.scene.surrogate.network.clone();
        let seed = loaded.scene.seed.wrapping_add(number as u64);
        config.seed = config.seed.wrapping_add(seed);
        let home = folder.folder(&format!("operators/surrogate_{}", number + 1))?;
        let model = home.join("model");
        let surrogate = match model.join("model.json").is_file() {
            true => DesignSurrogate::load(&model, &device).map_err(Error::failed)?,
            false => {
                let run = RunOptions {
                    quiet: options.quiet,
                    resume: true,
                    stop: None,
                };
                let trained = DesignSurrogate::train(data, &config, &device, &home, run)
                    .map_err(Error::failed)?;
                trained.save(&model).map_err(Error::failed)?;
                trained
            }
        };
        let about = surrogate.description();
        let words = format!(
            "{} members on {} designs, {} poles, {}, trained for {:.1} s",
            about.config.members,
            data.designs(),
            about.chosen.poles,
            match about.chosen.network {
                true => "networks",
                false => "response surfaces",
            },
            about.training_seconds
        );
        times.push(about.training_seconds);
        entered.push(Contestant {
            // of the solver that it learned from
            resolution: Some(c.data),
            ..Contestant::operator("surrogate", number, seed, &words, &name)
        });
        surrogates.push(surrogate);
    }
    let cost = Cost::training("surrogate", &times);
    Ok((surrogates, entered, cost))
}

fn contestants(
    loaded: &Loaded,
    c: &CompareEntry,
    operators: Vec<Contestant>,
) -> Result<Vec<Contestant>> {
    let solver = |what: &str, mesh: f64, kind: Kind| -> Result<Contestant> {
        let design = refined(loaded, &[], Mesh::finer(mesh))?;
        let problem = design.assemble()?;
        let about = format!(
            "FDTD, {:.0} cells per wavelength, {} cells for the scene's own dimensions",
            design.scene.mesh.cells_per_wavelength, problem.estimate.cells
        );
        Ok(Contestant {
            order: Some("2 (1 at conductors), 2".into()),
            time_step: Some(TimeStep {
                seconds: problem.model.time_step,
                limit: Some(problem.model.time_step / design.scene.run.courant),
            }),
            precision: match design.scene.run.precision {
                super::scene::Precision::Single => "f32",
                super::scene::Precision::Double => "f64",
            }
            .into(),
            device: loaded.device.clone(),
            ..Contestant::solver(format!("{what}@{mesh}"), mesh, &about).of_kind(kind)
        })
    };
    let mut all = vec![
        solver("reference", c.reference, Kind::Reference)?,
        solver("check", c.check, Kind::Check)?,
    ];
    for mesh in &c.resolutions {
        all.push(solver("solver", *mesh, Kind::Solver)?);
    }
    all.extend(operators);
    all.extend(["mean", "nearest neighbour"].map(Contestant::baseline));
    Ok(all)
}

fn task(loaded: &Loaded, c: &CompareEntry, data: &DesignData) -> Result<Task> {
    let variables: Vec<String> = loaded
        .plan()?
        .ranges
        .iter()
        .map(|range| {
            let text = |value| range.unit.text(value);
            format!("{} {} to {}", range.name, text(range.low), text(range.high))
        })
        .collect();
    let frequencies = &data.frequencies;
    let ends = [frequencies.first(), frequencies.last()].map(|f| f.copied().unwrap_or(f64::NAN));
    Ok(Task {
        equation: format!("Maxwell's equations: {}", loaded.scene.title),
        work: format!(
            "from {} to the S parameters at {} frequencies, {:.4} to {:.4} GHz",
            variables.join(" and "),
            frequencies.len(),
            ends[0] / 1e9,
            ends[1] / 1e9
        ),
        metric: "relative L2 error of the complex S parameters over all frequencies".into(),
        unit: String::new(),
        resolution: "fineness of the mesh, the scene's own being 1".into(),
        axis: axis("frequency (GHz)", frequencies.iter().map(|f| f / 1e9)),
        spectrum: None,
        without: [
            ("persistence", "a design has no earlier state"),
            ("climatology", "designs have no seasons; the mean is over the training designs"),
        ]
        .map(|(name, reason)| (name.to_string(), reason.to_string()))
        .to_vec(),
        limitations: vec![
            "The surrogate gives S parameters and no fields: gain and pattern need the solver. The solver's curve is timed without its far field.".into(),
            format!(
                "The surrogate learned from a mesh {} times as fine as the scene's, whose own error it inherits; truth is from one {} times as fine.",
                c.data, c.reference
            ),
            "The solver is FDTD, which takes any shape and material; for some shapes others are faster, as a method of moments is for wires alone. It runs until the energy has fallen as far as the scene asks, on every mesh.".into(),
            "The balance of energy is checked where the far field is computed: of reference and check. Of all others it is checked that no more power comes back than was sent.".into(),
            "Errors along the frequency are over the root mean square of the truth: at a resonance there is nothing to divide by.".into(),
            "Other frequencies than those learned are between them: twice as many in the same band. Baselines are interpolated there by straight lines.".into(),
            "A solver of one design uses all cores where its mesh is large enough, a surrogate asks its members side by side; in batches both use all.".into(),
        ],
    })
}

impl Loaded {
    /// What the table asks for that cannot be.
    fn check_compare(&self, c: &CompareEntry) -> Result<()> {
        let refuse = |key: &str, reason: &str| Err(self.refuse(&format!("compare.{key}"), reason));
        if self.scene.ports.is_empty() {
            return Err(self.refuse("compare", "expected ports: S parameters are compared"));
        }
        if self.scene.sweep.is_none() {
            return Err(self.refuse(
                "compare",
                "expected a table `[sweep]`: its designs are learned",
            ));
        }
        for (key, number) in [("samples", c.samples), ("seeds", c.seeds)] {
            if number == 0 {
                return refuse(key, "expected 1 or more");
            }
        }
        let positive = |value: f64| value > 0.0 && value.is_finite();
        if c.resolutions.is_empty() || !c.resolutions.iter().all(|r| positive(*r)) {
            return refuse(
                "resolutions",
                "expected numbers above 0: how many times finer than the scene's mesh",
            );
        }
        if !(positive(c.check) && positive(c.reference) && c.check < c.reference) {
            return refuse(
                "check",
                "expected a number above 0 and less than `compare.reference`",
            );
        }
        if !positive(c.data) {
            return refuse("data", "expected a number above 0");
        }
        if !positive(c.beyond) {
            return refuse("beyond", "expected a share above 0");
        }
        Ok(())
    }
}
