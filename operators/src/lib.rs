//! Curlwind operators.
