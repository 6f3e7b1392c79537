//! Element types of PyTorch's storages, and their numbers as f32.

use burn_std::{bf16, f16};

/// Type of the elements of a storage, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ElementType {
    F16,
    BF16,
    F32,
    F64,
    U8,
    I8,
    I16,
    I32,
    I64,
    Bool,
    C64,
    C128,
}

impl ElementType {
    /// The type of a storage class of the module `torch`.
    pub fn of_storage(class: &str) -> Option<Self> {
        Some(match class {
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::BF16,
            "FloatStorage" => Self::F32,
            "DoubleStorage" => Self::F64,
            "ByteStorage" => Self::U8,
            "CharStorage" => Self::I8,
            "ShortStorage" => Self::I16,
            "IntStorage" => Self::I32,
            "LongStorage" => Self::I64,
            "BoolStorage" => Self::Bool,
            "ComplexFloatStorage" => Self::C64,
            "ComplexDoubleStorage" => Self::C128,
            _ => return None,
        })
    }

    /// Bytes of an element.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::F16 | Self::BF16 | Self::I16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::F64 | Self::I64 | Self::C64 => 8,
            Self::C128 => 16,
        }
    }

    pub fn is_complex(self) -> bool {
        matches!(self, Self::C64 | Self::C128)
    }

    /// Appends the number in these bytes, rounded to f32; real and imaginary part of a complex one.
    pub fn decode(self, bytes: &[u8], to: &mut Vec<f32>) {
        let single = |at| f32::from_le_bytes(array(bytes, at));
        let double = |at| f64::from_le_bytes(array(bytes, at)) as f32;
        match self {
            Self::F16 => to.push(f16::from_le_bytes(array(bytes, 0)).to_f32()),
            Self::BF16 => to.push(bf16::from_le_bytes(array(bytes, 0)).to_f32()),
            Self::F32 => to.push(single(0)),
            Self::F64 => to.push(double(0)),
            Self::U8 => to.push(f32::from(bytes[0])),
            Self::I8 => to.push(f32::from(bytes[0].cast_signed())),
            Self::I16 => to.push(f32::from(i16::from_le_bytes(array(bytes, 0)))),
            Self::I32 => to.push(i32::from_le_bytes(array(bytes, 0)) as f32),
            Self::I64 => to.push(i64::from_le_bytes(array(bytes, 0)) as f32),
            Self::Bool => to.push(f32::from(bytes[0] != 0)),
            Self::C64 => to.extend([single(0), single(4)]),
            Self::C128 => to.extend([double(0), double(8)]),
        }
    }
}

/// `N` of the bytes of an element.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|n| bytes[at + n])
}
