//! Physics of the engines against exact results.

pub(super) mod agreement;
mod cavity;
mod circuits;
mod layers;
mod poles;
mod refusals;
