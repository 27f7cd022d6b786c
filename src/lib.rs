//! Hepatica turns a folder of hospital MRI (DICOM) into a de-identified, training-ready data set.
//!
//! The rooms stand in the order of the journey, and each depends only on those before it:
//!
//! - [`dicom`]: reading what hospitals export — byte ranges in, tolerant headers and frames out.
//! - [`volume`]: grids (dimensions and affine) and typed voxels.
//! - [`hanging`]: hanging protocols — roles of volumes, decided by rules from facts.
//! - [`intake`]: many headers → patients, studies, series, volumes; the plan.
//! - [`deid`]: pseudonyms, dates, secrets and the check of every output against its source.
//! - [`convert`]: frames → volumes: geometry, stacking, diffusion, scaling.
//! - [`nifti`]: NIfTI-1 headers and parallel gzip.
//! - [`dataset`]: the archive — layout and names, sidecars, manifests, reports, zip in and out.
//! - [`phantom`]: a synthetic liver-MRI study generator with planted identifiers and known truth.
//! - [`segment`]: labels painted, grown from seeds (GrowCut), edited, measured and saved.
//! - [`view`]: planes of a volume as pixels, windows, labels over them, pane ↔ world ↔ voxel.
//! - [`annotate`]: cases hung in panes, and the editor on them.
//! - [`session`]: the journey itself as one resumable machine: intake, plan, export.
//! - `serve`: the page on this machine's own address, for `hepatica serve` (feature `cli`).
//! - `web`: the wasm-bindgen surface of the session, and nothing else (wasm32 only).
//!
//! The core does no I/O and reads no clock and no global: whoever drives it is told which byte
//! ranges are needed ([`dicom::Need`]), feeds them, and is handed finished archive entries.

pub mod annotate;
pub mod convert;
pub mod dataset;
pub mod deid;
pub mod dicom;
pub mod hanging;
pub mod intake;
pub mod nifti;
pub mod phantom;
pub mod segment;
#[cfg(feature = "cli")]
pub mod serve;
pub mod session;
pub mod view;
pub mod volume;
#[cfg(target_arch = "wasm32")]
pub mod web;
