//! The files of a solved scene: Touchstone, scores, figures, report.

use super::Loaded;
use super::fields_output;
use super::measures::{impedance, resonance, ringing};
use super::pictures::{self, ReflectionTrace};
use super::solve::Solution;
use crate::config::to_toml;
use crate::error::{Error, Result};
use crate::figures::{Axis, Curves, Figure, Series};
use crate::report::run_page;
use crate::run_folder::{RunFolder, ScoreRow, Scores, write_atomically};
use curlwind_solvers::maxwell::constants::SPEED_OF_LIGHT;
use num_complex::Complex64;

/// A time step so many times shorter than the mesh asks for is worth a warning.
const TINY: f64 = 10.0;
/// Ringing frequencies reported of a probe.
const RINGING: usize = 12;

/// Figures with their captions.
pub type Gallery = Vec<(Figure, String)>;

/// What the solution amounts to, as rows.
pub fn scores(loaded: &Loaded, solution: &Solution) -> Scores {
    let mut scores = Scores::new();
    let row = |variable: &str, metric: &str, value| {
        ScoreRow::new(&loaded.name, "solver", variable, metric, value)
    };
    for run in &solution.runs {
        let what = match solution.runs.len() {
            1 => "energy".to_string(),
            _ => format!("energy, {} excited", run.excited),
        };
        let mut decay = row(&what, "decay", run.energy_decay_db).in_unit("dB");
        if !run.decayed {
            decay = decay.noted(format!(
                "{} excited: not reached after {} steps; results may ripple, allow a longer run",
                run.excited, run.steps
            ));
        }
        scores.push(decay);
    }
    if let Some(network) = &solution.network {
        let s11 = s11(network);
        match resonance(&network.frequencies, &s11) {
            None => scores.push(
                row("S11", "resonance", f64::NAN).noted("|S11| is lowest at an end of the band"),
            ),
            Some(found) => {
                scores.push(row("S11", "resonance", found.frequency).in_unit("Hz"));
                scores.push(
                    row("S11", "minimum", found.s11_db)
                        .at_frequency(found.frequency)
                        .in_unit("dB"),
                );
                if let Some(bandwidth) = found.bandwidth {
                    scores.push(row("S11", "bandwidth_10db", bandwidth).in_unit("Hz"));
                }
            }
        }
        if has_terminals(loaded)
            && let Some((f, r)) = series_resonance(&network.frequencies, &s11, network.reference)
        {
            scores.push(row("Z", "series_resonance", f).in_unit("Hz"));
            scores.push(row("Z", "resistance_at_resonance", r).in_unit("ohm"));
        }
        let largest = network
            .s
            .outer_iter()
            .flat_map(|s| {
                s.columns()
                    .into_iter()
                    .map(|c| c.iter().map(|x| x.norm_sqr()).sum::<f64>())
                    .collect::<Vec<_>>()
            })
            .fold(0.0, f64::max);
        scores.push(row("S", "largest_power_out", largest));
    }
    for point in &solution.far_field {
        let f = point.frequency;
        scores.push(
            row("far_field", "directivity", point.directivity_dbi)
                .at_frequency(f)
                .in_unit("dBi"),
        );
        for (metric, value, unit) in [
            ("gain", point.gain_dbi, "dBi"),
            ("realised_gain", point.realised_gain_dbi, "dBi"),
            ("efficiency", point.efficiency, ""),
            ("radar_cross_section", point.radar_cross_section, "m2"),
            (
                "scattering_cross_section",
                point.scattering_cross_section,
                "m2",
            ),
        ] {
            if let Some(value) = value {
                scores.push(
                    row("far_field", metric, value)
                        .at_frequency(f)
                        .in_unit(unit),
                );
            }
        }
    }
    for flux in &solution.fluxes {
        for (f, watts) in flux.frequencies.iter().zip(&flux.watts) {
            let flux = row(&flux.name, "flux", *watts);
            scores.push(flux.at_frequency(*f).in_unit("W"));
        }
    }
    let band = [
        loaded.scene.frequency.from.si(),
        loaded.scene.frequency.to.si(),
    ];
    for probe in &solution.probes {
        for (n, f) in ringing(&probe.samples, solution.time_step, band, RINGING)
            .into_iter()
            .enumerate()
        {
            scores.push(row(&probe.name, &format!("ringing_{}", n + 1), f).in_unit("Hz"));
        }
    }
    scores
}

/// Writes everything into the run's folder.
///
/// # Errors
/// When a file cannot be written.
pub fn write(
    loaded: &Loaded,
    solution: &Solution,
    scores: &Scores,
    folder: &RunFolder,
) -> Result<()> {
    let _phase = folder.phase("output")?;
    if let Some(network) = &solution.network {
        let mut network = network.clone();
        network.variables = loaded.parameter_texts();
        let path = folder.file(&network.file_name(&loaded.name).to_string_lossy());
        network.write(&path).map_err(Error::failed)?;
    }
    if !solution.probes.is_empty() {
        write_atomically(&folder.file("probes.csv"), probes_csv(solution).as_bytes())?;
    }
    if !solution.fields.is_empty() {
        fields_output::write(&folder.file("fields.h5"), loaded, solution)?;
    }
    let mut gallery = figures(loaded, solution);
    gallery.extend(fields_output::pictures(&loaded.scene.title, solution)?);
    save(&gallery, folder)?;
    scores.write(&folder.file("scores.json"))?;
    let page = run_page(
        &folder.manifest(),
        &summary(loaded, solution),
        &gallery,
        scores,
        &to_toml(&loaded.scene)?,
    );
    write_atomically(&folder.file("report.html"), page.to_html().as_bytes())?;
    Ok(())
}

/// Saves figures as SVG and PNG, named by their order and the first words of their caption.
pub(in crate::electromagnetics) fn save(gallery: &Gallery, folder: &RunFolder) -> Result<()> {
    let figures = folder.folder("figures")?;
    for (figure, caption) in gallery {
        let name: String = caption
            .split(['.', ':', ';', ','])
            .next()
            .unwrap_or_default()
            .to_lowercase()
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '_' })
            .collect();
        figure
            .save(&figures.join(name.trim_matches('_')))
            .map_err(Error::failed)?;
    }
    Ok(())
}

/// A sentence or two for the terminal and the head of the report.
pub fn summary(loaded: &Loaded, solution: &Solution) -> String {
    let mut sentences = Vec::new();
    let steps: usize = solution.runs.iter().map(|r| r.steps).sum();
    sentences.push(format!(
        "{}: {:.3} million cells, {steps} steps in {:.1} s ({:.0} million cells per second).",
        loaded.scene.title,
        solution.cells as f64 / 1e6,
        solution.seconds,
        solution
            .runs
            .iter()
            .map(|r| r.mcells_per_second)
            .fold(0.0, f64::max)
    ));
    if let Some(network) = &solution.network {
        let s11 = s11(network);
        if let Some(found) = resonance(&network.frequencies, &s11) {
            let z = nearest(&network.frequencies, found.frequency)
                .filter(|_| has_terminals(loaded))
                .map(|n| impedance(s11[n], network.reference));
            sentences.push(format!(
                "Least reflection at {:.4} GHz: S11 = {:.1} dB{}{}.",
                found.frequency / 1e9,
                found.s11_db,
                found.bandwidth.map_or(String::new(), |b| format!(
                    ", -10 dB over {:.1} MHz",
                    b / 1e6
                )),
                z.map_or(String::new(), |z| format!(
                    ", Z = {:.1} {:+.1}j ohm",
                    z.re, z.im
                )),
            ));
        }
    }
    if let Some(best) = solution
        .far_field
        .iter()
        .max_by(|a, b| a.directivity_dbi.total_cmp(&b.directivity_dbi))
        && solution.network.is_some()
    {
        sentences.push(format!(
            "Directivity up to {:.2} dBi at {:.3} GHz.",
            best.directivity_dbi,
            best.frequency / 1e9
        ));
    }
    let shorter = loaded.asked_cell() / (3f64.sqrt() * SPEED_OF_LIGHT * solution.time_step);
    if shorter > TINY {
        sentences.push(format!(
            "Warning: the time step is {shorter:.0} times shorter than cells of the size asked for would allow: faces lie close together; move them, or merge them by mesh.smallest_cell.",
        ));
    }
    for run in solution.runs.iter().filter(|r| !r.decayed) {
        sentences.push(format!(
            "Warning: with {} excited the energy fell by {:.1} dB only; allow a longer run (run.longest).",
            run.excited,
            run.energy_decay_db.max(0.0)
        ));
    }
    sentences.join(" ")
}

fn figures(loaded: &Loaded, solution: &Solution) -> Gallery {
    let mut gallery = Gallery::new();
    let title = loaded.scene.title.as_str();
    if let Some(network) = &solution.network {
        let s11 = s11(network);
        let trace = ReflectionTrace {
            name: "S11",
            frequencies: &network.frequencies,
            s11: &s11,
            spread_db: None,
            dashed: false,
        };
        let traces = [trace];
        gallery.push((pictures::s11_db(&traces, title), "S11 in dB.".into()));
        if network.ports() > 1 {
            let mut entries = Vec::new();
            for i in 0..network.ports() {
                for j in 0..network.ports() {
                    let values = network.s.slice(ndarray::s![.., i, j]).to_vec();
                    entries.push((format!("S{}{}", i + 1, j + 1), values));
                }
            }
            gallery.push((
                pictures::s_parameters(&network.frequencies, &entries, title),
                "S parameters of all ports.".into(),
            ));
        }
        gallery.push((
            pictures::smith(&traces, network.reference, title),
            format!("Smith chart, reference {} ohm.", network.reference),
        ));
        gallery.push((
            pictures::impedance(&traces, network.reference, title),
            "Impedance: resistance and reactance at the port.".into(),
        ));
        gallery.push((pictures::vswr(&traces, title), "VSWR.".into()));
    }
    if let Some(cuts) = &solution.cuts {
        let series: Vec<(String, Vec<f64>, Vec<f64>)> = [
            ("xz plane", &cuts.xz),
            ("yz plane", &cuts.yz),
            ("xy plane", &cuts.xy),
        ]
        .into_iter()
        .map(|(name, cut)| {
            (
                name.to_string(),
                cut.iter().map(|p| p[0]).collect(),
                cut.iter().map(|p| p[1]).collect(),
            )
        })
        .collect();
        gallery.push((
            pictures::pattern(
                &series,
                &format!("{title}, {:.3} GHz", cuts.frequency / 1e9),
            ),
            "Directivity pattern in dBi; in the xy plane 0 is along x, else along z.".into(),
        ));
    }
    if solution
        .far_field
        .iter()
        .any(|p| p.radar_cross_section.is_some())
    {
        let frequencies: Vec<f64> = solution.far_field.iter().map(|p| p.frequency).collect();
        let mut plot = Curves::new(
            Axis::frequency("frequency"),
            Axis::log("cross section (m²)"),
        )
        .title(title);
        for (name, value) in [
            (
                "monostatic radar cross section",
                solution
                    .far_field
                    .iter()
                    .map(|p| p.radar_cross_section.unwrap_or(f64::NAN))
                    .collect::<Vec<_>>(),
            ),
            (
                "scattering cross section",
                solution
                    .far_field
                    .iter()
                    .map(|p| p.scattering_cross_section.unwrap_or(f64::NAN))
                    .collect(),
            ),
        ] {
            plot = plot.series(Series::new(name, &frequencies, &value).markers());
        }
        gallery.push((
            plot.figure(760.0, 420.0),
            "Cross sections over frequency.".into(),
        ));
    }
    if !solution.fluxes.is_empty() {
        let mut plot = Curves::new(Axis::frequency("frequency"), Axis::linear("power (W)"))
            .title(&format!("{title}: power for {}", loaded.excitation()));
        for flux in &solution.fluxes {
            let series = Series::new(&flux.name, &flux.frequencies, &flux.watts);
            plot = plot.series(series.markers());
        }
        gallery.push((plot.figure(760.0, 380.0), "Fluxes over frequency.".into()));
    }
    for probe in &solution.probes {
        // A picture has some hundred columns: longer series are thinned for it.
        let stride = probe.samples.len().div_ceil(4000).max(1);
        let times: Vec<f64> = (0..probe.samples.len())
            .step_by(stride)
            .map(|n| n as f64 * solution.time_step * 1e9)
            .collect();
        let values: Vec<f64> = probe.samples.iter().copied().step_by(stride).collect();
        let unit = if probe.electric { "V/m" } else { "A/m" };
        let plot = Curves::new(Axis::linear("time (ns)"), Axis::linear(unit))
            .title(&format!("{title}: {}", probe.name))
            .series(Series::new(&probe.name, &times, &values));
        gallery.push((
            plot.figure(760.0, 360.0),
            format!("Probe {} over time.", probe.name),
        ));
    }
    gallery
}

fn probes_csv(solution: &Solution) -> String {
    let mut text = String::from("time_s");
    for probe in &solution.probes {
        text += &format!(",{}", probe.name.replace(',', " "));
    }
    text.push('\n');
    let length = solution
        .probes
        .iter()
        .map(|p| p.samples.len())
        .max()
        .unwrap_or(0);
    for n in 0..length {
        // H is half a step older than E; each probe's time is that of E.
        text += &format!("{:e}", (n + 1) as f64 * solution.time_step);
        for probe in &solution.probes {
            text += &probe
                .samples
                .get(n)
                .map_or(String::from(","), |x| format!(",{x:e}"));
        }
        text.push('\n');
    }
    text
}

/// Whether the first port has two terminals, so that its impedance is that of the antenna. A
/// guide's is a matter of definition, a line's is seen from somewhere along it.
fn has_terminals(loaded: &Loaded) -> bool {
    let first = loaded.scene.ports.first();
    first.is_some_and(|port| port.gap.is_some() || port.lumped.is_some())
}

/// S11 over frequency.
pub fn s11(network: &curlwind_datasets::touchstone::Network) -> Vec<Complex64> {
    network.s.slice(ndarray::s![.., 0, 0]).to_vec()
}

/// First frequency at which the reactance rises through zero, and the resistance there.
pub fn series_resonance(
    frequencies: &[f64],
    s11: &[Complex64],
    reference: f64,
) -> Option<(f64, f64)> {
    let z: Vec<Complex64> = s11.iter().map(|&s| impedance(s, reference)).collect();
    (1..z.len())
        .find(|&i| z[i - 1].im < 0.0 && z[i].im >= 0.0)
        .map(|i| {
            let t = -z[i - 1].im / (z[i].im - z[i - 1].im);
            (
                frequencies[i - 1] + t * (frequencies[i] - frequencies[i - 1]),
                z[i - 1].re + t * (z[i].re - z[i - 1].re),
            )
        })
}

fn nearest(frequencies: &[f64], wanted: f64) -> Option<usize> {
    (0..frequencies.len()).min_by(|&i, &j| {
        (frequencies[i] - wanted)
            .abs()
            .total_cmp(&(frequencies[j] - wanted).abs())
    })
}
