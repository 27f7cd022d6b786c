//! Typed voxels: the type is the file's, so that integers stay integers.

/// The type of a voxel, as NIfTI names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum VoxelType {
    /// Unsigned, 8 bit.
    U8,
    /// Signed, 16 bit.
    I16,
    /// Unsigned, 16 bit.
    U16,
    /// Signed, 32 bit.
    I32,
    /// Unsigned, 32 bit.
    U32,
    /// Float, 32 bit.
    F32,
    /// Float, 64 bit.
    F64,
    /// Red, green and blue, 8 bit each, side by side: three values of [`Voxels::U8`] a voxel.
    Rgb24,
}

impl VoxelType {
    /// Bytes a voxel.
    pub fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::F64 => 8,
            Self::Rgb24 => 3,
        }
    }
}

/// Values in scan order, of one type.
#[derive(Clone, Debug, PartialEq)]
pub enum Voxels {
    /// Unsigned, 8 bit.
    U8(Vec<u8>),
    /// Signed, 16 bit.
    I16(Vec<i16>),
    /// Unsigned, 16 bit.
    U16(Vec<u16>),
    /// Signed, 32 bit.
    I32(Vec<i32>),
    /// Unsigned, 32 bit.
    U32(Vec<u32>),
    /// Float, 32 bit.
    F32(Vec<f32>),
    /// Float, 64 bit.
    F64(Vec<f64>),
}

/// Runs `$body` with `$values` bound to the typed vector.
#[macro_export]
macro_rules! with_voxels {
    ($voxels:expr, $values:ident => $body:expr) => {
        match $voxels {
            $crate::volume::Voxels::U8($values) => $body,
            $crate::volume::Voxels::I16($values) => $body,
            $crate::volume::Voxels::U16($values) => $body,
            $crate::volume::Voxels::I32($values) => $body,
            $crate::volume::Voxels::U32($values) => $body,
            $crate::volume::Voxels::F32($values) => $body,
            $crate::volume::Voxels::F64($values) => $body,
        }
    };
}

impl Voxels {
    /// `len` zeros of a type.
    pub fn zeros(voxel_type: VoxelType, len: usize) -> Self {
        match voxel_type {
            VoxelType::U8 => Self::U8(vec![0; len]),
            VoxelType::I16 => Self::I16(vec![0; len]),
            VoxelType::U16 => Self::U16(vec![0; len]),
            VoxelType::I32 => Self::I32(vec![0; len]),
            VoxelType::U32 => Self::U32(vec![0; len]),
            VoxelType::F32 => Self::F32(vec![0.0; len]),
            VoxelType::F64 => Self::F64(vec![0.0; len]),
            VoxelType::Rgb24 => Self::U8(vec![0; len * 3]),
        }
    }

    /// The type of the values.
    pub fn voxel_type(&self) -> VoxelType {
        match self {
            Self::U8(_) => VoxelType::U8,
            Self::I16(_) => VoxelType::I16,
            Self::U16(_) => VoxelType::U16,
            Self::I32(_) => VoxelType::I32,
            Self::U32(_) => VoxelType::U32,
            Self::F32(_) => VoxelType::F32,
            Self::F64(_) => VoxelType::F64,
        }
    }

    /// How many values.
    pub fn len(&self) -> usize {
        with_voxels!(self, values => values.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Value `index` as a number.
    pub fn get(&self, index: usize) -> Option<f64> {
        match self {
            Self::U8(v) => v.get(index).map(|x| f64::from(*x)),
            Self::I16(v) => v.get(index).map(|x| f64::from(*x)),
            Self::U16(v) => v.get(index).map(|x| f64::from(*x)),
            Self::I32(v) => v.get(index).map(|x| f64::from(*x)),
            Self::U32(v) => v.get(index).map(|x| f64::from(*x)),
            Self::F32(v) => v.get(index).map(|x| f64::from(*x)),
            Self::F64(v) => v.get(index).copied(),
        }
    }

    /// Least and greatest finite value; `None` if there is none.
    pub fn range(&self) -> Option<(f64, f64)> {
        fn fold<T: Copy + PartialOrd + Into<f64>>(values: &[T]) -> Option<(f64, f64)> {
            let mut finite = values.iter().copied().filter(|v| (*v).into().is_finite());
            let first = finite.next()?;
            let (low, high) = finite.fold((first, first), |(low, high), v| {
                (if v < low { v } else { low }, if v > high { v } else { high })
            });
            Some((low.into(), high.into()))
        }
        match self {
            Self::U8(v) => fold(v),
            Self::I16(v) => fold(v),
            Self::U16(v) => fold(v),
            Self::I32(v) => fold(v),
            Self::U32(v) => fold(v),
            Self::F32(v) => fold(v),
            Self::F64(v) => fold(v),
        }
    }
}
