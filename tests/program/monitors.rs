//! Field and flux monitors of scenes, and the choice of waveforms.

use crate::support::{path, refuses, succeeds, with_sets};
use curlwind_datasets::arrays::read_array;
use curlwind_datasets::touchstone::Network;
use std::path::Path;

/// A dipole on a mesh that is solved in a fraction of a second.
const COARSE: [&str; 4] = [
    "mesh.cells_per_wavelength=12",
    "mesh.regions=[{ from = [\"-1 mm\", \"-1 mm\", \"= -length / 2\"], to = [\"1 mm\", \"1 mm\", \"= length / 2\"], cell = [\"1 mm\", \"1 mm\", \"3 mm\"] }]",
    "frequency.points=41",
    "monitors.far_field.frequencies=[\"2.4 GHz\"]",
];

const FIELDS: &str = r#"monitors.fields=[{ name = "near field", from = ["-40 mm", "0 mm", "-50 mm"], to = ["40 mm", "0 mm", "50 mm"], components = ["ez", "hy"], frequencies = ["2.3 GHz", "2.4 GHz"] }]"#;
const FLUXES: &str = r#"monitors.fluxes=[{ name = "radiated", from = ["-30 mm", "-30 mm", "-45 mm"], to = ["30 mm", "30 mm", "45 mm"], frequencies = ["2.5 GHz"] }, { name = "upwards", from = ["-30 mm", "-30 mm", "45 mm"], to = ["30 mm", "30 mm", "45 mm"], frequencies = ["2.5 GHz"] }]"#;

fn coarse<'a>(arguments: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    with_sets(&with_sets(arguments, &COARSE), more)
}

fn score(out: &str, variable: &str, metric: &str) -> f64 {
    let text = std::fs::read_to_string(Path::new(out).join("scores.json")).expect("scores");
    let rows: serde_json::Value = serde_json::from_str(&text).expect("json");
    let rows = rows.as_array().expect("rows");
    let row = rows
        .iter()
        .find(|row| row["variable"] == variable && row["metric"] == metric);
    row.and_then(|row| row["value"].as_f64()).expect(variable)
}

/// Of 1 W available at the port of a lossless antenna, what is not reflected leaves the box round it,
/// and nothing else; up the wire's axis next to nothing goes. The fields on a plane are in a file with
/// their places.
#[test]
fn fields_and_fluxes_of_a_dipole() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    let text = succeeds(&coarse(
        &["simulate", "dipole", "-o", &out],
        &[FIELDS, FLUXES],
    ));
    assert!(text.contains("radiated"), "{text}");
    let network = Network::read(&Path::new(&out).join("dipole.s1p")).expect("Touchstone");
    let at = (0..network.frequencies.len())
        .min_by(|&a, &b| {
            let far = |n: usize| (network.frequencies[n] - 2.5e9).abs();
            far(a).total_cmp(&far(b))
        })
        .expect("a frequency");
    assert!((network.frequencies[at] - 2.5e9).abs() < 1e3);
    let accepted = 1.0 - network.s[[at, 0, 0]].norm_sqr();
    let radiated = score(&out, "radiated", "flux");
    println!("accepted {accepted:.5} W, through the box {radiated:.5} W");
    assert!(
        (radiated / accepted - 1.0).abs() < 0.01,
        "{radiated} of {accepted}"
    );
    assert!(score(&out, "upwards", "flux").abs() < 0.1 * radiated);

    let file = Path::new(&out).join("fields.h5");
    let ez = read_array(&file, "near field/ez_re", None).expect("field");
    let (x, z) = (
        read_array(&file, "near field/ez_x", None).expect("x"),
        read_array(&file, "near field/ez_z", None).expect("z"),
    );
    assert_eq!(ez.shape(), [2, z.len(), 1, x.len()]);
    assert!(z.iter().all(|z| z.abs() <= 0.05) && x.iter().all(|x| x.abs() <= 0.04));
    let text = succeeds(&["inspect", &file.display().to_string()]);
    assert!(
        text.contains("near field/hy_im") && text.contains("A/m"),
        "{text}"
    );
    assert!(text.contains("1 W available at port"), "{text}");
    assert!(
        Path::new(&out)
            .join("figures/fields_near_field.png")
            .is_file()
    );
}

/// In empty space a plane wave of 1 V/m is 1 V/m everywhere, with its phase from the origin.
#[test]
fn the_field_of_a_plane_wave() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    let sets = [
        "mesh.cells_per_wavelength=12",
        r#"solids.0.material="vacuum""#,
        "monitors.far_field.frequencies=[\"10 GHz\"]",
        r#"monitors.fields=[{ name = "line", from = ["0 mm", "0 mm", "-10 mm"], to = ["0 mm", "0 mm", "10 mm"], components = ["ex"], frequencies = ["5 GHz"] }]"#,
    ];
    succeeds(&with_sets(&["simulate", "sphere", "-o", &out], &sets));
    let file = Path::new(&out).join("fields.h5");
    let read = |name: &str| read_array(&file, name, None).expect("field");
    let (re, im, z) = (read("line/ex_re"), read("line/ex_im"), read("line/ex_z"));
    let k = std::f64::consts::TAU * 5e9 / 299_792_458.0;
    assert!(z.len() > 4);
    for (n, z) in z.iter().enumerate() {
        let (re, im) = (f64::from(re[[0, n, 0, 0]]), f64::from(im[[0, n, 0, 0]]));
        // it comes from +z
        let expected = k * f64::from(*z);
        let error = (re - expected.cos()).hypot(im - expected.sin());
        assert!(error < 0.02, "{z} m: {re} {im}, expected phase {expected}");
    }
}

#[test]
fn waveforms_of_the_users_own() {
    let folder = tempfile::tempdir().expect("folder");
    let run = |name: &str, set: &str| -> Vec<f64> {
        let out = path(folder.path(), name);
        succeeds(&coarse(&["simulate", "dipole", "-o", &out], &[set]));
        let network = Network::read(&Path::new(&out).join("dipole.s1p")).expect("Touchstone");
        network.s.iter().map(|s| s.norm()).collect()
    };
    let plain = run("plain", "seed=0");
    // S parameters do not depend on the pulse
    for (name, set) in [
        (
            "ricker",
            r#"run.waveform={ kind = "ricker", peak = "2.4 GHz" }"#,
        ),
        (
            "samples",
            r#"run.waveform={ kind = "samples", times = ["0 ns", "0.1 ns", "0.2 ns", "0.3 ns", "0.4 ns"], values = [0, 1, 0, -1, 0] }"#,
        ),
    ] {
        let other = run(name, set);
        let difference = plain.iter().zip(&other).map(|(a, b)| (a - b).abs());
        let largest = difference.fold(0.0, f64::max);
        assert!(largest < 0.01, "{name}: {largest}");
    }
    let out = path(folder.path(), "bad");
    for (set, words) in [
        (
            r#"run.waveform={ kind = "ricker", peak = "90 GHz" }"#,
            &["run.waveform", "next to nothing"][..],
        ),
        (
            r#"run.waveform={ kind = "step", bandwidth = "3 GHz" }"#,
            &["run.waveform", "never ends"],
        ),
        (
            r#"run.waveform={ kind = "samples", times = ["1 ns", "0 ns"], values = [0, 1] }"#,
            &["run.waveform", "time of a sample"],
        ),
        (
            r#"run.waveform={ kind = "riker", peak = "3 GHz" }"#,
            &["run.waveform", "ricker"],
        ),
    ] {
        refuses(&coarse(&["simulate", "dipole", "-o", &out], &[set]), words);
    }
}

#[test]
fn unusable_monitors_are_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let out = path(folder.path(), "run");
    for (from, to, words) in [
        (
            "\"50 mm\"",
            "\"5 m\"",
            &["monitors.fields.0", "outside of the mesh"][..],
        ),
        (
            "2.3 GHz",
            "23 GHz",
            &["monitors.fields.0.frequencies", "outside of the band"],
        ),
        ("\"ez\"", "\"eq\"", &["monitors.fields.0.components", "ez"]),
        (
            "[\"ez\", \"hy\"]",
            "[]",
            &["monitors.fields.0.components", "one component"],
        ),
        ("near field", "a/b", &["monitors.fields.0.name", "slash"]),
        ("components", "component", &["did you mean", "components"]),
        ("\"-40 mm\"", "-40", &["monitors.fields.0.from", "unit"]),
    ] {
        let set = FIELDS.replace(from, to);
        refuses(&coarse(&["simulate", "dipole", "-o", &out], &[&set]), words);
        assert!(!Path::new(&out).exists(), "nothing is left behind by {to}");
    }
    for (from, to, words) in [
        (
            "\"upwards\"",
            "\"radiated\"",
            &["monitors.fluxes.1.name", "another monitor"][..],
        ),
        (
            "\"30 mm\", \"30 mm\", \"45 mm\"], f",
            "\"-30 mm\", \"30 mm\", \"-45 mm\"], f",
            &["monitors.fluxes.0", "flat along"],
        ),
    ] {
        let set = FLUXES.replace(from, to);
        refuses(&coarse(&["simulate", "dipole", "-o", &out], &[&set]), words);
    }
}
