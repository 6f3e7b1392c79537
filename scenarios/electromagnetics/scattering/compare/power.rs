//! What power stays in a square that absorbs none.

use ndarray::Array2;
use num_complex::Complex64;

/// Net power of the total field into a closed contour round the bodies, over the power of the incident
/// wave that enters it; fields `[y, x]` on 4 x 4 points or more, in empty space where the contour is.
///
/// The power through a side between two points is proportional to `Im(conj(u_inside) u_outside)`, whose
/// sum over a closed contour is zero for whatever solves the second-order difference equation within,
/// and zero with the order of the points for whatever solves the Helmholtz equation.
pub fn power_imbalance(incident: &Array2<Complex64>, scattered: &Array2<Complex64>) -> f64 {
    let total = incident + scattered;
    let net: f64 = outward(&total).sum();
    let entering: f64 = outward(incident).filter(|power| *power < 0.0).sum();
    net / entering
}

/// Power through each side of the contour between the outermost ring of points and the next, outwards.
fn outward(field: &Array2<Complex64>) -> impl Iterator<Item = f64> + '_ {
    let (rows, columns) = field.dim();
    let along_x =
        (1..columns - 1).flat_map(move |i| [([1, i], [0, i]), ([rows - 2, i], [rows - 1, i])]);
    let along_y =
        (1..rows - 1).flat_map(move |j| [([j, 1], [j, 0]), ([j, columns - 2], [j, columns - 1])]);
    // exp(+j omega t): a wave that travels outwards turns back in phase
    along_x
        .chain(along_y)
        .map(|(inside, outside)| (field[outside].conj() * field[inside]).im)
}

/// Whether the contour lies in empty space.
pub fn is_open(permittivity: &Array2<f64>) -> bool {
    let (rows, columns) = permittivity.dim();
    permittivity.indexed_iter().all(|((j, i), e)| {
        let edge = j.min(i).min(rows - 1 - j).min(columns - 1 - i);
        edge > 1 || *e == 1.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(angle: f64, decay: f64) -> Array2<Complex64> {
        let (n, k) = (40, 0.2);
        Array2::from_shape_fn([n, n], |(j, i)| {
            let along = i as f64 * angle.cos() + j as f64 * angle.sin();
            Complex64::cis(-k * along) * (-decay * along).exp()
        })
    }

    /// What enters leaves.
    #[test]
    fn a_plane_wave_leaves_nothing() {
        for angle in [0.0, 0.4, 2.0] {
            let incident = wave(angle, 0.0);
            let nothing = Array2::zeros(incident.dim());
            assert!(power_imbalance(&incident, &nothing).abs() < 1e-12);
        }
    }

    /// A wave that falls as exp(-a x) loses `1 - exp(-2 a L)` of its power between sides L apart, but for
    /// the first half cell.
    #[test]
    fn absorbed_power_is_counted() {
        let (incident, decayed) = (wave(0.0, 0.0), wave(0.0, 0.01));
        let lost = power_imbalance(&incident, &(&decayed - &incident));
        let expected = (-0.01f64).exp() - (-0.01f64 * 77.0).exp();
        assert!((lost - expected).abs() < 1e-9, "{lost} {expected}");
    }

    #[test]
    fn bodies_on_the_contour_are_seen() {
        let mut permittivity = Array2::from_elem([8, 8], 1.0);
        permittivity[[3, 3]] = 4.0;
        assert!(is_open(&permittivity));
        permittivity[[6, 3]] = 4.0;
        assert!(!is_open(&permittivity));
    }
}
