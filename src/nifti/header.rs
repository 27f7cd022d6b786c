//! The NIfTI-1 header (nifti1.h, Cox et al. 2004), little endian, single file.

use crate::volume::{Affine, Grid, VoxelType};

/// Bytes before the voxels: the header and an empty extension flag.
pub const HEADER_BYTES: usize = 352;

/// What the header of an image says.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageHeader {
    /// Dimensions and affine.
    pub grid: Grid,
    /// Volumes along the fourth dimension, 1 for a plain image.
    pub times: u32,
    /// Seconds between volumes; 0 where it has no meaning.
    pub time_step_s: f64,
    /// Type of the stored values.
    pub voxel_type: VoxelType,
    /// `value = slope · stored + intercept`.
    pub slope: f64,
    /// See `slope`.
    pub intercept: f64,
}

impl ImageHeader {
    /// The 352 bytes. `descrip`, `aux_file`, `intent_name` and `db_name` are empty.
    ///
    /// `qform_code` is 1 unless the affine is sheared, which no quaternion can say: then 0.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut writer = Writer([0; HEADER_BYTES]);
        let [nx, ny, nz] = self.grid.dims();
        let four = self.times > 1;
        writer.i32(0, 348);
        writer.put(38, b"r");
        let short = |v: u32| i16::try_from(v).unwrap_or(i16::MAX);
        for (at, value) in
            [if four { 4 } else { 3 }, short(nx), short(ny), short(nz), short(self.times), 1, 1, 1]
                .iter()
                .enumerate()
        {
            writer.i16(40 + at * 2, *value);
        }
        let (code, bits) = datatype(self.voxel_type);
        writer.i16(70, code);
        writer.i16(72, bits);
        let affine = self.grid.affine();
        let [dx, dy, dz] = affine.spacing();
        let quaternion = Quaternion::of(affine);
        for (at, value) in
            [quaternion.handedness, dx, dy, dz, if four { self.time_step_s } else { 0.0 }].iter().enumerate()
        {
            writer.f32(76 + at * 4, *value);
        }
        writer.f32(108, HEADER_BYTES as f64);
        writer.f32(112, self.slope);
        writer.f32(116, self.intercept);
        writer.put(123, &[if four { 2 | 8 } else { 2 }]); // mm, seconds
        writer.i16(252, i16::from(!affine.is_sheared()));
        writer.i16(254, 1);
        for (at, value) in quaternion.parts.iter().enumerate() {
            writer.f32(256 + at * 4, *value);
        }
        for (row, values) in affine.0.iter().enumerate() {
            writer.f32(268 + row * 4, values[3]);
            for (column, value) in values.iter().enumerate() {
                writer.f32(280 + row * 16 + column * 4, *value);
            }
        }
        writer.put(344, b"n+1\0");
        writer.0
    }

    /// Whether every dimension fits the format's 16 bits.
    pub fn fits(&self) -> bool {
        self.grid.dims().iter().chain([&self.times]).all(|d| *d <= 32_767)
    }
}

fn datatype(voxel_type: VoxelType) -> (i16, i16) {
    match voxel_type {
        VoxelType::U8 => (2, 8),
        VoxelType::I16 => (4, 16),
        VoxelType::I32 => (8, 32),
        VoxelType::F32 => (16, 32),
        VoxelType::F64 => (64, 64),
        VoxelType::U16 => (512, 16),
        VoxelType::U32 => (768, 32),
        VoxelType::Rgb24 => (128, 24),
    }
}

struct Writer([u8; HEADER_BYTES]);

impl Writer {
    fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.0.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    fn i16(&mut self, at: usize, value: i16) {
        self.put(at, &value.to_le_bytes());
    }

    fn i32(&mut self, at: usize, value: i32) {
        self.put(at, &value.to_le_bytes());
    }

    fn f32(&mut self, at: usize, value: f64) {
        // `+ 0.0` turns -0 into 0, so that equal geometry has equal bytes.
        self.put(at, &((value + 0.0) as f32).to_le_bytes());
    }
}

/// The rotation of an affine as nifti1.h's `quatern_b/c/d`, with `qfac`.
struct Quaternion {
    /// b, c, d.
    parts: [f64; 3],
    /// `pixdim[0]`: −1 for left-handed grids.
    handedness: f64,
}

impl Quaternion {
    fn of(affine: &Affine) -> Self {
        let handedness = if affine.determinant() < 0.0 { -1.0 } else { 1.0 };
        let columns: [[f64; 3]; 3] = std::array::from_fn(|axis| {
            let column = affine.column(axis);
            let length = crate::volume::grid::norm(column).max(f64::MIN_POSITIVE);
            let sign = if axis == 2 { handedness } else { 1.0 };
            column.map(|v| v * sign / length)
        });
        let r = |row: usize, column: usize| columns[column][row];
        let trace = r(0, 0) + r(1, 1) + r(2, 2);
        // nifti1_io.c, nifti_mat44_to_quatern: the largest component is found first.
        let (a, b, c, d);
        if trace + 1.0 > 0.5 {
            a = 0.5 * (trace + 1.0).sqrt();
            b = 0.25 * (r(2, 1) - r(1, 2)) / a;
            c = 0.25 * (r(0, 2) - r(2, 0)) / a;
            d = 0.25 * (r(1, 0) - r(0, 1)) / a;
        } else {
            let x = 1.0 + r(0, 0) - (r(1, 1) + r(2, 2));
            let y = 1.0 + r(1, 1) - (r(0, 0) + r(2, 2));
            let z = 1.0 + r(2, 2) - (r(0, 0) + r(1, 1));
            if x > 1.0 {
                b = 0.5 * x.sqrt();
                c = 0.25 * (r(0, 1) + r(1, 0)) / b;
                d = 0.25 * (r(0, 2) + r(2, 0)) / b;
                a = 0.25 * (r(2, 1) - r(1, 2)) / b;
            } else if y > 1.0 {
                c = 0.5 * y.sqrt();
                b = 0.25 * (r(0, 1) + r(1, 0)) / c;
                d = 0.25 * (r(1, 2) + r(2, 1)) / c;
                a = 0.25 * (r(0, 2) - r(2, 0)) / c;
            } else {
                d = 0.5 * z.max(0.0).sqrt();
                let safe = d.max(f64::MIN_POSITIVE);
                b = 0.25 * (r(0, 2) + r(2, 0)) / safe;
                c = 0.25 * (r(1, 2) + r(2, 1)) / safe;
                a = 0.25 * (r(1, 0) - r(0, 1)) / safe;
            }
        }
        let sign = if a < 0.0 { -1.0 } else { 1.0 };
        Self { parts: [b * sign, c * sign, d * sign], handedness }
    }
}
