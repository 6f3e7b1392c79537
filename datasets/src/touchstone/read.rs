//! Reading: any frequency unit, real-imaginary, magnitude-angle or decibel-angle pairs.

use super::Network;
use crate::{Error, Result};
use ndarray::Array3;
use num_complex::Complex64;
use std::path::Path;

#[derive(Clone, Copy)]
enum Pair {
    RealImaginary,
    MagnitudeAngle,
    DecibelAngle,
}

/// The option line, `# unit parameter format R reference`, with the specification's defaults.
struct Options {
    unit: f64,
    pair: Pair,
    reference: f64,
}

impl Network {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be opened, [`Error::Unreadable`] with the line when it is not
    /// a Touchstone file of scattering parameters or is cut short.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| Error::Io {
            path: path.to_path_buf(),
            source,
        })?;
        // Comments may be in any encoding; the numbers are plain.
        Self::parse(&String::from_utf8_lossy(&bytes), path)
    }

    /// Reads a text; `path` is for messages and, by its ending, for the number of ports. Where the
    /// ending does not tell, the first line that begins a new frequency does.
    ///
    /// # Errors
    /// As [`Network::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let unreadable = |found: String| Error::Unreadable {
            path: path.to_path_buf(),
            expected: "a Touchstone file of S parameters",
            found,
        };
        let mut options = None;
        let (mut variables, mut comments) = (Vec::new(), Vec::new());
        // Each line's numbers with the number of the line.
        let mut lines: Vec<(usize, Vec<f64>)> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let number = at + 1;
            let (data, comment) = match line.split_once('!') {
                Some((data, comment)) => (data.trim(), Some(comment.trim())),
                None => (line.trim(), None),
            };
            if let Some(comment) = comment.filter(|c| !c.is_empty() && data.is_empty())
                && lines.is_empty()
            {
                match comment.split_once(" = ") {
                    Some((name, value)) if !name.contains(char::is_whitespace) => {
                        variables.push((name.to_string(), value.to_string()));
                    }
                    _ => comments.push(comment.to_string()),
                }
            }
            if data.is_empty() {
                continue;
            }
            if let Some(rest) = data.strip_prefix('#') {
                // Only the first option line counts.
                if options.is_none() {
                    let read = Options::parse(rest)
                        .map_err(|found| unreadable(format!("line {number}: {found}")))?;
                    options = Some(read);
                }
                continue;
            }
            if data.starts_with('[') {
                return Err(unreadable(format!(
                    "line {number} has the keyword {data}: that is version 2; save it as version 1"
                )));
            }
            let numbers: std::result::Result<Vec<f64>, _> =
                data.split_whitespace().map(str::parse).collect();
            match numbers {
                Ok(numbers) => lines.push((number, numbers)),
                Err(_) => {
                    return Err(unreadable(format!(
                        "line {number} is not a list of numbers: {data}"
                    )));
                }
            }
        }
        let options = options.unwrap_or(Options {
            unit: 1e9,
            pair: Pair::MagnitudeAngle,
            reference: 50.0,
        });
        let ports = ports(path, &lines)
            .ok_or_else(|| unreadable("it holds no numbers that tell how many ports".into()))?;
        let record = 1 + 2 * ports * ports;

        let (mut frequencies, mut values) = (Vec::new(), Vec::new());
        let mut current: Vec<f64> = Vec::with_capacity(record);
        for (number, numbers) in &lines {
            if current.is_empty() {
                let frequency = numbers[0] * options.unit;
                if let Some(&last) = frequencies.last()
                    && frequency <= last
                {
                    // Noise parameters of a two-port follow at a lower frequency.
                    if ports == 2 && numbers.len() == 5 {
                        break;
                    }
                    return Err(unreadable(format!(
                        "line {number}: frequency {frequency} Hz does not lie above {last} Hz before it"
                    )));
                }
            }
            current.extend(numbers);
            if current.len() > record {
                return Err(unreadable(format!(
                    "line {number}: {} numbers for one frequency; {ports} ports have {record}",
                    current.len()
                )));
            }
            if current.len() == record {
                frequencies.push(current[0] * options.unit);
                values.extend(
                    current[1..]
                        .chunks(2)
                        .map(|p| options.pair.value(p[0], p[1])),
                );
                current.clear();
            }
        }
        if !current.is_empty() {
            return Err(unreadable(format!(
                "the last frequency has {} of {record} numbers; it is cut short",
                current.len()
            )));
        }
        let shape = (frequencies.len(), ports, ports);
        let mut s =
            Array3::from_shape_vec(shape, values).map_err(|error| unreadable(error.to_string()))?;
        if ports == 2 {
            s.swap_axes(1, 2);
        }
        let mut network = Self::new(
            frequencies,
            s.as_standard_layout().into_owned(),
            options.reference,
        )
        .map_err(|error| unreadable(error.to_string()))?;
        network.variables = variables;
        network.comments = comments;
        Ok(network)
    }
}

impl Options {
    fn parse(text: &str) -> std::result::Result<Self, String> {
        let mut options = Self {
            unit: 1e9,
            pair: Pair::MagnitudeAngle,
            reference: 50.0,
        };
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            match word.to_ascii_uppercase().as_str() {
                "HZ" => options.unit = 1.0,
                "KHZ" => options.unit = 1e3,
                "MHZ" => options.unit = 1e6,
                "GHZ" => options.unit = 1e9,
                "S" => {}
                "Y" | "Z" | "G" | "H" => {
                    return Err(format!("it holds {word} parameters; only S is read"));
                }
                "RI" => options.pair = Pair::RealImaginary,
                "MA" => options.pair = Pair::MagnitudeAngle,
                "DB" => options.pair = Pair::DecibelAngle,
                "R" => {
                    let value = words.next().and_then(|w| w.parse().ok());
                    options.reference = value.ok_or("R is not followed by a resistance")?;
                }
                _ => return Err(format!("`{word}` is not an option")),
            }
        }
        Ok(options)
    }
}

impl Pair {
    fn value(self, a: f64, b: f64) -> Complex64 {
        match self {
            Self::RealImaginary => Complex64::new(a, b),
            Self::MagnitudeAngle => Complex64::from_polar(a, b.to_radians()),
            Self::DecibelAngle => Complex64::from_polar(10f64.powf(a / 20.0), b.to_radians()),
        }
    }
}

/// From the ending, else from the first record: a frequency stands first on a line with an odd
/// count of numbers.
fn ports(path: &Path, lines: &[(usize, Vec<f64>)]) -> Option<usize> {
    let ending = path.extension()?.to_string_lossy().to_ascii_lowercase();
    let by_name = ending
        .strip_prefix('s')
        .and_then(|rest| rest.strip_suffix('p'))
        .and_then(|digits| digits.parse().ok())
        .filter(|&ports: &usize| ports > 0);
    by_name.or_else(|| {
        let second = lines
            .iter()
            .skip(1)
            .position(|(_, numbers)| numbers.len() % 2 == 1)
            .map_or(lines.len(), |at| at + 1);
        let count: usize = lines.get(..second)?.iter().map(|(_, n)| n.len()).sum();
        let ports = ((count.checked_sub(1)? / 2) as f64).sqrt().round() as usize;
        (ports > 0 && 1 + 2 * ports * ports == count).then_some(ports)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, name: &str) -> Result<Network> {
        Network::parse(text, Path::new(name))
    }

    #[test]
    fn units_and_formats() {
        let network = parse(
            "# MHz S DB R 75\n100 -6.0205999132796239 90 ! half\n",
            "a.s1p",
        )
        .unwrap();
        assert_eq!(network.frequencies, [1e8]);
        assert_eq!(network.reference, 75.0);
        assert!((network.s[[0, 0, 0]] - Complex64::new(0.0, 0.5)).norm() < 1e-15);
    }

    #[test]
    fn a_two_port_is_written_by_columns_and_may_end_in_noise() {
        let text =
            "# GHZ S RI\n1 .11 0 .21 0 .12 0 .22 0\n2 .11 0 .21 0 .12 0 .22 0\n1 2 .3 40 .5\n";
        let network = parse(text, "amplifier.S2P").unwrap();
        assert_eq!(network.frequencies.len(), 2);
        assert_eq!(network.s[[1, 1, 0]].re, 0.21);
        assert_eq!(network.s[[1, 0, 1]].re, 0.12);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, name, said) in [
            (
                "# GHZ Z RI R 50\n1 2 3\n",
                "a.s1p",
                "line 1: it holds Z parameters",
            ),
            (
                "# GHZ S RI R 50\n1 2 three\n",
                "a.s1p",
                "line 2 is not a list of numbers",
            ),
            (
                "# GHZ S RI R 50\n1 2 3\n1 2 3\n",
                "a.s1p",
                "line 3: frequency",
            ),
            ("# GHZ S RI R 50\n1 2\n", "a.s1p", "cut short"),
            ("[Version] 2.0\n", "a.s1p", "version 2"),
            ("# GHZ S RI R\n1 2 3\n", "a.s1p", "R is not followed"),
        ] {
            let error = parse(text, name).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
