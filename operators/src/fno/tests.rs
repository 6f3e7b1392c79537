use super::*;
use crate::spectral::SpectralWeight;
use burn::tensor::Distribution;

#[test]
fn any_grid_and_gradients_everywhere() {
    let device = Device::flex().autodiff();
    device.seed(1);
    let config = FnoConfig {
        in_channels: 2,
        n_modes: vec![6, 6],
        hidden_channels: 8,
        layers: 2,
        ..Default::default()
    };
    let network = config.init(&device).expect("network");
    for (h, w) in [(8, 8), (7, 11), (4, 30)] {
        let x = Tensor::<4>::random([3, 2, h, w], Distribution::Normal(0.0, 1.0), &device);
        let y = network.forward(x);
        assert_eq!(y.dims(), [3, 1, h, w]);
        let grads =
            burn::optim::GradientsParams::from_grads(y.powi_scalar(2).mean().backward(), &network);
        let mut parameters = Vec::new();
        crate::weights::for_each(&network, |name, _| parameters.push(name.to_owned()));
        assert_eq!(grads.len(), parameters.len());
    }
}

#[test]
fn one_to_three_dimensions_padded_and_with_channel_layers() {
    let device = Device::flex().autodiff();
    for (n_modes, domain_padding, channel_mlp) in [
        (vec![6], 0.25, 0.0),
        (vec![6, 4], 0.1, 0.5),
        (vec![4, 3, 6], 0.0, 0.5),
    ] {
        let dimensions = n_modes.len();
        let config = FnoConfig {
            n_modes,
            hidden_channels: 4,
            layers: 2,
            domain_padding,
            channel_mlp,
            ..Default::default()
        };
        let network = config.init(&device).expect("network");
        let y = match dimensions {
            1 => network
                .forward(Tensor::<3>::ones([2, 1, 12], &device))
                .sum(),
            2 => network
                .forward(Tensor::<4>::ones([2, 1, 7, 12], &device))
                .sum(),
            _ => network
                .forward(Tensor::<5>::ones([2, 1, 5, 6, 9], &device))
                .sum(),
        };
        let grads = burn::optim::GradientsParams::from_grads(y.backward(), &network);
        let mut parameters = 0;
        crate::weights::for_each(&network, |_, _| parameters += 1);
        assert_eq!(grads.len(), parameters);
    }
    assert_eq!(
        steps::coordinates(&[2, 3]),
        [
            0.0,
            0.0,
            0.0,
            0.5,
            0.5,
            0.5,
            0.0,
            1.0 / 3.0,
            2.0 / 3.0,
            0.0,
            1.0 / 3.0,
            2.0 / 3.0
        ]
    );
}

/// What is padded is cut off again, at every size and with gradients; without the wrap-round a
/// disturbance at one end is felt less at the other.
#[test]
fn padding_keeps_the_ends_apart() {
    let device = Device::flex().autodiff();
    device.seed(2);
    let config = FnoConfig {
        n_modes: vec![8, 8],
        hidden_channels: 8,
        layers: 1,
        positional_embedding: false,
        ..Default::default()
    };
    let network = config.init(&device).expect("network");
    let felt = |domain_padding: f64| {
        let network = Fno {
            domain_padding,
            ..network.clone()
        };
        let x = Tensor::<4>::zeros([1, 1, 16, 15], &device).require_grad();
        let y = network.forward(x.clone());
        assert_eq!(y.dims(), [1, 1, 16, 15]);
        // how much the first value feels the last column
        let grads = y.narrow(2, 0, 1).narrow(3, 0, 1).sum().backward();
        let gradient = x.grad(&grads).expect("gradient");
        gradient.narrow(3, 14, 1).abs().sum().into_scalar::<f64>()
    };
    let (apart, joined) = (felt(0.5), felt(0.0));
    println!("across the seam: {joined:.2e} without, {apart:.2e} with padding");
    assert!(apart < joined);
    let config = FnoConfig {
        domain_padding: -0.1,
        ..Default::default()
    };
    assert!(config.init(&Device::flex()).is_err());
}

/// Variance of the hidden field stays within a factor of a few through the layers.
#[test]
fn initial_variance_is_tame() {
    let device = Device::flex();
    device.seed(3);
    let network = FnoConfig {
        layers: 8,
        ..Default::default()
    }
    .init(&device)
    .expect("network");
    let x = Tensor::<4>::random([4, 1, 32, 32], Distribution::Normal(0.0, 1.0), &device);
    let variance = network.forward(x).var(0).mean().into_scalar::<f64>();
    println!("output variance {variance:.4} after 8 layers");
    assert!((0.02..50.0).contains(&variance), "{variance}");
}

#[test]
fn zero_sizes_are_refused() {
    let config = FnoConfig {
        layers: 0,
        ..Default::default()
    };
    let message = config
        .init(&Device::flex())
        .expect_err("refused")
        .to_string();
    assert_eq!(message, "`layers`: expected at least 1, found 0");
}

#[test]
fn parts_compose_to_the_network() {
    let device = Device::flex();
    for (n_modes, sizes, channel_mlp) in [
        (vec![6], [1, 13], 0.0),
        (vec![4, 6], [7, 10], 0.0),
        (vec![4, 6], [8, 9], 0.5),
    ] {
        let config = FnoConfig {
            n_modes,
            hidden_channels: 5,
            layers: 3,
            domain_padding: 0.2,
            channel_mlp,
            ..Default::default()
        };
        let network = config.init(&device).expect("network");
        let shape = [2, 1, sizes[0], sizes[1]];
        let x = Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), &device);
        let parts = network.parts(sizes);
        assert_eq!(parts.len(), 5);
        let y = parts.iter().fold(x.clone(), |v, part| part(v));
        assert_eq!(y.into_data(), network.forward(x).into_data());
    }
}

/// A limit is the same as zeros in the other modes' weights, which get no gradient; the parameters
/// are those of the whole network.
#[test]
fn limited_modes() {
    let device = Device::flex().autodiff();
    device.seed(4);
    let (limit, [ky, kx]) = (4, [7, 5]);
    let config = FnoConfig {
        n_modes: vec![ky, 2 * (kx - 1)],
        hidden_channels: 3,
        layers: 2,
        ..Default::default()
    };
    let network = config.init(&device).expect("network");
    // Along y modes -2..=1 of -3..=3, along x 0..=2 of 0..=4.
    let kept = |y: usize, x: usize| (1..=4).contains(&y) && x <= limit / 2;
    let mask: Vec<f32> = (0..ky * kx)
        .map(|mode| f32::from(kept(mode / kx, mode % kx)))
        .collect();
    let mask = Tensor::<1>::from_floats(mask.as_slice(), &device).reshape([1, ky, kx, 1, 1, 1]);
    let weight = |block: &Block| match &block.fourier.weight {
        SpectralWeight::Dense(weight) => weight.val(),
        SpectralWeight::Tensorised(_) => panic!("dense weights"),
    };
    let mut zeroed = network.clone();
    for block in &mut zeroed.blocks {
        let masked = Param::from_tensor((weight(block) * mask.clone()).detach());
        block.fourier.weight = SpectralWeight::Dense(masked);
    }
    let x = Tensor::<4>::random([2, 1, 9, 12], Distribution::Normal(0.0, 1.0), &device);
    let limited = network.limited(Some(limit));
    let y = limited.forward(x.clone());
    let difference = (y.clone() - zeroed.forward(x.clone())).abs().max();
    assert!(difference.into_scalar::<f32>() < 1e-6);
    let all = limited.limited(None).forward(x.clone());
    assert_eq!(all.into_data(), network.forward(x).into_data());

    let grads = y.powi_scalar(2).sum().backward();
    // Of the whole network's parameters, since these are the same.
    for block in &network.blocks {
        let grad = weight(block).grad(&grads).expect("gradient");
        let inside = (grad.clone() * mask.clone().inner()).abs();
        let outside = grad.abs() - inside.clone();
        assert_eq!(outside.max().into_scalar::<f32>(), 0.0);
        let unused = inside.sum_dims(&[3, 4, 5]).equal_elem(0.0).int().sum();
        let expected = ky * kx - 4 * 3;
        assert_eq!(unused.into_scalar::<i32>(), expected as i32);
    }
}
