//! Files in the layouts of benchmark sets, written small and read back.

use curlwind_datasets::Error;
use curlwind_datasets::simulations::{Kind, Simulations, Windows};
use hdf5::types::VarLenUnicode;
use ndarray::{Array, Array1, IxDyn};
use std::path::PathBuf;

struct Fixture {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn fixture(fill: impl FnOnce(&hdf5::File)) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.hdf5");
    let file = hdf5::File::create(&path).unwrap();
    fill(&file);
    file.close().unwrap();
    Fixture {
        _folder: folder,
        path,
    }
}

/// Values that are their own place: ordinal numbers.
fn put(group: &hdf5::Group, name: &str, shape: &[usize]) -> hdf5::Dataset {
    let count = shape.iter().product::<usize>();
    let values: Vec<f32> = (0..count).map(|n| n as f32).collect();
    let array = Array::from_shape_vec(IxDyn(shape), values).unwrap();
    group
        .new_dataset_builder()
        .with_data(&array)
        .create(name)
        .unwrap()
}

fn line(group: &hdf5::Group, name: &str, points: usize) {
    let values = Array1::linspace(0.0, 1.0, points);
    let built = group.new_dataset_builder().with_data(&values).create(name);
    built.unwrap();
}

fn text(at: &hdf5::Location, name: &str, value: &str) {
    let value: VarLenUnicode = value.parse().unwrap();
    let attribute = at.new_attr::<VarLenUnicode>().create(name).unwrap();
    attribute.write_scalar(&value).unwrap();
}

#[test]
fn pdebench_in_one_dimension() {
    let set = fixture(|file| {
        put(file, "tensor", &[3, 5, 8]);
        line(file, "x-coordinate", 8);
        line(file, "t-coordinate", 6);
    });
    let file = Simulations::open(&set.path, None).unwrap();
    assert_eq!((file.kind(), file.samples()), (Kind::PdeBench, 3));
    assert_eq!((file.times().len(), file.shape()), (5, vec![8]));
    assert_eq!(file.axes()[0].coordinates.len(), 8);
    let windows = Windows::new(&file, 2, 1).unwrap();
    assert_eq!((windows.len(), windows.sample(4)), (9, 1));
    // sample 1, states 1 and 2, then 3
    let (inputs, outputs) = windows.read(4).unwrap();
    assert_eq!(
        (inputs.shape(), outputs.shape()),
        (&[2, 8][..], &[1, 8][..])
    );
    assert_eq!((inputs[[0, 0]], inputs[[1, 7]]), (48.0, 63.0));
    assert_eq!(outputs[[0, 2]], 66.0);
    assert!(Windows::new(&file, 5, 1).is_err() && Windows::new(&file, 0, 1).is_err());
    let message = file.states(3, 0, 1).unwrap_err().to_string();
    assert!(
        message.contains("sample 3") && message.contains("has 3"),
        "{message}"
    );
    assert!(file.states(0, 4, 2).is_err());
}

#[test]
fn pdebench_darcy_flow() {
    let set = fixture(|file| {
        put(file, "nu", &[2, 4, 6]);
        put(file, "tensor", &[2, 1, 4, 6]);
        line(file, "x-coordinate", 4);
        line(file, "y-coordinate", 6);
    });
    let file = Simulations::open(&set.path, None).unwrap();
    let (medium, pressure) = Windows::new(&file, 0, 1).unwrap().read(1).unwrap();
    assert_eq!(
        (medium.shape(), pressure.shape()),
        (&[1, 4, 6][..], &[1, 4, 6][..])
    );
    assert_eq!((medium[[0, 0, 1]], pressure[[0, 3, 5]]), (25.0, 47.0));
    assert!(file.summary().contains("given nu"), "{}", file.summary());
}

#[test]
fn pdebench_variables_groups_and_components() {
    let set = fixture(|file| {
        for name in ["Vx", "Vy", "density", "pressure"] {
            put(file, name, &[2, 3, 4, 5]);
        }
        line(file, "x-coordinate", 4);
    });
    let file = Simulations::open(&set.path, None).unwrap();
    let names: Vec<&str> = file
        .state_channels()
        .iter()
        .map(|c| c.name.as_str())
        .collect();
    assert_eq!(names, ["density", "pressure", "Vx", "Vy"]);
    assert_eq!(file.states(1, 2, 1).unwrap()[[0, 3, 0, 0]], 100.0);

    let set = fixture(|file| {
        for sample in 0..3 {
            let group = file.create_group(&format!("{sample:04}")).unwrap();
            put(&group, "data", &[4, 5, 6, 2]);
            let grid = group.create_group("grid").unwrap();
            line(&grid, "x", 5);
            line(&grid, "t", 4);
        }
    });
    let file = Simulations::open(&set.path, None).unwrap();
    assert_eq!((file.samples(), file.shape()), (3, vec![5, 6]));
    // time 1, channel 1, place (0, 2): 60 + 2 * 2 + 1
    assert_eq!(file.states(2, 1, 2).unwrap()[[0, 1, 0, 2]], 65.0);

    let set = fixture(|file| {
        put(file, "velocity", &[2, 3, 4, 4, 2]);
        put(file, "force", &[2, 4, 4, 2]);
        put(file, "particles", &[2, 3, 4, 4, 1]);
        put(file, "t", &[2, 3]);
    });
    let file = Simulations::open(&set.path, None).unwrap();
    let (inputs, outputs) = Windows::new(&file, 1, 1).unwrap().read(3).unwrap();
    assert_eq!((inputs.shape()[0], outputs.shape()[0]), (5, 3));
    assert_eq!(inputs[[4, 0, 0]], 33.0);
}

#[test]
fn the_well() {
    let set = fixture(|file| {
        let scalars = file.create_group("t0_fields").unwrap();
        put(&scalars, "density", &[2, 3, 4, 5]);
        let mask = put(&scalars, "mask", &[4, 5]);
        for name in ["sample_varying", "time_varying"] {
            let attribute = mask.new_attr::<bool>().create(name).unwrap();
            attribute.write_scalar(&false).unwrap();
        }
        let vectors = file.create_group("t1_fields").unwrap();
        put(&vectors, "velocity", &[2, 3, 4, 5, 2]);
        file.create_group("t2_fields").unwrap();
        let dimensions = file.create_group("dimensions").unwrap();
        line(&dimensions, "time", 3);
        line(&dimensions, "x", 4);
        line(&dimensions, "y", 5);
        let walls = file.create_group("boundary_conditions").unwrap();
        for (name, kind) in [("x_periodic", "PERIODIC"), ("y_wall", "WALL")] {
            text(&walls.create_group(name).unwrap(), "bc_type", kind);
        }
        text(file, "dataset_name", "shear_flow");
    });
    let file = Simulations::open(&set.path, None).unwrap();
    let periodic: Vec<Option<bool>> = file.axes().iter().map(|a| a.periodic).collect();
    assert_eq!(periodic, [Some(true), Some(false)]);
    assert_eq!(file.attributes()["dataset_name"], "shear_flow");
    let names: Vec<&str> = file
        .state_channels()
        .iter()
        .map(|c| c.name.as_str())
        .collect();
    assert_eq!(names, ["density", "velocity_x", "velocity_y"]);
    let (inputs, outputs) = Windows::new(&file, 1, 2).unwrap().read(1).unwrap();
    assert_eq!((inputs.shape(), outputs.shape()[0]), (&[4, 4, 5][..], 6));
    assert_eq!(
        (inputs[[0, 0, 0]], inputs[[2, 0, 0]], inputs[[3, 3, 4]]),
        (60.0, 121.0, 19.0)
    );
}

#[test]
fn arrays_of_inputs_and_outputs() {
    let set = fixture(|file| {
        for name in ["train", "test"] {
            let group = file.create_group(name).unwrap();
            put(&group, "x", &[3, 4, 4]);
            put(&group, "y", &[3, 4, 4]);
        }
    });
    let message = Simulations::open(&set.path, None).unwrap_err().to_string();
    assert!(
        message.contains("train") && message.contains("test"),
        "{message}"
    );
    let message = Simulations::open(&set.path, Some("valid"))
        .unwrap_err()
        .to_string();
    assert!(message.contains("valid"), "{message}");
    let file = Simulations::open(&set.path, Some("test")).unwrap();
    let (x, y) = Windows::new(&file, 0, 1).unwrap().read(2).unwrap();
    assert_eq!((x[[0, 0, 0]], y[[0, 3, 3]]), (32.0, 47.0));
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |set: Fixture| match Simulations::open(&set.path, None) {
        Ok(file) => format!("accepted: {}", file.summary()),
        Err(error) => error.to_string(),
    };
    let message = refused(fixture(|file| {
        put(file, "weights", &[3]);
    }));
    assert!(
        message.contains("PDEBench") && message.contains("weights"),
        "{message}"
    );
    let message = refused(fixture(|file| {
        put(file, "Vx", &[2, 3, 4]);
        put(file, "density", &[2, 3, 5]);
        line(file, "x-coordinate", 5);
    }));
    assert!(
        message.contains("Vx") && message.contains("[2, 3, 5]"),
        "{message}"
    );
    let message = refused(fixture(|file| {
        put(file, "tensor", &[4, 4]);
    }));
    assert!(message.contains("3 dimensions"), "{message}");
    let message = refused(fixture(|file| {
        for (sample, points) in [("0000", 4), ("0001", 5)] {
            let group = file.create_group(sample).unwrap();
            put(&group, "data", &[2, points, 1]);
        }
    }));
    assert!(message.contains("0001/data"), "{message}");
    let set = fixture(|file| {
        let data = Array::from_elem(IxDyn(&[1, 2, 3]), f32::NAN);
        let built = file.new_dataset_builder().with_data(&data).create("tensor");
        built.unwrap();
    });
    let file = Simulations::open(&set.path, None).unwrap();
    assert!(matches!(
        file.states(0, 0, 1),
        Err(Error::MissingValues { .. })
    ));
}
