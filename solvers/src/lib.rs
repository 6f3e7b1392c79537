//! Curlwind solvers.
