//! Models that an engine refuses.

use super::super::{Engine, Scheme, Simulation, Stop, StopReason};
use crate::Error;
use crate::maxwell::{
    Component, Cpml, EdgeMedium, FieldRegion, Mesh, Model, Pole, Probe, SeriesElement, SourceTerm,
    Wall,
};
use ndarray::Array2;
use std::ops::ControlFlow;

fn model() -> Model {
    let mesh = Mesh::uniform([12, 10, 8], [1e-3; 3]).unwrap();
    let mut model = Model::vacuum(mesh, [[Wall::Pec; 2]; 3]);
    model.waveforms = Array2::ones((10, 2));
    model
}

fn refused(change: impl FnOnce(&mut Model), part: &str) {
    let mut model = model();
    change(&mut model);
    let message = match Simulation::<f32>::new(&model, Scheme::Reference) {
        Err(error) => error.to_string(),
        Ok(_) => "accepted".into(),
    };
    assert!(message.contains(part), "{part}: {message}");
}

#[test]
fn contradictions_are_named() {
    let source = SourceTerm {
        component: Component::Ez,
        index: [3, 3, 3],
        waveform: 0,
        scale: 1.0,
    };
    let element = SeriesElement {
        component: Component::Ez,
        index: [3, 3, 3],
        resistance: 50.0,
        inductance: 0.0,
        capacitance: f64::INFINITY,
        waveform: None,
    };
    refused(|m| m.time_step *= 1.05, "Courant");
    refused(
        |m| {
            m.edge_media.push(EdgeMedium::lossless(0.5));
            m.edges[0][[1, 1, 1]] = 1;
        },
        "Courant",
    );
    refused(|m| m.time_step = f64::NAN, "time step");
    refused(|m| m.walls[1][0] = Wall::Periodic, "periodic on one side");
    refused(
        |m| m.walls[2][0] = Wall::Cpml(Cpml::new(8)),
        "more than the 8",
    );
    refused(|m| m.edges[1][[2, 2, 2]] = 4, "medium of a value of Ey");
    refused(
        |m| {
            m.edge_media.push(EdgeMedium::Dielectric {
                permittivity: 1.0,
                conductivity: 0.0,
                poles: vec![Pole::debye(-1.0, 1e-12)],
            });
        },
        "pole of edge medium 1",
    );
    refused(
        |m| {
            m.sources.push(SourceTerm {
                waveform: 2,
                ..source
            })
        },
        "waveform of source 0",
    );
    refused(
        |m| {
            m.sources.push(SourceTerm {
                index: [3, 3, 8],
                ..source
            })
        },
        "along z below 8",
    );
    refused(
        |m| {
            m.sources.push(SourceTerm {
                index: [0, 3, 3],
                ..source
            })
        },
        "conducting walls",
    );
    refused(
        |m| {
            m.elements.push(SeriesElement {
                resistance: 0.0,
                ..element
            })
        },
        "impedance",
    );
    refused(
        |m| {
            m.edge_media.push(EdgeMedium::Pec);
            m.edges[2][[3, 3, 3]] = 1;
            m.elements.push(element);
        },
        "in a conductor",
    );
    refused(
        |m| {
            m.probes.push(Probe {
                component: Component::Hx,
                index: [3, 10, 3],
            })
        },
        "probe 0 on Hx",
    );
    let region = FieldRegion {
        component: Component::Ex,
        ranges: [0..12, 0..11, 3..4],
        frequencies: vec![1e9],
        interval: 1,
    };
    refused(
        |m| {
            m.regions.push(FieldRegion {
                ranges: [0..13, 0..11, 3..4],
                ..region.clone()
            })
        },
        "along x below 12",
    );
    refused(
        |m| {
            m.regions.push(FieldRegion {
                interval: 1000,
                ..region.clone()
            })
        },
        "sampling rate",
    );
}

/// More memory than any machine has is refused with the estimate, before it is asked for.
#[test]
fn too_large_a_region_is_refused() {
    let mut model = model();
    for _ in 0..100_000 {
        model.regions.push(FieldRegion {
            component: Component::Ex,
            ranges: [0..12, 0..11, 0..9],
            frequencies: vec![1e9; 1000],
            interval: 1,
        });
    }
    let error = Simulation::<f64>::new(&model, Scheme::Reference).err();
    assert!(matches!(error, Some(Error::Memory { .. })), "{error:?}");
}

#[test]
fn runs_end_for_a_reason() {
    let stop = Stop {
        max_steps: 4000,
        energy_fraction: Some(1e-4),
        check_interval: 20,
    };
    let mut model = model();
    model.sources.push(SourceTerm {
        component: Component::Ez,
        index: [6, 5, 4],
        waveform: 0,
        scale: 1.0,
    });
    // closed and without loss: never
    let mut closed = Simulation::<f32>::new(&model, Scheme::Reference).unwrap();
    let end = closed
        .run(
            &Stop {
                max_steps: 100,
                ..stop
            },
            &mut |_| ControlFlow::Continue(()),
        )
        .unwrap();
    assert_eq!((end.reason, end.step), (StopReason::MaxSteps, 100));
    assert!(!end.reached());
    // lossy: soon
    model.edge_media = vec![EdgeMedium::Dielectric {
        permittivity: 1.0,
        conductivity: 0.5,
        poles: Vec::new(),
    }];
    let mut lossy = Simulation::<f32>::new(&model, Scheme::Reference).unwrap();
    let end = lossy
        .run(&stop, &mut |_| ControlFlow::Continue(()))
        .unwrap();
    assert!(end.reached() && end.step < 4000 && end.energy_fraction() <= 1e-4);
    // broken off
    let end = lossy.run(&stop, &mut |_| ControlFlow::Break(())).unwrap();
    assert_eq!(end.reason, StopReason::Observer);
    // a source that overflows
    model.waveforms.fill(1e300);
    let mut wild = Simulation::<f32>::new(&model, Scheme::Reference).unwrap();
    let error = wild
        .run(&stop, &mut |_| ControlFlow::Continue(()))
        .unwrap_err();
    assert!(matches!(error, Error::NotFinite { .. }));
}
