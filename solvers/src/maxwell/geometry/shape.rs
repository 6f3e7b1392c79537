//! Shapes in space: whether a point lies in one, whether a box of the mesh does, and on which
//! coordinates their flat faces lie.
//!
//! Lengths in metres. In the plane normal to an axis, points are `[u, v]` along the two axes that
//! follow cyclically: (y, z) for x, (z, x) for y, (x, y) for z.

use crate::maxwell::Axis;

/// A shape, closed: its surface belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A block between two opposite corners.
    Box {
        /// Lowest coordinates.
        min: [f64; 3],
        /// Highest coordinates.
        max: [f64; 3],
    },
    /// A round rod with flat ends, in any direction.
    Cylinder {
        /// Centre of one end.
        start: [f64; 3],
        /// Centre of the other.
        end: [f64; 3],
        /// Radius.
        radius: f64,
    },
    /// A ball.
    Sphere {
        /// Centre.
        centre: [f64; 3],
        /// Radius.
        radius: f64,
    },
    /// A plane polygon, or the prism over it.
    Polygon {
        /// Normal of the plane.
        axis: Axis,
        /// Coordinate of the plane along the axis.
        offset: f64,
        /// Extent from there towards higher coordinates; 0 makes a sheet.
        thickness: f64,
        /// Corners in order, three or more, the last joined to the first. Where it crosses
        /// itself the even-odd rule decides.
        points: Vec<[f64; 2]>,
    },
    /// A rectangle without thickness.
    Sheet {
        /// Normal of the plane.
        axis: Axis,
        /// Coordinate of the plane along the axis.
        offset: f64,
        /// Lowest `[u, v]`.
        min: [f64; 2],
        /// Highest `[u, v]`.
        max: [f64; 2],
    },
    /// A thin wire along mesh lines: a chain of segments, each parallel to an axis.
    ///
    /// A bare edge of perfect conductor acts as a wire of radius 0.23 cells (of a square cell
    /// across it); with a radius, the edges and faces round it are scaled to meet that radius.
    Wire {
        /// Corners of the chain, two or more.
        points: Vec<[f64; 3]>,
        /// Radius; `None` for the bare edge's.
        radius: Option<f64>,
    },
}

/// How a box lies with respect to a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// Apart.
    Outside,
    /// Part in it, or not known.
    Cut,
    /// Wholly in it.
    Inside,
}

impl Shape {
    /// Lowest and highest coordinates.
    pub fn bounds(&self) -> [[f64; 3]; 2] {
        match self {
            Self::Box { min, max } => [*min, *max],
            Self::Sphere { centre, radius } => {
                [centre.map(|c| c - radius), centre.map(|c| c + radius)]
            }
            Self::Cylinder { start, end, radius } => {
                let d = subtract(*end, *start);
                let length = dot(d, d).sqrt();
                // a disc of normal n reaches r sqrt(1 - n_a^2) along axis a
                let reach = d.map(|c| radius * (1.0 - (c / length).powi(2)).max(0.0).sqrt());
                [
                    std::array::from_fn(|a| start[a].min(end[a]) - reach[a]),
                    std::array::from_fn(|a| start[a].max(end[a]) + reach[a]),
                ]
            }
            Self::Polygon {
                axis,
                offset,
                thickness,
                points,
            } => {
                let mut low = [f64::INFINITY; 2];
                let mut high = [f64::NEG_INFINITY; 2];
                for p in points {
                    for c in 0..2 {
                        low[c] = low[c].min(p[c]);
                        high[c] = high[c].max(p[c]);
                    }
                }
                [
                    embed(*axis, *offset, low),
                    embed(*axis, offset + thickness, high),
                ]
            }
            Self::Sheet {
                axis,
                offset,
                min,
                max,
            } => [embed(*axis, *offset, *min), embed(*axis, *offset, *max)],
            Self::Wire { points, .. } => {
                let mut bounds = [[f64::INFINITY; 3], [f64::NEG_INFINITY; 3]];
                for p in points {
                    for a in 0..3 {
                        bounds[0][a] = bounds[0][a].min(p[a]);
                        bounds[1][a] = bounds[1][a].max(p[a]);
                    }
                }
                bounds
            }
        }
    }

    /// Whether the shape fills space, so that it can hold a medium.
    pub fn has_volume(&self) -> bool {
        match self {
            Self::Box { .. } | Self::Cylinder { .. } | Self::Sphere { .. } => true,
            Self::Polygon { thickness, .. } => *thickness > 0.0,
            Self::Sheet { .. } | Self::Wire { .. } => false,
        }
    }

    /// Whether part of its surface is not parallel to the mesh.
    pub fn is_slanted(&self) -> bool {
        match self {
            Self::Box { .. } | Self::Sheet { .. } | Self::Wire { .. } => false,
            Self::Cylinder { .. } | Self::Sphere { .. } => true,
            Self::Polygon { points, .. } => {
                sides(points).any(|(p, q)| p[0] != q[0] && p[1] != q[1])
            }
        }
    }

    /// Whether a point lies in the shape grown by `margin` (shrunk, when negative).
    pub fn contains(&self, p: [f64; 3], margin: f64) -> bool {
        match self {
            Self::Box { min, max } => {
                (0..3).all(|a| p[a] >= min[a] - margin && p[a] <= max[a] + margin)
            }
            Self::Sphere { centre, radius } => {
                let d = subtract(p, *centre);
                let r = radius + margin;
                r >= 0.0 && dot(d, d) <= r * r
            }
            Self::Cylinder { start, end, radius } => {
                let axis = subtract(*end, *start);
                let length = dot(axis, axis).sqrt();
                let d = subtract(p, *start);
                let along = dot(d, axis) / length;
                let r = radius + margin;
                along >= -margin
                    && along <= length + margin
                    && r >= 0.0
                    && dot(d, d) - along * along <= r * r
            }
            Self::Polygon {
                axis,
                offset,
                thickness,
                points,
            } => {
                let h = p[*axis as usize] - offset;
                if h < -margin || h > thickness + margin {
                    return false;
                }
                let q = flatten(*axis, p);
                let near =
                    || sides(points).any(|(a, b)| distance_to_segment(q, a, b) <= margin.abs());
                if in_polygon(points, q) {
                    margin >= 0.0 || !near()
                } else {
                    margin >= 0.0 && near()
                }
            }
            Self::Sheet {
                axis,
                offset,
                min,
                max,
            } => {
                let q = flatten(*axis, p);
                (p[*axis as usize] - offset).abs() <= margin
                    && (0..2).all(|c| q[c] >= min[c] - margin && q[c] <= max[c] + margin)
            }
            Self::Wire { points, .. } => points.windows(2).any(|s| {
                (0..3).all(|a| {
                    p[a] >= s[0][a].min(s[1][a]) - margin && p[a] <= s[0][a].max(s[1][a]) + margin
                })
            }),
        }
    }

    /// How the box from `low` to `high` lies; `Cut` may also be said of a box near the surface.
    pub fn overlap(&self, low: [f64; 3], high: [f64; 3]) -> Overlap {
        let bounds = self.bounds();
        if (0..3).any(|a| high[a] <= bounds[0][a] || low[a] >= bounds[1][a]) {
            return Overlap::Outside;
        }
        match self {
            Self::Box { min, max } => {
                if (0..3).all(|a| low[a] >= min[a] && high[a] <= max[a]) {
                    Overlap::Inside
                } else {
                    Overlap::Cut
                }
            }
            Self::Sphere { centre, radius } => {
                let nearest: [f64; 3] =
                    std::array::from_fn(|a| centre[a].clamp(low[a], high[a]) - centre[a]);
                let farthest: [f64; 3] = std::array::from_fn(|a| {
                    (centre[a] - low[a]).abs().max((high[a] - centre[a]).abs())
                });
                if dot(nearest, nearest) >= radius * radius {
                    Overlap::Outside
                } else if dot(farthest, farthest) <= radius * radius {
                    Overlap::Inside
                } else {
                    Overlap::Cut
                }
            }
            Self::Cylinder { start, end, radius } => {
                // convex: all corners in it means all of the box is
                if corners(low, high).all(|c| self.contains(c, 0.0)) {
                    return Overlap::Inside;
                }
                let centre: [f64; 3] = std::array::from_fn(|a| (low[a] + high[a]) / 2.0);
                let half = subtract(high, centre);
                let axis = subtract(*end, *start);
                let d = subtract(centre, *start);
                let t = dot(d, axis) / dot(axis, axis);
                let off: [f64; 3] = std::array::from_fn(|a| d[a] - t * axis[a]);
                if dot(off, off).sqrt() >= radius + dot(half, half).sqrt() {
                    Overlap::Outside
                } else {
                    Overlap::Cut
                }
            }
            Self::Polygon {
                axis,
                offset,
                thickness,
                points,
            } => {
                let (l, h) = (flatten(*axis, low), flatten(*axis, high));
                if sides(points).any(|(p, q)| crosses_rectangle(p, q, l, h)) {
                    return Overlap::Cut;
                }
                if !in_polygon(points, [(l[0] + h[0]) / 2.0, (l[1] + h[1]) / 2.0]) {
                    return Overlap::Outside;
                }
                let a = *axis as usize;
                if low[a] >= *offset && high[a] <= offset + thickness {
                    Overlap::Inside
                } else {
                    Overlap::Cut
                }
            }
            Self::Sheet { .. } | Self::Wire { .. } => Overlap::Outside,
        }
    }

    /// Coordinates along an axis of the faces, edges and corners on which mesh lines should lie:
    /// flat faces, the ends of a rod along the axis, the extremes of round shapes.
    pub fn snap_lines(&self, axis: Axis) -> Vec<f64> {
        let a = axis as usize;
        match self {
            Self::Polygon {
                axis: normal,
                points,
                ..
            } if *normal != axis => {
                // sides that run along a mesh line, and the extremes
                let c = usize::from(normal.next() != axis);
                let bounds = self.bounds();
                let mut lines = vec![bounds[0][a], bounds[1][a]];
                lines.extend(
                    sides(points)
                        .filter(|(p, q)| p[c] == q[c])
                        .map(|(p, _)| p[c]),
                );
                lines
            }
            Self::Wire { points, .. } => points.iter().map(|p| p[a]).collect(),
            _ => {
                let bounds = self.bounds();
                vec![bounds[0][a], bounds[1][a]]
            }
        }
    }

    /// What is wrong with the numbers, if anything.
    pub fn defect(&self) -> Option<String> {
        let bounds = self.bounds();
        if bounds.iter().flatten().any(|c| !c.is_finite()) {
            return Some("every coordinate must be finite".into());
        }
        let ordered = |low: &[f64], high: &[f64]| low.iter().zip(high).all(|(l, h)| l < h);
        match self {
            Self::Box { min, max } if !ordered(min, max) => Some(format!(
                "a box needs min below max along each axis, found {min:?} and {max:?}; use a sheet for one without thickness"
            )),
            Self::Sheet { min, max, .. } if !ordered(min, max) => Some(format!(
                "a sheet needs min below max, found {min:?} and {max:?}"
            )),
            Self::Sphere { radius, .. } | Self::Cylinder { radius, .. } if *radius <= 0.0 => {
                Some(format!("radius {radius} m must be above 0"))
            }
            Self::Cylinder { start, end, .. } if start == end => {
                Some("a cylinder needs two different ends".into())
            }
            Self::Polygon { points, .. } if points.len() < 3 => Some(format!(
                "a polygon needs three corners or more, found {}",
                points.len()
            )),
            Self::Polygon { thickness, .. } if *thickness < 0.0 => {
                Some(format!("thickness {thickness} m must be 0 or more"))
            }
            Self::Wire { points, .. } if points.len() < 2 => {
                Some("a wire needs two points or more".into())
            }
            Self::Wire { points, radius } => {
                if let Some(r) = radius.filter(|&r| r <= 0.0) {
                    return Some(format!("radius {r} m must be above 0"));
                }
                points.windows(2).find_map(|s| {
                    let moved = (0..3).filter(|&a| s[0][a] != s[1][a]).count();
                    (moved != 1).then(|| {
                        format!(
                            "each segment of a wire must be parallel to an axis, found {:?} to {:?}",
                            s[0], s[1]
                        )
                    })
                })
            }
            _ => None,
        }
    }
}

fn subtract(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|i| a[i] - b[i])
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn corners(low: [f64; 3], high: [f64; 3]) -> impl Iterator<Item = [f64; 3]> {
    (0..8).map(move |n| std::array::from_fn(|a| if n >> a & 1 == 0 { low[a] } else { high[a] }))
}

/// The point of a plane in space.
pub(crate) fn embed(axis: Axis, offset: f64, p: [f64; 2]) -> [f64; 3] {
    let mut q = [offset; 3];
    q[axis.next() as usize] = p[0];
    q[axis.previous() as usize] = p[1];
    q
}

/// A point's coordinates in the plane normal to an axis.
pub(crate) fn flatten(axis: Axis, p: [f64; 3]) -> [f64; 2] {
    [p[axis.next() as usize], p[axis.previous() as usize]]
}

fn sides(points: &[[f64; 2]]) -> impl Iterator<Item = ([f64; 2], [f64; 2])> {
    let n = points.len();
    (0..n).map(move |i| (points[i], points[(i + 1) % n]))
}

/// Even-odd rule.
fn in_polygon(points: &[[f64; 2]], q: [f64; 2]) -> bool {
    let mut inside = false;
    for (a, b) in sides(points) {
        if (a[1] > q[1]) != (b[1] > q[1])
            && q[0] < a[0] + (q[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
        {
            inside = !inside;
        }
    }
    inside
}

fn distance_to_segment(q: [f64; 2], a: [f64; 2], b: [f64; 2]) -> f64 {
    let d = [b[0] - a[0], b[1] - a[1]];
    let length = d[0] * d[0] + d[1] * d[1];
    let t = if length > 0.0 {
        (((q[0] - a[0]) * d[0] + (q[1] - a[1]) * d[1]) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let off = [q[0] - a[0] - t * d[0], q[1] - a[1] - t * d[1]];
    // `hypot` took a fifth of the time of averaging polygons
    (off[0] * off[0] + off[1] * off[1]).sqrt()
}

/// Whether a segment passes through the inside of a rectangle (Liang and Barsky's clipping).
fn crosses_rectangle(p: [f64; 2], q: [f64; 2], low: [f64; 2], high: [f64; 2]) -> bool {
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for c in 0..2 {
        let d = q[c] - p[c];
        if d == 0.0 {
            if p[c] <= low[c] || p[c] >= high[c] {
                return false;
            }
        } else {
            let (s, t) = ((low[c] - p[c]) / d, (high[c] - p[c]) / d);
            enter = enter.max(s.min(t));
            leave = leave.min(s.max(t));
        }
    }
    enter < leave
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn samples() -> Vec<Shape> {
        vec![
            Shape::Box {
                min: [-0.4, -0.2, -0.7],
                max: [0.5, 0.6, 0.1],
            },
            Shape::Sphere {
                centre: [0.1, -0.1, 0.0],
                radius: 0.6,
            },
            Shape::Cylinder {
                start: [-0.5, -0.4, 0.2],
                end: [0.6, 0.3, -0.4],
                radius: 0.3,
            },
            Shape::Polygon {
                axis: Axis::Y,
                offset: -0.3,
                thickness: 0.5,
                points: vec![[-0.6, -0.5], [0.7, -0.2], [0.0, 0.0], [0.1, 0.8]],
            },
        ]
    }

    proptest! {
        // a box said to be inside or outside has all its points there, and points lie in bounds
        #[test]
        fn overlap_agrees_with_points(
            c in prop::array::uniform3(-1.0f64..1.0),
            h in prop::array::uniform3(0.01f64..0.3),
            t in prop::array::uniform3(0.0f64..1.0),
        ) {
            let high: [f64; 3] = std::array::from_fn(|a| c[a] + h[a]);
            let p: [f64; 3] = std::array::from_fn(|a| c[a] + t[a] * h[a]);
            for shape in samples() {
                let inside = shape.contains(p, 0.0);
                match shape.overlap(c, high) {
                    Overlap::Inside => prop_assert!(inside),
                    Overlap::Outside => prop_assert!(!inside || shape.contains(p, -1e-12) != inside),
                    Overlap::Cut => {}
                }
                let b = shape.bounds();
                prop_assert!(!inside || (0..3).all(|a| p[a] >= b[0][a] - 1e-12 && p[a] <= b[1][a] + 1e-12));
            }
        }
    }

    #[test]
    fn margins_close_and_open_the_surface() {
        let square = Shape::Polygon {
            axis: Axis::Z,
            offset: 0.0,
            thickness: 0.0,
            points: vec![[0.0, 0.0], [1.0, 0.0], [1.0, 2.0], [0.0, 2.0]],
        };
        for corner in [[0.0, 0.0, 0.0], [1.0, 2.0, 0.0], [1.0, 0.5, 0.0]] {
            assert!(square.contains(corner, 1e-9));
            assert!(!square.contains(corner, -1e-9));
        }
        assert_eq!(square.snap_lines(Axis::Y)[1], 2.0);
        assert!(!square.is_slanted());
        assert!(!square.has_volume());
        // the axes of an x-normal plane are (y, z)
        assert_eq!(embed(Axis::X, 1.0, [2.0, 3.0]), [1.0, 2.0, 3.0]);
        assert_eq!(embed(Axis::Y, 1.0, [2.0, 3.0]), [3.0, 1.0, 2.0]);
        assert_eq!(flatten(Axis::Y, [3.0, 1.0, 2.0]), [2.0, 3.0]);
    }

    #[test]
    fn defects_are_told() {
        let slanted = Shape::Wire {
            points: vec![[0.0; 3], [1.0, 1.0, 0.0]],
            radius: None,
        };
        assert!(slanted.defect().unwrap().contains("parallel"));
        let flat = Shape::Box {
            min: [0.0; 3],
            max: [1.0, 1.0, 0.0],
        };
        assert!(flat.defect().unwrap().contains("sheet"));
    }
}
