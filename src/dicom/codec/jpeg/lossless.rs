//! The lossless process (T.81 annex H): prediction from neighbours, Huffman-coded differences.
//!
//! In: scans. Out: samples, interleaved.

use super::huffman::{Bits, Table};
use super::{Frame, Restarts, Scan, Tables};
use crate::dicom::DicomError;
use crate::dicom::codec::picture::corrupt;

/// The frame's samples while its scans are read.
pub(super) struct Planes {
    samples: Vec<i32>,
    count: usize,
}

impl Planes {
    pub(super) fn new(frame: &Frame) -> Self {
        let count = frame.components.len();
        Self { samples: vec![0; frame.rows * frame.columns * count], count }
    }

    pub(super) fn into_samples(self) -> Vec<i32> {
        self.samples
    }

    pub(super) fn scan(
        &mut self,
        frame: &Frame,
        scan: &Scan,
        tables: &Tables,
        bits: &mut Bits<'_>,
    ) -> Result<(), DicomError> {
        let parts: Vec<(usize, &Table)> = scan
            .components
            .iter()
            .map(|part| Some((part.index, tables.dc.get(part.dc)?.as_ref()?)))
            .collect::<Option<_>>()
            .ok_or(corrupt("a scan without its Huffman table"))?;
        let stride = frame.columns * self.count;
        let mut restarts = Restarts::new(tables.restart);
        let initial = 1i32 << (frame.precision - scan.shift - 1);
        let mask = 0xFFFF;
        if let ([(0, table)], 1, 0) = (parts.as_slice(), self.count, tables.restart) {
            return self.single(frame, scan, table, initial, bits);
        }
        // The row that an interval began in: there the samples are predicted from the left alone.
        let mut first_row = 0;
        for row in 0..frame.rows {
            let (before, rest) = self.samples.split_at_mut(row * stride);
            let above = before.get(before.len().saturating_sub(stride)..).unwrap_or_default();
            let here = rest.get_mut(..stride).unwrap_or_default();
            // Where an interval began within the row.
            let mut began = if row == 0 { Some(0) } else { None };
            for column in 0..frame.columns {
                if restarts.due(bits)? {
                    first_row = row;
                    began = Some(column);
                }
                for (component, table) in &parts {
                    let at = column * self.count + component;
                    let get = |line: &[i32], at: usize| line.get(at).copied().unwrap_or(0) >> scan.shift;
                    let predicted = if began == Some(column) {
                        initial
                    } else if row == first_row {
                        get(here, at - self.count)
                    } else if column == 0 {
                        get(above, at)
                    } else {
                        let (a, b, c) =
                            (get(here, at - self.count), get(above, at), get(above, at - self.count));
                        predict(scan.selection, a, b, c)
                    };
                    let value = (predicted + difference(table, bits)?) & mask;
                    if let Some(place) = here.get_mut(at) {
                        *place = value << scan.shift;
                    }
                }
            }
            bits.check()?;
        }
        Ok(())
    }

    /// One component without restarts: nearly every file.
    fn single(
        &mut self,
        frame: &Frame,
        scan: &Scan,
        table: &Table,
        initial: i32,
        bits: &mut Bits<'_>,
    ) -> Result<(), DicomError> {
        let width = frame.columns;
        let mut above: Vec<i32> = vec![0; width];
        for (row, line) in self.samples.chunks_exact_mut(width).enumerate() {
            let mut left = if row == 0 { initial } else { above.first().copied().unwrap_or(0) };
            let mut above_left = left;
            let selection = if row == 0 { 1 } else { scan.selection };
            for (column, (place, up)) in line.iter_mut().zip(&above).enumerate() {
                let predicted = if column == 0 || selection == 1 {
                    left
                } else {
                    predict(selection, left, *up, above_left)
                };
                left = (predicted + difference(table, bits)?) & 0xFFFF;
                above_left = *up;
                *place = left;
            }
            above.copy_from_slice(line);
            bits.check()?;
        }
        if scan.shift > 0 {
            self.samples.iter_mut().for_each(|v| *v <<= scan.shift);
        }
        Ok(())
    }
}

/// Table H.1.
#[inline]
fn predict(selection: u8, a: i32, b: i32, c: i32) -> i32 {
    match selection {
        1 => a,
        2 => b,
        3 => c,
        4 => a + b - c,
        5 => a + ((b - c) >> 1),
        6 => b + ((a - c) >> 1),
        _ => (a + b) >> 1,
    }
}

/// H.1.2.2: category 16 is 32,768 and has no further bits.
#[inline]
fn difference(table: &Table, bits: &mut Bits<'_>) -> Result<i32, DicomError> {
    bits.need();
    match bits.symbol(table)? {
        16 => Ok(32_768),
        category @ 0..=15 => Ok(bits.magnitude(u32::from(category))),
        _ => Err(corrupt("Huffman code")),
    }
}
