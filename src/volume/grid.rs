//! Dimensions and the map from voxels to the world.
//!
//! World coordinates are NIfTI's: millimetres, x to the patient's right-to-left as **R**AS (+x right,
//! +y anterior, +z superior is RAS+: the coordinate grows towards the letter). DICOM's are LPS; the
//! conversion room turns one into the other, once.

/// Rows of the 3×4 part of a voxel → world map; the last row is (0 0 0 1).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Affine(pub [[f64; 4]; 3]);

/// Why there is no such grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GridError {
    /// The affine can't be inverted or has values that are not finite.
    #[error("the geometry is degenerate: slices or axes coincide")]
    Degenerate,
    /// A dimension of zero.
    #[error("a dimension is zero")]
    Empty,
}

impl Affine {
    /// The world position of a voxel's centre, mm.
    pub fn apply(&self, voxel: [f64; 3]) -> [f64; 3] {
        self.0.map(|row| row[0] * voxel[0] + row[1] * voxel[1] + row[2] * voxel[2] + row[3])
    }

    /// Column `axis` (0 to 2): the step of one voxel along that axis, mm. Axis 3 is the origin.
    pub fn column(&self, axis: usize) -> [f64; 3] {
        self.0.map(|row| row.get(axis).copied().unwrap_or(0.0))
    }

    /// From three steps and an origin.
    pub fn from_columns(x: [f64; 3], y: [f64; 3], z: [f64; 3], origin: [f64; 3]) -> Self {
        Self(std::array::from_fn(|row| [x[row], y[row], z[row], origin[row]]))
    }

    /// Determinant of the 3×3 part, mm³: negative for left-handed grids.
    pub fn determinant(&self) -> f64 {
        dot(self.column(0), cross(self.column(1), self.column(2)))
    }

    /// Voxel sizes along the three axes, mm.
    pub fn spacing(&self) -> [f64; 3] {
        [0, 1, 2].map(|axis| norm(self.column(axis)))
    }

    /// Whether the axes aren't perpendicular (a tilted gantry): no quaternion can say that.
    pub fn is_sheared(&self) -> bool {
        let unit = [0, 1, 2].map(|axis| {
            let column = self.column(axis);
            let length = norm(column).max(f64::MIN_POSITIVE);
            column.map(|v| v / length)
        });
        [(0, 1), (0, 2), (1, 2)].iter().any(|(a, b)| dot(unit[*a], unit[*b]).abs() > 1e-4)
    }
}

/// Dimensions and an affine that can be inverted.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Grid {
    dims: [u32; 3],
    affine: Affine,
}

impl Grid {
    /// A grid of `dims` voxels (x, y, z).
    ///
    /// # Errors
    /// An affine that can't be inverted, or a dimension of zero.
    pub fn new(dims: [u32; 3], affine: Affine) -> Result<Self, GridError> {
        if dims.contains(&0) {
            return Err(GridError::Empty);
        }
        let finite = affine.0.iter().flatten().all(|v| v.is_finite());
        if !finite || affine.determinant().abs() < 1e-9 {
            return Err(GridError::Degenerate);
        }
        Ok(Self { dims, affine })
    }

    /// Voxels along x, y, z.
    pub fn dims(&self) -> [u32; 3] {
        self.dims
    }

    /// Voxel → world, mm, RAS+.
    pub fn affine(&self) -> &Affine {
        &self.affine
    }

    /// Number of voxels.
    pub fn voxels(&self) -> u64 {
        self.dims.iter().map(|d| u64::from(*d)).product()
    }
}

pub(crate) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

pub(crate) fn norm(a: [f64; 3]) -> f64 {
    dot(a, a).sqrt()
}
