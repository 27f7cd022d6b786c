//! `hepatica growcut`: labels grown from seeds, from NIfTI to NIfTI.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use hepatica::nifti::{HEADER_BYTES, ImageHeader, ParallelGzip, ReadImage, read};
use hepatica::segment::growcut::{
    Advice, Channel, GrowCut, Input, Metric, Options as Grow, Order, Region, advise,
};
use hepatica::volume::{Grid, VoxelType, Voxels};
use serde_json::json;

use crate::Failure;

#[derive(Clone, Copy, clap::ValueEnum)]
enum MetricName {
    /// |ΔI| + locality · mm, as 3D Slicer's "Grow from seeds".
    Slicer,
    /// −ln g(|ΔI|), the cellular automaton.
    Classic,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum RegionName {
    /// The whole image.
    Whole,
    /// Around the seeds, as 3D Slicer: their box + 20 %, 50 % with a mask, 3 voxels at least.
    Seeds,
}

#[derive(clap::Args)]
pub(crate) struct Options {
    /// One to eight images on one grid (.nii, .nii.gz).
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// Seeds: whole numbers, 0 for none, 1 to 255 for labels.
    #[arg(long, value_name = "SEEDS.nii.gz")]
    seeds: PathBuf,
    /// The label map to write.
    #[arg(long, value_name = "LABELS.nii.gz")]
    out: PathBuf,
    /// What an edge between voxels costs.
    #[arg(long, value_enum, default_value = "slicer")]
    metric: MetricName,
    /// ITK's order of ties to the letter; by default every step costs at least a quarter of a level.
    #[arg(long)]
    strict: bool,
    /// Cost of a millimetre, in units of intensity (Slicer's "seed locality").
    #[arg(long, value_name = "L", default_value_t = 0.0)]
    locality: f64,
    /// Neighbours of a voxel: 6, 18 or 26.
    #[arg(long, value_name = "N", default_value_t = 26)]
    connectivity: u8,
    /// Grow only where this is not 0.
    #[arg(long, value_name = "MASK.nii.gz")]
    mask: Option<PathBuf>,
    /// Grow only on values from LOW to HIGH of the first image.
    #[arg(long, value_names = ["LOW", "HIGH"], num_args = 2, allow_negative_numbers = true)]
    range: Option<Vec<f64>>,
    /// Where to grow.
    #[arg(long, value_enum, default_value = "whole")]
    region: RegionName,
    /// Weights of the images, in their order, parted by commas.
    #[arg(long, value_delimiter = ',', value_name = "W,W,…")]
    weights: Vec<f64>,
    /// Grow on all images even where one lies more than two voxels from the first (breathing).
    #[arg(long)]
    all_images: bool,
    /// Write by how much the second label was more costly (float32, in units of intensity).
    #[arg(long, value_name = "MARGIN.nii.gz")]
    margin: Option<PathBuf>,
    /// Threads to use; by default one a core.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Memory beside the images, MiB.
    #[arg(long, value_name = "MIB", default_value_t = 8192)]
    budget: u64,
    /// Figures as JSON on standard output.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> Result<ExitCode, Failure> {
    if let Some(threads) = options.threads {
        if threads == 0 {
            return Err(Failure::Usage("--threads must be at least 1".into()));
        }
        // Fails only if a pool exists already, which none does yet.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    }
    let budget = options.budget << 20;
    let connectivity = match options.connectivity {
        6 => hepatica::segment::growcut::Connectivity::Six,
        18 => hepatica::segment::growcut::Connectivity::Eighteen,
        26 => hepatica::segment::growcut::Connectivity::TwentySix,
        _ => return Err(Failure::Usage("--connectivity must be 6, 18 or 26".into())),
    };
    if !options.weights.is_empty() && options.weights.len() != options.images.len() {
        return Err(Failure::Usage("--weights must name one weight for each image".into()));
    }
    let images = options
        .images
        .iter()
        .enumerate()
        .map(|(i, path)| open(path, &format!("image {}", i + 1), budget))
        .collect::<Result<Vec<_>, _>>()?;
    let Some(grid) = images.first().map(|image| image.grid) else {
        return Err(Failure::Usage("there is no image".into()));
    };
    for (i, image) in images.iter().enumerate().skip(1) {
        same_grid(&grid, &image.grid, &format!("image {}", i + 1))?;
    }
    let seeds = open(&options.seeds, "the seed map", budget)?;
    same_grid(&grid, &seeds.grid, "the seed map")?;
    let seeds = labels(&seeds.voxels)?;
    let mask = options.mask.as_ref().map(|path| open(path, "the mask", budget)).transpose()?;
    if let Some(mask) = &mask {
        same_grid(&grid, &mask.grid, "the mask")?;
    }
    let mask: Option<Vec<u8>> = mask
        .map(|m| (0..m.voxels.len()).map(|i| u8::from(m.voxels.get(i).is_some_and(|v| v != 0.0))).collect());
    let mut channels: Vec<Channel<'_>> = images
        .iter()
        .enumerate()
        .map(|(i, image)| Channel {
            weight: options.weights.get(i).copied().unwrap_or(1.0),
            ..Channel::alone(&image.voxels)
        })
        .collect();
    let advice = if options.all_images { Advice::All } else { advise(&grid, &channels) };
    if let Advice::First { channel, voxels } = advice {
        channels.truncate(1);
        eprintln!(
            "hepatica: image {} lies {voxels:.1} voxels from image 1: grown on image 1 alone (--all-images for all)",
            channel + 1
        );
    }
    let grow = Grow {
        metric: match options.metric {
            MetricName::Slicer => Metric::Slicer,
            MetricName::Classic => Metric::Classic,
        },
        order: if options.strict { Order::Strict } else { Order::Default },
        locality: options.locality,
        connectivity,
        range: match options.range.as_deref() {
            Some([low, high]) => Some((*low, *high)),
            _ => None,
        },
        region: match options.region {
            RegionName::Whole => Region::Whole,
            RegionName::Seeds => Region::Seeds,
        },
        budget,
        ..Grow::default()
    };
    let input = Input { grid: &grid, channels: &channels, seeds: &seeds, mask: mask.as_deref() };
    // The pool's threads start with their first work, which is not GrowCut's to pay for.
    let threads = rayon::broadcast(|_| 1_usize).len();
    let began = Instant::now();
    let mut grown = GrowCut::new(&input, grow).map_err(|e| Failure::Usage(e.to_string()))?;
    grown.solve().map_err(|e| Failure::Usage(e.to_string()))?;
    let found = grown.labels();
    let solve_ms = began.elapsed().as_secs_f64() * 1e3;
    write(&options.out, &grid, VoxelType::U8, &found)?;
    let mut next = None;
    if let Some(path) = &options.margin {
        let margin = grown.margin();
        let mut map = vec![f32::NAN; found.len()];
        let [nx, ny, _] = grid.dims().map(|d| d as usize);
        let [sx, sy, _] = margin.region.size();
        let mut greatest = 0.0_f32;
        for index in 0..margin.units.len() {
            let v = [index % sx, index / sx % sy, index / (sx * sy)];
            let v = [0, 1, 2].map(|a| v[a] + margin.region.low[a]);
            if let Some(place) = map.get_mut((v[2] * ny + v[1]) * nx + v[0]) {
                *place = margin.value(index);
                if place.is_finite() {
                    greatest = greatest.max(*place);
                }
            }
        }
        // Sure, unreached and outside: as sure as the surest.
        let bytes: Vec<u8> =
            map.iter().flat_map(|v| (if v.is_finite() { *v } else { greatest }).to_le_bytes()).collect();
        write(path, &grid, VoxelType::F32, &bytes)?;
        next = margin.next_stroke(f64::from(greatest) * 0.05);
    }
    let summary = grown.summary();
    let counts: Vec<(u8, usize)> =
        summary.labels.iter().map(|label| (*label, found.iter().filter(|v| *v == label).count())).collect();
    if options.json {
        crate::say(&format!(
            "{}\n",
            json!({
                "solve_ms": (solve_ms * 1e3).round() / 1e3,
                "voxels": summary.voxels,
                "ns_per_voxel": solve_ms * 1e6 / summary.voxels.max(1) as f64,
                "labels": summary.labels,
                "label_voxels": counts.iter().map(|(l, n)| (l.to_string(), *n)).collect::<std::collections::BTreeMap<_, _>>(),
                "key": summary.key,
                "exact_levels": summary.exact_levels,
                "bytes": summary.bytes,
                "bytes_per_voxel": summary.bytes as f64 / summary.voxels.max(1) as f64,
                "region": summary.region,
                "images": channels.len(),
                "threads": threads,
                "next_stroke": next,
            })
        ));
    } else {
        crate::say(&format!("{} voxels in {solve_ms:.1} ms\n", summary.voxels));
        for (label, count) in counts {
            crate::say(&format!("label {label}: {count} voxels\n"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(path: &Path, what: &str, budget: u64) -> Result<ReadImage, Failure> {
    let bytes = std::fs::read(path).map_err(|e| Failure::Read(format!("{what} can't be read: {e}")))?;
    read(&bytes, budget).map_err(|e| Failure::Read(format!("{what}: {e}")))
}

/// Equal dimensions, and corners that coincide to a hundredth of a voxel.
fn same_grid(grid: &Grid, other: &Grid, what: &str) -> Result<(), Failure> {
    if grid.dims() != other.dims() {
        let [a, b] = [grid.dims(), other.dims()].map(|[x, y, z]| format!("{x}×{y}×{z}"));
        return Err(Failure::Usage(format!("{what} has {b} voxels where image 1 has {a}")));
    }
    let least = grid.affine().spacing().into_iter().fold(f64::INFINITY, f64::min);
    let ends = grid.dims().map(|d| f64::from(d) - 1.0);
    let apart = (0..8_u32)
        .map(|corner| {
            let at = [0, 1, 2].map(|a: usize| if corner >> a & 1 == 1 { ends[a] } else { 0.0 });
            let (p, q) = (grid.affine().apply(at), other.affine().apply(at));
            (0..3).map(|a| (p[a] - q[a]).powi(2)).sum::<f64>().sqrt()
        })
        .fold(0.0, f64::max);
    if apart > 0.01 * least {
        return Err(Failure::Usage(format!(
            "{what} lies up to {apart:.3} mm from image 1: the grids differ"
        )));
    }
    Ok(())
}

/// Seeds as labels.
fn labels(voxels: &Voxels) -> Result<Vec<u8>, Failure> {
    (0..voxels.len())
        .map(|i| {
            let value = voxels.get(i).unwrap_or(0.0);
            let whole = value.fract() == 0.0 && (0.0..=255.0).contains(&value);
            if whole {
                return Ok(value as u8);
            }
            Err(Failure::Usage(format!(
                "the seed map holds {value}: labels are whole numbers, at most 255 of them, from 1 to 255"
            )))
        })
        .collect()
}

fn write(path: &Path, grid: &Grid, voxel_type: VoxelType, body: &[u8]) -> Result<(), Failure> {
    let header =
        ImageHeader { grid: *grid, times: 1, time_step_s: 0.0, voxel_type, slope: 1.0, intercept: 0.0 };
    if !header.fits() {
        return Err(Failure::Usage(
            "the image has a dimension beyond 32,767, which NIfTI-1 can't say".into(),
        ));
    }
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend_from_slice(&header.to_bytes());
    bytes.extend_from_slice(body);
    let zipped = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"));
    std::fs::write(path, if zipped { ParallelGzip::compress(&bytes, true) } else { bytes })?;
    Ok(())
}
