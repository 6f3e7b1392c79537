use super::*;
use crate::network::NetworkConfig;
use crate::sfno::SfnoConfig;
use burn::tensor::Distribution;
use curlwind_solvers::sphere::grid::SphereGrid;

fn surrogate(predict: Predict) -> Surrogate {
    let grid = SphereGrid::gaussian(8, 16).expect("grid");
    let config = SurrogateConfig {
        network: NetworkConfig::Sfno(SfnoConfig {
            hidden_channels: 4,
            layers: 1,
            ..Default::default()
        }),
        channels: vec!["h".into(), "u".into()],
        static_channels: vec!["sin_latitude".into()],
        forcings: Vec::new(),
        channel_weights: Vec::new(),
        normalisation: Normalisation {
            mean: vec![1e4, 5.0],
            std: vec![300.0, 10.0],
            difference_mean: vec![0.0, 0.1],
            difference_std: vec![20.0, 1.0],
        },
        time_step: 3600.0,
        predict,
    };
    let statics: Vec<f32> = grid
        .sin_latitudes()
        .iter()
        .flat_map(|s| [*s as f32; 16])
        .collect();
    Surrogate::new(config, &grid, &statics, &Device::flex()).expect("surrogate")
}

fn state() -> Tensor<4> {
    let noise = Tensor::<4>::random(
        [2, 2, 8, 16],
        Distribution::Normal(0.0, 1.0),
        &Device::flex(),
    );
    noise * 10.0 + 100.0
}

#[test]
fn saved_and_loaded_it_steps_the_same() {
    for predict in [Predict::Tendency, Predict::State] {
        let folder = tempfile::tempdir().expect("folder");
        let before = surrogate(predict);
        before.save(folder.path()).expect("saved");
        let after = Surrogate::load(folder.path(), &Device::flex()).expect("loaded");
        assert_eq!(before.config(), after.config());
        let x = state();
        assert_eq!(
            before.step(x.clone()).into_data(),
            after.step(x.clone()).into_data()
        );
        let states = before.roll_out(x.clone(), 3);
        assert_eq!(states.len(), 3);
        let twice = before.step(before.step(x));
        let difference = (states[1].clone() - twice).abs().max().into_scalar::<f32>();
        assert!(difference < 1e-2, "{difference}");
    }
}

#[test]
fn another_networks_weights_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("folder");
    surrogate(Predict::State)
        .save(folder.path())
        .expect("saved");
    let file = folder.path().join("model.json");
    let json = std::fs::read_to_string(&file)
        .expect("json")
        .replace("\"hidden_channels\": 4", "\"hidden_channels\": 6");
    std::fs::write(&file, json).expect("written");
    let message = Surrogate::load(folder.path(), &Device::flex())
        .expect_err("refused")
        .to_string();
    assert!(
        message.contains("expected shape") && message.contains("weights.safetensors"),
        "{message}"
    );
    std::fs::remove_file(folder.path().join("weights.safetensors")).expect("removed");
    let message = Surrogate::load(folder.path(), &Device::flex())
        .expect_err("refused")
        .to_string();
    assert!(message.contains("weights.safetensors"), "{message}");
}

#[test]
fn moves_to_a_finer_grid() {
    let surrogate = surrogate(Predict::Tendency);
    let grid = SphereGrid::gaussian(16, 32).expect("grid");
    assert!(surrogate.at_grid(&grid, &[]).is_err());
    let finer = surrogate
        .at_grid(&grid, &vec![0.0; 16 * 32])
        .expect("moved");
    let x = Tensor::<4>::ones([1, 2, 16, 32], &Device::flex());
    assert_eq!(finer.step(x).dims(), [1, 2, 16, 32]);
}

/// Another forcing, another step; where the mask is 0, the mean; both survive the files.
#[test]
fn forcings_and_masks_are_part_of_the_step() {
    let domain = Domain::Region(Region {
        latitudes_deg: vec![40.0, 30.0, 20.0, 10.0],
        longitudes_deg: (0..6).map(|i| 10.0 * f64::from(i)).collect(),
        row_weights: vec![0.22, 0.25, 0.26, 0.27],
    });
    let config = SurrogateConfig {
        network: NetworkConfig::Fno(crate::fno::FnoConfig {
            n_modes: vec![4, 4],
            hidden_channels: 4,
            layers: 1,
            ..Default::default()
        }),
        forcings: vec!["cos_solar_zenith".into()],
        ..surrogate(Predict::Tendency).config().clone()
    };
    let statics = vec![0.5; 24];
    let mut mask = vec![1.0; 48];
    mask[30] = 0.0;
    let surrogate = Surrogate::new(config, &domain, &statics, &Device::flex())
        .and_then(|s| s.masked(&mask))
        .expect("surrogate");
    let states: Vec<f32> = (0..2 * 48)
        .map(|i| 100.0 + (i as f32 * 0.7).sin())
        .collect();
    let step = |model: &Surrogate, sun: f32| {
        let forcings: Vec<f32> = (0..48).map(|i| sun * (i % 5) as f32).collect();
        model.step_forced(&states, &forcings).expect("step")
    };
    let (day, night) = (step(&surrogate, 1.0), step(&surrogate, 0.0));
    assert!(day.iter().zip(&night).any(|(a, b)| a != b));
    // channel `u`, of mean 5
    assert_eq!((day[30], night[48 + 30]), (5.0, 5.0));
    let folder = tempfile::tempdir().expect("folder");
    surrogate.save(folder.path()).expect("saved");
    let loaded = Surrogate::load(folder.path(), &Device::flex()).expect("loaded");
    assert_eq!(loaded.domain(), &domain);
    assert_eq!(step(&loaded, 1.0), day);
    assert!(surrogate.step_values(&states[..48]).is_err());
    let sphere = SurrogateConfig {
        network: NetworkConfig::Sfno(SfnoConfig::default()),
        ..surrogate.config().clone()
    };
    let refused = Surrogate::new(sphere, &domain, &statics, &Device::flex()).expect_err("refused");
    assert!(refused.to_string().contains("rectangle"), "{refused}");
}
