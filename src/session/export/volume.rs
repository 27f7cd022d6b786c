//! A finished volume's entries: image, gradient tables, and the sidecar, which comes last.

use super::{Active, Export, HeaderSlot};
use crate::convert::Product;
use crate::convert::instance::{Frame, Instance};
use crate::convert::stack::{FrameRef, Stack};
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
        let policy = session.policy();
        let retain = Retain {
            device: policy.holds(PolicyOption::RetainDeviceIdentity),
            institution: policy.holds(PolicyOption::RetainInstitutionIdentity),
        };
        let fields = sidecar(&first.frame(frame), &computed, retain);
        entries.push((stem.sidecar(), documents::json_bytes(&serde_json::Value::Object(fields))));
        if let Err(refusal) = self.guard.check_volume(session, &volume, &product.header, &entries) {
            self.stopped += 1;
            self.books.stopped.insert(volume.id);
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
        self.put_out(session, entries);
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
        // Only a difference that is named so: other phase images have an echo time of their own.
        echo_times_s: stack
            .echo_pair_ms
            .filter(|_| planned.name.as_str().ends_with("_phasediff"))
            .map(|pair| pair.map(|t| t / 1000.0)),
        repetition_time_s: repetition.filter(|_| four),
        slice_timing_s: slice_timing(stack, instances, repetition),
        seconds_from_first_phase: planned.seconds_from_first,
        seconds_from_bolus: found.facts.seconds_after_bolus,
        volumes: stack.times,
        slices_descend: slices_descend(stack, instances),
        precise: stack.precise,
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

fn frame_at<'a>(at: &FrameRef, instances: &[&'a Instance]) -> Option<(&'a Instance, &'a Frame)> {
    let instance = instances.get(at.instance as usize)?;
    Some((instance, instance.frames.get(at.frame as usize)?))
}

/// Whether the first stored slice has a higher number than the last.
fn slices_descend(stack: &Stack, instances: &[&Instance]) -> bool {
    let number = |z: usize| {
        let at = stack.frames.get(z)?;
        Some((frame_at(at, instances)?.0.instance_number, at.frame))
    };
    match stack.tiling {
        Some(tiling) => tiling.reversed,
        None => number(0) > number(stack.slices.saturating_sub(1) as usize),
    }
}

/// Start of each stored slice, s, where the scanner tells it: tiles of a volume (Siemens, UIH), and
/// slices that each have a time of their own (Siemens, UIH; classic or enhanced).
fn slice_timing(stack: &Stack, instances: &[&Instance], repetition_s: Option<f64>) -> Option<Vec<f64>> {
    let (instance, _) = frame_at(stack.frames.first()?, instances)?;
    let Some(tiling) = stack.tiling else { return timed_slices(stack, instances, repetition_s) };
    let mosaic = instance.mosaic.as_ref()?;
    let some_later = mosaic.slice_times_ms.iter().any(|t| *t > 0.0);
    if mosaic.slice_times_ms.len() != stack.slices as usize || !some_later {
        return None;
    }
    let mut times: Vec<f64> = mosaic.slice_times_ms.iter().map(|t| t / 1000.0).collect();
    if tiling.reversed {
        times.reverse();
    }
    Some(times)
}

fn timed_slices(stack: &Stack, instances: &[&Instance], repetition_s: Option<f64>) -> Option<Vec<f64>> {
    let (instance, _) = frame_at(stack.frames.first()?, instances)?;
    let facts = &instance.series;
    let maker = facts.manufacturer.to_ascii_uppercase();
    let tells = maker.contains("SIEMENS") || maker.contains("UIH") || maker.contains("UNITED IMAGING");
    let repetition = repetition_s.filter(|t| *t > 0.0)?;
    if !tells || facts.acquisition_type.eq_ignore_ascii_case("3D") || stack.slices < 2 {
        return None;
    }
    let first_volume = stack.frames.iter().take(stack.slices as usize);
    let times: Option<Vec<f64>> = first_volume.map(|at| frame_at(at, instances)?.1.acquired).collect();
    let times = times?;
    let (least, most) = times.iter().fold((f64::MAX, f64::MIN), |(a, b), t| (a.min(*t), b.max(*t)));
    // One time for all is the volume's; more than a repetition apart, slices are no one volume's.
    if most - least < 1e-6 || most - least > repetition {
        return None;
    }
    // Clocks tick in tenths of a millisecond at best; seconds since 1970 carry no more than microseconds.
    Some(times.iter().map(|t| ((t - least) * 1e5).round() / 1e5).collect())
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
