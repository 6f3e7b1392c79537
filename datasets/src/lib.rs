//! Curlwind datasets.
