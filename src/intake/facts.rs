//! From a stacked volume to the facts that hanging rules see.

use crate::convert::instance::Instance;
use crate::convert::stack::Stack;
use crate::convert::when::{days, moment};
use crate::hanging::facts::{Agent, Plane, VolumeFacts, contrast_of_text};

/// The facts of one volume. What needs the whole study is filled in by the caller.
pub(crate) fn volume_facts(
    stack: &Stack,
    instances: &[&Instance],
    acquired: Option<f64>,
    study_began: Option<f64>,
) -> VolumeFacts {
    let first =
        stack.frames.first().and_then(|at| instances.get(at.instance as usize).map(|i| (*i, at.frame)));
    let Some((instance, frame)) = first else { return VolumeFacts::default() };
    let Some(frame) = instance.frames.get(frame as usize) else { return VolumeFacts::default() };
    let series = &instance.series;
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let contrast_text = series.contrast_agent.as_str();
    let bolus = days(&series.study_date)
        .filter(|_| !series.bolus_start.is_empty())
        .and_then(|_| moment(&series.study_date, &series.bolus_start));
    // Some protocols number their b = 0 images 0.001, 0.002 …: to rules they are all 0.
    let mut b_values: Vec<f64> =
        stack.b_values.iter().flatten().map(|b| if *b < 1.0 { 0.0 } else { *b }).collect();
    let directions = stack.b_vectors.iter().filter(|v| v.iter().any(|x| *x != 0.0)).count();
    b_values.sort_by(f64::total_cmp);
    b_values.dedup();
    let spacing = stack.grid.map(|g| g.affine().spacing());
    let [columns, rows] = stack.size;
    let facts = VolumeFacts {
        modality: some(&series.modality),
        body_part: some(&series.body_part),
        plane: frame.orientation.and_then(Plane::from_orientation),
        image_type: frame.image_type.to_vec(),
        complex: Some(stack.part),
        dixon: stack.dixon,
        contrast: contrast_of_text(contrast_text),
        agent: Agent::of_text(contrast_text).or_else(|| Agent::of_text(&series.study_description)),
        seconds_after_bolus: acquired.zip(bolus).map(|(t, b)| t - b).filter(|s| s.abs() < 7200.0),
        acquisition_seconds: acquired.zip(study_began).map(|(t, b)| t - b),
        series_number: series.series_number,
        temporal_index: stack.phase.map(|(t, _)| t),
        temporal_count: stack.phase.map(|(_, n)| n),
        field_strength_t: series.field_strength.0,
        echo_time_ms: frame.echo_time_ms,
        echo_number: frame.echo_number.and_then(|n| u32::try_from(n).ok()),
        repetition_time_ms: frame.repetition_time_ms,
        inversion_time_ms: frame.inversion_time_ms.filter(|t| *t > 0.0),
        flip_angle_deg: series.flip_angle.0,
        echo_train_length: series.echo_train.and_then(|n| u32::try_from(n).ok()),
        diffusion_directions: (!b_values.is_empty()).then_some(directions as u32),
        b_values,
        scanning_sequence: series.scanning_sequence.clone(),
        sequence_variant: series.sequence_variant.clone(),
        scan_options: series.scan_options.clone(),
        three_d: match series.acquisition_type.as_str() {
            "3D" => Some(true),
            "2D" => Some(false),
            _ => None,
        },
        pulse_sequence: series.pulse_sequence.clone(),
        acquisition_contrast: some(&series.acquisition_contrast),
        slice_count: Some(stack.slices),
        volume_count: Some(stack.times),
        spacing_mm: spacing,
        field_of_view_mm: spacing.map(|[x, y, _]| [x * f64::from(columns), y * f64::from(rows)]),
        ..VolumeFacts::default()
    };
    facts.with_texts(&series.series_description, &series.protocol_name, &series.study_description)
}
