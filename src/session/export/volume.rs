//! A finished volume's entries: image, gradient tables, and the sidecar, which comes last.

use super::{Active, Export, HeaderSlot};
use crate::convert::Product;
use crate::convert::instance::Instance;
use crate::convert::stack::Stack;
use crate::dataset::sidecar::{Computed, Retain, Units, sidecar};
use crate::dataset::{FailReason, documents};
use crate::deid::PolicyOption;
use crate::hanging::facts::ComplexPart;
use crate::intake::{PlannedVolume, VolumeEntry};
use crate::nifti::ImageHeader;
use crate::session::Session;

impl Export {
    /// The entries of a finished volume, in order: image, b-values, b-vectors, sidecar.
    pub(super) fn finish_volume(&mut self, session: &Session, active: Active, product: Product) {
        let volume = active.volume.clone();
        let files = active.files.clone();
        self.progress.done += 1;
        let stem = &volume.name;
        let mut entries = vec![(stem.image(), product.nii_gz)];
        let (Some((_, _, series, found)), HeaderSlot::Read(first)) =
            (session.catalogue().volume(volume.id), &active.header)
        else {
            return;
        };
        if let Some(b_values) = &found.stack.b_values {
            entries.push((stem.bval(), b_values_text(b_values).into_bytes()));
            entries.push((stem.bvec(), b_vectors_text(&found.stack.b_vectors).into_bytes()));
        }
        let frame = found.stack.frames.first().map_or(0, |at| at.frame as usize);
        let instances = session.catalogue().instances_of(series);
        let computed = computed(&volume, found, &instances, &product.image);
        let retain = Retain { device: session.policy().holds(PolicyOption::RetainDeviceIdentity) };
        let fields = sidecar(&first.frame(frame), &computed, retain);
        entries.push((stem.sidecar(), documents::json_bytes(&serde_json::Value::Object(fields))));
        if let Err(refusal) = self.guard.check_volume(session, &volume, &product.header, &entries) {
            self.stopped += 1;
            self.refusals.push(format!("volume {}: {refusal}", volume.id.0));
            for file in files {
                let ordinal = session.ordinals().of(file);
                let _ = self.ledger.failed(ordinal, FailReason::IdentifierFound, refusal.element());
            }
            return;
        }
        for file in files {
            let _ = self.ledger.converted(session.ordinals().of(file), stem);
        }
        self.books.written.insert(volume.id);
        self.outbox.extend(entries);
    }
}

/// What conversion knows better than one header.
fn computed(
    planned: &PlannedVolume,
    found: &VolumeEntry,
    instances: &[&Instance],
    image: &ImageHeader,
) -> Computed {
    let stack = &found.stack;
    let [x, y, z] = image.grid.dims();
    let four = stack.times > 1;
    let repetition = found.facts.repetition_time_ms.map(|t| t / 1000.0);
    Computed {
        fingerprint: planned.source.clone(),
        slice_spacing_mm: (z > 1).then(|| image.grid.affine().spacing()[2]),
        size: [x, y, z],
        echo_time_s: stack.echo_time_ms.map(|t| t / 1000.0),
        echo_times_s: None,
        repetition_time_s: repetition.filter(|_| four),
        slice_timing_s: slice_timing(stack, instances),
        seconds_from_first_phase: planned.seconds_from_first,
        // A trace image of one b-value stands where no `.bval` may.
        b_values: stack.b_values.clone().filter(|_| !planned.name.is_bids()),
        units: match (found.facts.modality.as_deref(), stack.part) {
            (Some("CT"), _) => Some(Units::Hounsfield),
            _ if stack.field_map => Some(Units::Hertz),
            // BIDS wants a unit on phase images; the header gives none.
            (_, ComplexPart::Phase) => Some(Units::Arbitrary),
            _ => None,
        },
        functional: planned.role.role.as_ref().is_some_and(|r| r.as_str() == "bold") && four,
        warnings: stack.warnings.iter().map(|w| w.id().to_owned()).collect(),
    }
}

/// Start of each stored slice, s, where the scanner tells it (Siemens mosaics).
fn slice_timing(stack: &Stack, instances: &[&Instance]) -> Option<Vec<f64>> {
    let tiling = stack.tiling?;
    let first = stack.frames.first()?;
    let mosaic = instances.get(first.instance as usize)?.mosaic.as_ref()?;
    if mosaic.slice_times_ms.len() != stack.slices as usize {
        return None;
    }
    let mut times: Vec<f64> = mosaic.slice_times_ms.iter().map(|t| t / 1000.0).collect();
    if tiling.reversed {
        times.reverse();
    }
    Some(times)
}

/// FSL's text: one line, values in s/mm².
fn b_values_text(values: &[f64]) -> String {
    let words: Vec<String> = values.iter().map(|b| format!("{}", (b * 1e6).round() / 1e6)).collect();
    words.join(" ") + "\n"
}

/// FSL's text: three lines, one an axis of the stored image.
fn b_vectors_text(vectors: &[[f64; 3]]) -> String {
    (0..3)
        .map(|axis| {
            let words: Vec<String> = vectors
                .iter()
                .map(|v| format!("{}", (v.get(axis).copied().unwrap_or(0.0) * 1e6).round() / 1e6 + 0.0))
                .collect();
            words.join(" ") + "\n"
        })
        .collect()
}
