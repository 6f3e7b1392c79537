//! Solids on a mesh of unit cells.

use super::{Estimate, Margin, Material, Medium, MeshRules, Shape, Solid, voxelise};
use crate::maxwell::{Axis, EdgeMedium, FaceMedium, Mesh, Model, Wall};

fn model(cells: [usize; 3]) -> Model {
    Model::vacuum(Mesh::uniform(cells, [1.0; 3]).unwrap(), [[Wall::Pec; 2]; 3])
}

fn block(name: &str, min: [f64; 3], max: [f64; 3], material: Material) -> Solid {
    Solid::new(name, Shape::Box { min, max }, material)
}

fn dielectric(permittivity: f64) -> Material {
    Material::Medium(Medium::dielectric(permittivity))
}

fn medium(model: &Model, axis: Axis, [i, j, k]: [usize; 3]) -> &EdgeMedium {
    &model.edge_media[model.edges[axis as usize][[k, j, i]] as usize]
}

fn permittivity(model: &Model, axis: Axis, index: [usize; 3]) -> f64 {
    match medium(model, axis, index) {
        EdgeMedium::Pec => f64::INFINITY,
        EdgeMedium::Dielectric { permittivity, .. } => *permittivity,
    }
}

fn conductors(model: &Model) -> [usize; 3] {
    Axis::ALL.map(|a| {
        model.edges[a as usize]
            .iter()
            .filter(|&&n| model.edge_media[n as usize] == EdgeMedium::Pec)
            .count()
    })
}

#[test]
fn conductors_keep_their_faces() {
    let mut model = model([6, 6, 6]);
    let cube = block("cube", [2.0; 3], [4.0; 3], Material::Pec);
    let traces = voxelise(&mut model, &[cube]).unwrap();
    // two edges on each of nine lines
    assert_eq!(conductors(&model), [18; 3]);
    assert_eq!(traces[0].edges, 54);
    assert!(model.faces.is_none());

    let sheet = Solid::new(
        "sheet",
        Shape::Sheet {
            axis: Axis::Y,
            offset: 3.0,
            min: [1.0, 2.0],
            max: [4.0, 4.0],
        },
        Material::Pec,
    );
    voxelise(&mut model, &[sheet]).unwrap();
    // z from 1 to 4, x from 2 to 4
    assert_eq!(conductors(&model), [2 * 4, 0, 3 * 3]);
}

#[test]
fn round_conductors_take_the_edges_that_they_hold() {
    let mut model = model([24; 3]);
    let ball = Shape::Sphere {
        centre: [12.0; 3],
        radius: 8.0,
    };
    voxelise(&mut model, &[Solid::new("ball", ball, Material::Pec)]).unwrap();
    // nodes of which the next one is inside as well: what two balls a cell apart share
    let volume = 4.0 / 3.0 * std::f64::consts::PI * 512.0 * (1.0 - 3.0 / 32.0 + 1.0 / 8192.0);
    for count in conductors(&model) {
        assert!(
            (count as f64 / volume - 1.0).abs() < 0.02,
            "{count} {volume}"
        );
    }
}

#[test]
fn dielectric_interfaces_are_averaged() {
    let mut model = model([4, 4, 4]);
    let half = block("half", [0.0; 3], [4.0, 4.0, 2.0], dielectric(3.0));
    voxelise(&mut model, &[half]).unwrap();
    // tangential on the interface: the mean; normal: one side or the other
    assert_eq!(permittivity(&model, Axis::X, [1, 1, 2]), 2.0);
    assert_eq!(permittivity(&model, Axis::Z, [1, 1, 1]), 3.0);
    assert_eq!(permittivity(&model, Axis::Z, [1, 1, 2]), 1.0);
    assert_eq!(permittivity(&model, Axis::Y, [1, 1, 1]), 3.0);
    assert_eq!(model.edge_media.len(), 3);
    // a quarter of the cell off the line
    let half = block("half", [0.0; 3], [4.0, 4.0, 2.25], dielectric(3.0));
    voxelise(&mut model, &[half]).unwrap();
    assert!((permittivity(&model, Axis::X, [1, 1, 2]) - 2.5).abs() < 1e-14);
    let series = 1.0 / (0.25 / 3.0 + 0.75);
    assert!((permittivity(&model, Axis::Z, [1, 1, 2]) - series).abs() < 1e-14);
}

#[test]
fn later_and_prior_solids_win() {
    let mut model = model([6, 6, 6]);
    let mut ground = block("ground", [0.0, 0.0, 2.0], [6.0, 6.0, 4.0], Material::Pec);
    let hole = block("hole", [2.0, 2.0, 1.0], [4.0, 4.0, 5.0], dielectric(2.0));
    voxelise(&mut model, &[ground.clone(), hole.clone()]).unwrap();
    assert_eq!(permittivity(&model, Axis::Z, [3, 3, 2]), 2.0);
    // the rim stays metal, and metal does not count in the means beside it
    assert_eq!(*medium(&model, Axis::Z, [2, 3, 2]), EdgeMedium::Pec);
    assert_eq!(permittivity(&model, Axis::X, [2, 3, 3]), 2.0);
    ground.priority = 1;
    let error = voxelise(&mut model, &[ground.clone(), hole.clone()]);
    assert!(error.is_ok()); // it still shows on both sides
    assert_eq!(*medium(&model, Axis::Z, [3, 3, 2]), EdgeMedium::Pec);
    ground.shape = Shape::Box {
        min: [0.0; 3],
        max: [6.0; 3],
    };
    let error = voxelise(&mut model, &[ground, hole])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("hole") && error.contains("covered"),
        "{error}"
    );
}

#[test]
fn cells_wrap_round_periodic_walls() {
    let mesh = Mesh::uniform([4, 4, 1], [1.0; 3]).unwrap();
    let mut model = Model::vacuum(
        mesh,
        [[Wall::Periodic; 2], [Wall::Pec; 2], [Wall::Periodic; 2]],
    );
    let slab = block("slab", [0.0, 0.0, 0.0], [1.0, 4.0, 1.0], dielectric(5.0));
    voxelise(&mut model, &[slab]).unwrap();
    for i in [0, 1, 4] {
        assert_eq!(permittivity(&model, Axis::Y, [i, 1, 0]), 3.0);
        assert_eq!(permittivity(&model, Axis::Z, [i, 1, 0]), 3.0);
    }
    assert_eq!(permittivity(&model, Axis::X, [0, 1, 1]), 5.0);
    assert_eq!(permittivity(&model, Axis::X, [3, 1, 1]), 1.0);
}

#[test]
fn magnetic_and_anisotropic_media() {
    let mut model = model([4, 4, 4]);
    let medium = Medium {
        permittivity: [2.0, 3.0, 4.0],
        permeability: [5.0, 6.0, 7.0],
        magnetic_loss: [0.0, 0.0, 10.0],
        ..Medium::vacuum()
    };
    let half = block("half", [0.0; 3], [2.0, 4.0, 4.0], Material::Medium(medium));
    voxelise(&mut model, &[half]).unwrap();
    for (axis, value) in Axis::ALL.into_iter().zip([2.0, 3.0, 4.0]) {
        assert_eq!(permittivity(&model, axis, [1, 1, 1]), value);
    }
    let face = |axis: usize, i: usize| {
        model.face_media[model.faces.as_ref().unwrap()[axis][[1, 1, i]] as usize]
    };
    assert_eq!(face(1, 1).permeability, 6.0);
    assert_eq!(face(2, 2), FaceMedium::VACUUM);
    // the normal face on the interface: half of each along it
    assert!((face(0, 2).permeability - 2.0 / (1.0 + 1.0 / 5.0)).abs() < 1e-14);
    assert_eq!(face(2, 1).magnetic_loss, 10.0);
}

#[test]
fn wires_and_their_radius() {
    let mut model = model([8, 8, 8]);
    let wire = |radius| {
        let points = vec![[4.0, 4.0, 2.0], [4.0, 4.0, 5.0], [6.0, 4.0, 5.0]];
        Solid::new("wire", Shape::Wire { points, radius }, Material::Pec)
    };
    let before = model.time_step;
    let trace = voxelise(&mut model, &[wire(None)]).unwrap().remove(0);
    // the last edges, whose ends are free, are capacitances
    assert_eq!(conductors(&model), [1, 0, 2]);
    assert_eq!(model.wire_ends.len(), 2);
    assert!((permittivity(&model, Axis::Z, [4, 4, 2]) - 8.102).abs() < 1e-6);
    assert_eq!(trace.wire.len(), 5);
    assert!((trace.radius.unwrap() - 0.1985).abs() < 1e-4);
    assert_eq!(model.time_step, before);
    let trace = voxelise(&mut model, &[wire(Some(0.1))]).unwrap().remove(0);
    assert_eq!(trace.radius, Some(0.1));
    let stiffness = 1.0 + (0.198_506f64 / 0.1).ln() / (std::f64::consts::PI / 2.0);
    assert!((permittivity(&model, Axis::X, [3, 4, 3]) * stiffness - 1.0).abs() < 1e-6);
    let faces = model.faces.as_ref().unwrap();
    let mu = model.face_media[faces[1][[3, 4, 4]] as usize].permeability;
    assert!((mu / stiffness - 1.0).abs() < 1e-6);
    assert!(model.time_step < before);
    let error = voxelise(&mut model, &[wire(Some(0.7))])
        .unwrap_err()
        .to_string();
    assert!(error.contains("half a cell"), "{error}");
}

/// Two parallel wires of nearly the same length share lines; the end between them is a capacitance
/// that knows where it is.
#[test]
fn ends_close_to_each_other_share_a_line() {
    let wire = |name: &str, x: f64, half: f64| {
        let points = vec![[x, 0.0, half], [x, 0.0, -half]];
        let radius = Some(0.5e-3);
        Solid::new(name, Shape::Wire { points, radius }, Material::Pec)
    };
    let mut rules = MeshRules::new(1e9);
    rules.largest_cell = 5e-3;
    let solids = [wire("longer", 0.0, 86e-3), wire("shorter", 50e-3, 85.9e-3)];
    let mesh = rules.mesh(&solids).unwrap();
    assert!(Estimate::of(&mesh, 4).smallest_cell > 2e-3);
    let mut model = Model::vacuum(mesh, [[Wall::Pec; 2]; 3]);
    voxelise(&mut model, &solids).unwrap();
    assert_eq!(model.wire_ends.len(), 4);
    let at = |n: usize| {
        let end = model.wire_ends[n];
        permittivity(&model, Axis::Z, end.index)
    };
    // the first wire's upper end lies on the shorter one's line, and beyond it
    assert!(at(0) > 1.02 * at(1), "{} {}", at(0), at(1));
    // an end in the middle of a cell that is joined to another wire has to be on a line
    let mut model = Model::vacuum(model.mesh.clone(), [[Wall::Pec; 2]; 3]);
    let z = model.mesh.lines(Axis::Z)[20];
    let points = vec![[0.0, 0.0, z], [50e-3, 0.0, z]];
    let rung = Shape::Wire {
        points,
        radius: None,
    };
    let rung = Solid::new("rung", rung, Material::Pec);
    let points = vec![[0.0, 0.0, -50e-3], [0.0, 0.0, z + 0.5e-3]];
    let rail = Shape::Wire {
        points,
        radius: None,
    };
    let rail = Solid::new("rail", rail, Material::Pec);
    let error = voxelise(&mut model, &[rung, rail]).unwrap_err().to_string();
    assert!(error.contains("rail") || error.contains("rung"), "{error}");
}

#[test]
fn what_the_mesh_cannot_hold_is_refused() {
    let mut model = model([4, 4, 4]);
    let refuse = |model: &mut Model, solid: Solid, words: &str| {
        let error = voxelise(model, &[solid]).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    let outside = block("far", [5.0; 3], [6.0; 3], dielectric(2.0));
    refuse(&mut model, outside, "nothing of it is in the mesh");
    let thin = block("thin", [1.2; 3], [1.4, 3.0, 3.0], Material::Pec);
    refuse(&mut model, thin, "nothing of it is in the mesh");
    let sheet = Solid::new(
        "sheet",
        Shape::Sheet {
            axis: Axis::X,
            offset: 1.0,
            min: [1.0; 2],
            max: [2.0; 2],
        },
        dielectric(2.0),
    );
    refuse(&mut model, sheet, "perfect conductors");
    let wire = Solid::new(
        "wire",
        Shape::Wire {
            points: vec![[1.0, 1.0, 1.5], [1.0, 1.0, 3.0]],
            radius: None,
        },
        Material::Pec,
    );
    refuse(&mut model, wire, "not on the mesh");
}

#[test]
fn a_mesh_for_solids_between_walls() {
    let guide = block(
        "guide",
        [0.0; 3],
        [22.86e-3, 10.16e-3, 60e-3],
        dielectric(1.0),
    );
    let mut rules = MeshRules::new(12e9);
    rules.margins = [
        [Margin::None; 2],
        [Margin::None; 2],
        [Margin::Through { absorbing: 12 }; 2],
    ];
    let mesh = rules.mesh(&[guide]).unwrap();
    let z = mesh.lines(Axis::Z);
    assert_eq!(mesh.lines(Axis::X)[0], 0.0);
    let n = z.len();
    assert!((z[12]).abs() < 1e-15 && (z[n - 13] - 60e-3).abs() < 1e-12);
    assert!((z[12] - z[11] - (z[1] - z[0])).abs() < 1e-12);
    assert!(z[13] - z[12] <= 1.26e-3);
}
