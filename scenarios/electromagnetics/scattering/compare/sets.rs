//! Scenes that everyone is asked for, on the points that they are asked at.

use super::CompareSettings;
use crate::compare::{Relation, TestSet};
use crate::electromagnetics::scattering::Settings;
use crate::electromagnetics::scattering::bodies::{Kind, SceneEntry};
use crate::electromagnetics::scattering::generate::scene;
use crate::electromagnetics::scattering::rivals::input;
use crate::electromagnetics::scattering::settings::SolverSettings;
use crate::electromagnetics::scattering::solve::medium;
use crate::error::Result;
use ndarray::Array2;
use num_complex::Complex64;

/// A set with its scenes.
pub struct Set {
    /// Its name, relation and size.
    pub about: TestSet,
    /// The wave, the square, and the points of this set.
    pub solver: SolverSettings,
    /// The scenes.
    pub scenes: Vec<Asked>,
}

/// A scene, and what a network or a neighbour is told of it.
pub struct Asked {
    /// Bodies and wave.
    pub scene: SceneEntry,
    /// Relative permittivity on the set's points, `[y, x]`.
    pub permittivity: Array2<f64>,
    /// The wave there.
    pub incident: Array2<Complex64>,
    /// Both as the operator's input, `[channel][y][x]`.
    pub input: Vec<f32>,
    /// The same on the points of the training scenes.
    pub among_training: Vec<f32>,
}

/// The held-out set and those beyond.
///
/// # Errors
/// Bodies that find no room, or that the mesh of the training data cannot have.
pub fn sets(settings: &Settings, c: &CompareSettings, held_out: &[usize]) -> Result<Vec<Set>> {
    let evaluation = &settings.evaluation;
    let half = c.samples.div_ceil(2);
    let [low, high] = evaluation.beyond_permittivity;
    let own = settings.solver.points;
    let first = settings.training_set.scenes;
    let fresh: Vec<usize> = (first..first + half).collect();
    let held: Vec<usize> = held_out.iter().take(c.samples).copied().collect();
    let beyond = Relation::OutOfDistribution;
    let mut wanted = vec![
        ("held out".into(), Relation::HeldOut, Kind::Trained, own),
        (
            format!("permittivity {low} to {high}"),
            beyond,
            Kind::Permittivity,
            own,
        ),
        (
            format!("{} bodies", evaluation.beyond_bodies),
            beyond,
            Kind::Bodies,
            own,
        ),
    ];
    for points in &c.points {
        let name = format!("{points} points along a side");
        wanted.push((name, Relation::OffResolution, Kind::Trained, *points));
    }
    let mut sets = Vec::new();
    for (name, relation, kind, points) in wanted {
        let numbers = match relation {
            Relation::HeldOut => &held[..],
            Relation::OffResolution => &held[..half.min(held.len())],
            Relation::OutOfDistribution => &fresh[..],
        };
        let solver = SolverSettings {
            points,
            ..settings.solver
        };
        let scenes = numbers
            .iter()
            .map(|number| asked(settings, &solver, scene(settings, kind, *number)?))
            .collect::<Result<Vec<_>>>()?;
        sets.push(Set {
            about: TestSet {
                name,
                relation,
                samples: scenes.len(),
            },
            solver,
            scenes,
        });
    }
    Ok(sets)
}

fn asked(settings: &Settings, solver: &SolverSettings, scene: SceneEntry) -> Result<Asked> {
    let told = |solver: &SolverSettings| medium(solver, solver.cells, &scene);
    let (permittivity, incident) = told(solver)?;
    let own = input(&permittivity, &incident);
    let among_training = match solver.points == settings.solver.points {
        true => own.clone(),
        false => {
            let (permittivity, incident) = told(&settings.solver)?;
            input(&permittivity, &incident)
        }
    };
    Ok(Asked {
        scene,
        permittivity,
        incident,
        input: own,
        among_training,
    })
}
