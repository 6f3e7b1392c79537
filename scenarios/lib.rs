//! Curlwind.
