//! Numbers that come back from a file with every bit, the ones that JSON does not have as well.

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A list of numbers; what is not finite is written as a word.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers(pub Vec<f64>);

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for number in &self.0 {
            match number {
                x if x.is_finite() => list.serialize_element(x)?,
                x if x.is_nan() => list.serialize_element("NaN")?,
                x if *x > 0.0 => list.serialize_element("inf")?,
                _ => list.serialize_element("-inf")?,
            }
        }
        list.end()
    }
}

/// One element.
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Number;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, \"NaN\", \"inf\" or \"-inf\"")
            }
            fn visit_f64<E: Error>(self, x: f64) -> Result<Number, E> {
                Ok(Number(x))
            }
            fn visit_i64<E: Error>(self, x: i64) -> Result<Number, E> {
                Ok(Number(x as f64))
            }
            fn visit_u64<E: Error>(self, x: u64) -> Result<Number, E> {
                Ok(Number(x as f64))
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<Number, E> {
                match word {
                    "NaN" => Ok(Number(f64::NAN)),
                    "inf" => Ok(Number(f64::INFINITY)),
                    "-inf" => Ok(Number(f64::NEG_INFINITY)),
                    _ => Err(E::custom(format!("`{word}` is no number"))),
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Numbers;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Numbers, A::Error> {
                let mut numbers = Vec::new();
                while let Some(Number(x)) = list.next_element()? {
                    numbers.push(x);
                }
                Ok(Numbers(numbers))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_bit_comes_back(bits in prop::collection::vec(any::<u64>(), 0..8)) {
            let mut numbers: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
            numbers.extend([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 3.0]);
            let text = serde_json::to_string(&Numbers(numbers.clone())).expect("written");
            let Numbers(found) = serde_json::from_str(&text).expect("read");
            prop_assert_eq!(found.len(), numbers.len());
            for (a, b) in found.iter().zip(&numbers) {
                prop_assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()));
            }
        }
    }
}
