//! `hepatica phantom`: synthetic studies, with their truth.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::ValueEnum;
use hepatica::nifti::{HEADER_BYTES, ImageHeader, ParallelGzip};
use hepatica::phantom::{Phantom, PhantomSpec, Vendor};
use hepatica::volume::{Affine, Grid, VoxelType};
use rayon::prelude::*;

use crate::Failure;
use crate::input::bar;

#[derive(Clone, Copy, ValueEnum)]
enum VendorName {
    Siemens,
    Ge,
    Philips,
}

/// Generates synthetic liver-MRI studies as DICOM, with planted identifiers and known truth.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// The folder to write to: `dicom/` and, beside it, the truth.
    #[arg(long)]
    out: PathBuf,
    /// How many patients.
    #[arg(long, default_value_t = 2)]
    patients: u32,
    /// Everything random follows from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Whose scanner; by default it varies by patient.
    #[arg(long, value_enum)]
    vendor: Option<VendorName>,
    /// Linear size of the matrices; 1 gives T1 images of 320×260×72.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// DICOM only: no truth volumes, labels and list of planted values.
    #[arg(long)]
    no_truth: bool,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    let vendor = options.vendor.map(|v| match v {
        VendorName::Siemens => Vendor::Siemens,
        VendorName::Ge => Vendor::Ge,
        VendorName::Philips => Vendor::Philips,
    });
    let spec = PhantomSpec { patients: options.patients, seed: options.seed, vendor, scale: options.scale };
    let phantom = Phantom::new(spec);
    let progress = bar(false, "{spinner} {msg} {wide_bar} {pos}/{len}");
    progress.set_length(phantom.count() as u64);
    progress.set_message("writing DICOM");
    let bytes = AtomicU64::new(0);
    (0..phantom.count()).into_par_iter().try_for_each(|index| -> std::io::Result<()> {
        let (Some(entry), Some(file)) = (phantom.entry(index), phantom.file(index)) else { return Ok(()) };
        bytes.fetch_add(file.len() as u64, Ordering::Relaxed);
        progress.inc(1);
        write(&options.out.join("dicom").join(entry.path), &file)
    })?;
    if !options.no_truth {
        progress.set_message("writing truth");
        truth(&phantom, &options.out.join("truth"))?;
    }
    progress.finish_and_clear();
    crate::say(&format!(
        "{} files, {:.1} MB, {} patients
",
        phantom.count(),
        bytes.into_inner() as f64 / 1e6,
        options.patients
    ));
    Ok(ExitCode::SUCCESS)
}

/// A NIfTI for every volume and label map that a converter should make, and lists of what is known.
fn truth(phantom: &Phantom, out: &Path) -> Result<(), Failure> {
    let volumes = phantom.truth();
    volumes.par_iter().enumerate().try_for_each(|(at, volume)| -> std::io::Result<()> {
        let stem = format!(
            "p{:02}_s{:02}_{:03}_{}",
            volume.patient, volume.session, volume.series_number, volume.role
        );
        let stem = volume.temporal.map_or(stem.clone(), |t| format!("{stem}_t{t}"));
        let stem = if volume.echo.0 > 1 { format!("{stem}_e{}", volume.echo.0) } else { stem };
        let [nx, ny, nz, nt] = volume.dims;
        let [x, y, z, _] = volume.affine;
        let Ok(grid) = Grid::new([nx, ny, nz], Affine([x, y, z])) else { return Ok(()) };
        let header = |voxel_type, times, slope| ImageHeader {
            grid,
            times,
            time_step_s: 0.0,
            voxel_type,
            slope,
            intercept: 0.0,
        };
        if let Some(voxels) = phantom.truth_voxels(at) {
            let body = voxels.iter().flat_map(|v| v.to_le_bytes());
            let slope = volume.slope.unwrap_or(1.0);
            write(&out.join(format!("{stem}.nii.gz")), &nifti(&header(VoxelType::I16, nt, slope), body))?;
        }
        if let Some(labels) = phantom.truth_labels(at) {
            let image = nifti(&header(VoxelType::U8, 1, 1.0), labels.into_iter());
            write(&out.join("labels").join(format!("{stem}.nii.gz")), &image)?;
        }
        Ok(())
    })?;
    let planted: String = std::iter::once("patient\tkind\tplace\tvalue\n".to_owned())
        .chain(
            phantom
                .planted()
                .iter()
                .map(|p| format!("{}\t{:?}\t{}\t{}\n", p.patient, p.kind, p.place, p.value)),
        )
        .collect();
    write(&out.join("planted.tsv"), planted.as_bytes())?;
    let lesions: String =
        std::iter::once("patient\tsession\tlesion\tstate\tdx_mm\tdy_mm\tdz_mm\tvolume_ml\n".to_owned())
            .chain(phantom.lesions().iter().map(|l| {
                let [dx, dy, dz] = l.diameters;
                format!(
                    "{}\t{}\t{}\t{:?}\t{dx:.2}\t{dy:.2}\t{dz:.2}\t{:.3}\n",
                    l.patient, l.session, l.number, l.state, l.volume_ml
                )
            }))
            .collect();
    write(&out.join("lesions.tsv"), lesions.as_bytes())?;
    Ok(())
}

fn nifti(header: &ImageHeader, body: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.size_hint().0);
    bytes.extend_from_slice(&header.to_bytes());
    bytes.extend(body);
    ParallelGzip::compress(&bytes, true)
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes)
}
