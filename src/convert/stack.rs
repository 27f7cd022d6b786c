//! Which frames of a series make which volume.
//!
//! In: the instances of one series. Out: [`Stack`]s — frames ordered by slice, then by time — and
//! the frames that fit nowhere, with the reason. Slices are ordered by position along the normal,
//! never by instance number; volumes of a 4D stack by whichever attribute parts the frames into
//! complete volumes.

use std::collections::BTreeMap;

use super::diffusion::b_vector;
use super::geometry::{Axes, Copy, Placement, SAME_SLICE_MM, place, place_mosaic};
use super::instance::{Frame, Instance};
use super::resample::Resampling;
use super::scaling::{PhilipsValues, Rescale, common};
use super::warning::VolumeWarning;
use crate::dataset::SkipReason;
use crate::dicom::pixels::{Photometric, PixelLayout};
use crate::hanging::facts::{ComplexPart, Dixon};
use crate::volume::Grid;
use crate::volume::grid::{dot, norm};

/// A frame of an instance, by the instance's place in the slice that was stacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FrameRef {
    pub(crate) instance: u32,
    pub(crate) frame: u32,
}

/// How a stack's tiles are cut out of mosaics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tiling {
    pub(crate) slices: u32,
    /// Tiles beside each other.
    pub(crate) side: u32,
    /// Tiles run against row × column: the last one is stored first.
    pub(crate) reversed: bool,
}

/// The frames of one volume, in order, and where it lies.
#[derive(Clone)]
pub(crate) struct Stack {
    /// Slice fastest, then time. With `tiling`, one mosaic a time.
    pub(crate) frames: Vec<FrameRef>,
    pub(crate) slices: u32,
    pub(crate) times: u32,
    pub(crate) tiling: Option<Tiling>,
    pub(crate) grid: Option<Grid>,
    /// Columns, rows, of the frames.
    pub(crate) size: [u32; 2],
    /// How the volume is made from its frames where it is a copy of the stack before it, on another grid.
    pub(crate) resampling: Option<std::sync::Arc<Resampling>>,
    pub(crate) echo_time_ms: Option<f64>,
    pub(crate) part: ComplexPart,
    pub(crate) dixon: Option<Dixon>,
    /// A map of the field in hertz.
    pub(crate) field_map: bool,
    /// Of a phase image that is the only one of its series: the echo times it may be the difference of.
    pub(crate) echo_pair_ms: Option<[f64; 2]>,
    /// A b-value for each time, where the frames have them.
    pub(crate) b_values: Option<Vec<f64>>,
    /// Along the stored axes; as many as `b_values`.
    pub(crate) b_vectors: Vec<[f64; 3]>,
    /// One rescale for the whole stack, or `None` where frames differ.
    pub(crate) rescale: Option<Rescale>,
    /// Values are Philips' precise, not the displayed ones.
    pub(crate) precise: bool,
    /// A picture that is converted only because captures are asked for.
    pub(crate) capture: bool,
    /// Magnitude images of Philips, whose displayed and precise values differ.
    pub(crate) philips_magnitude: bool,
    pub(crate) warnings: Vec<VolumeWarning>,
    /// Place among the volumes that one series was parted into by time, and their number.
    pub(crate) phase: Option<(u32, u32)>,
}

/// Frames that make no volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unstacked {
    /// Part of a volume whose other slices are absent.
    IncompleteVolume,
}

/// What a series was stacked into.
#[derive(Default)]
pub(crate) struct Stacked {
    pub(crate) stacks: Vec<Stack>,
    pub(crate) left_over: Vec<(FrameRef, Unstacked)>,
}

/// Stacks the instances of one series.
pub(crate) fn stack(instances: &[&Instance], philips: PhilipsValues) -> Stacked {
    let mut groups: Vec<(Key, Vec<FrameRef>)> = Vec::new();
    for (number, instance) in instances.iter().enumerate() {
        for frame in &instance.frames {
            let key = Key::of(instance, frame);
            let at = FrameRef { instance: number as u32, frame: frame.index };
            match groups.iter_mut().find(|(known, _)| known.matches(&key)) {
                Some((_, frames)) => frames.push(at),
                None => groups.push((key, vec![at])),
            }
        }
    }
    let mut out = Stacked::default();
    for (key, frames) in groups.into_iter().flat_map(|(key, frames)| without_traces(instances, key, frames)) {
        let series = Series { instances, philips };
        if key.mosaic_slices.is_some() {
            series.stack_mosaics(frames, &key, &mut out);
        } else {
            series.stack_slices(frames, &key, &mut out);
        }
    }
    // Two phase images are the phases of two echoes, one is their difference.
    if out.stacks.iter().filter(|s| s.part == ComplexPart::Phase).count() > 1 {
        out.stacks.iter_mut().for_each(|s| s.echo_pair_ms = None);
    }
    // A fixed order, whatever order the files came in: echo, part, first frame's number.
    out.stacks.sort_by_key(|s| {
        let first = s
            .frames
            .first()
            .and_then(|f| instances.get(f.instance as usize).map(|i| (i.instance_number, f.frame)));
        (s.echo_time_ms.map(f64::to_bits), s.part, s.dixon, first)
    });
    out
}

/// Parts the images that a scanner made of directions (trace, mean, ADC: weighted, without a direction)
/// from the directions themselves. Where none has a direction, all are measurements.
fn without_traces(instances: &[&Instance], key: Key, frames: Vec<FrameRef>) -> Vec<(Key, Vec<FrameRef>)> {
    let frame = |at: &FrameRef| instances.get(at.instance as usize)?.frames.get(at.frame as usize);
    let weighted = |f: &Frame| f.b_value.is_some_and(|b| b > 0.0);
    let directed = |f: &Frame| f.gradient.is_some_and(|g| norm(g) > 1e-3);
    let is_directed = |at: &FrameRef| frame(at).is_some_and(|f| weighted(f) && directed(f));
    if !frames.iter().any(is_directed) {
        return vec![(key, frames)];
    }
    let (made, measured): (Vec<_>, Vec<_>) =
        frames.into_iter().partition(|at| frame(at).is_some_and(|f| weighted(f) && !directed(f)));
    let groups = [(key.clone(), measured), (key, made)];
    groups.into_iter().filter(|(_, frames)| !frames.is_empty()).collect()
}

/// What the frames of one volume share.
#[derive(Clone)]
struct Key {
    layout: std::sync::Arc<PixelLayout>,
    orientation: Option<[f64; 6]>,
    has_position: bool,
    spacing: Option<[f64; 2]>,
    echo_time: Option<f64>,
    part: ComplexPart,
    dixon: Option<Dixon>,
    kind: Option<&'static str>,
    collapse: Option<i64>,
    field_map: bool,
    mosaic_slices: Option<u32>,
    unasked: Option<SkipReason>,
    frame_of_reference: std::sync::Arc<super::instance::SeriesFacts>,
}

impl Key {
    fn of(instance: &Instance, frame: &Frame) -> Self {
        Self {
            layout: std::sync::Arc::clone(&instance.layout),
            orientation: frame.orientation,
            has_position: frame.position.is_some(),
            spacing: frame.spacing,
            echo_time: frame.echo_time_ms,
            part: frame.part,
            dixon: frame.dixon,
            kind: derived_kind(&frame.image_type),
            collapse: frame.collapse,
            field_map: frame.field_map,
            mosaic_slices: instance.mosaic.as_ref().map(|m| m.slices),
            unasked: instance.unasked,
            frame_of_reference: std::sync::Arc::clone(&instance.series),
        }
    }

    fn matches(&self, other: &Self) -> bool {
        let near =
            |a: &[f64], b: &[f64], tolerance: f64| a.iter().zip(b).all(|(x, y)| (x - y).abs() <= tolerance);
        let both = |a: Option<&[f64]>, b: Option<&[f64]>, tolerance| match (a, b) {
            (Some(a), Some(b)) => near(a, b, tolerance),
            (None, None) => true,
            _ => false,
        };
        let slice = |v: &'_ Option<[f64; 6]>| v.map(|v| v.to_vec());
        let layout = |l: &PixelLayout| {
            let palette = l.photometric == Photometric::Palette;
            (l.rows, l.columns, l.samples, palette, l.bits_allocated, l.signed, l.element)
        };
        layout(&self.layout) == layout(&other.layout)
            && self.unasked == other.unasked
            && self.has_position == other.has_position
            && both(slice(&self.orientation).as_deref(), slice(&other.orientation).as_deref(), 1e-3)
            && both(self.spacing.as_ref().map(|s| &s[..]), other.spacing.as_ref().map(|s| &s[..]), 1e-3)
            && both(
                self.echo_time.as_ref().map(std::slice::from_ref),
                other.echo_time.as_ref().map(std::slice::from_ref),
                0.02,
            )
            && self.part == other.part
            && self.dixon == other.dixon
            && self.kind == other.kind
            && self.collapse == other.collapse
            && self.field_map == other.field_map
            && self.mosaic_slices == other.mosaic_slices
            && self.frame_of_reference.frame_of_reference == other.frame_of_reference.frame_of_reference
    }
}

/// Values of ImageType that name another kind of image in the same series.
fn derived_kind(image_type: &[String]) -> Option<&'static str> {
    const KINDS: &[&str] = &[
        "ADC",
        "EADC",
        "TRACEW",
        "FA",
        "SUBTRACTION",
        "SUB",
        "MIP",
        "MINIP",
        "PROJECTION IMAGE",
        "MPR",
        "CSA MPR",
        "T1 MAP",
        "T2 MAP",
        "T2_STAR MAP",
        "R2_STAR MAP",
        "FAT_FRACTION",
        "PERFUSION",
        "MEAN",
        "LOCALIZER",
    ];
    image_type.iter().skip(2).find_map(|word| KINDS.iter().find(|kind| *kind == word).copied())
}

/// The frames of one volume with the number of their slice, ascending.
type Volume = Vec<(usize, FrameRef)>;

/// So many of the ways to part frames go by the header; the others by order.
const LABELS_OF_HEADER: usize = 5;

struct Series<'a> {
    instances: &'a [&'a Instance],
    philips: PhilipsValues,
}

impl Series<'_> {
    fn frame(&self, at: FrameRef) -> Option<(&Instance, &Frame)> {
        let instance = self.instances.get(at.instance as usize)?;
        Some((instance, instance.frames.get(at.frame as usize)?))
    }

    /// What orders frames at one place: number, then moment, then identity.
    fn number(&self, at: FrameRef) -> (i64, u32, u64, &str) {
        self.frame(at).map_or((0, 0, 0, ""), |(instance, frame)| {
            let moment = frame.acquired.map_or(0, |t| (t * 1000.0) as u64);
            (instance.instance_number, at.frame, moment, &*instance.sop_instance)
        })
    }

    fn stack_mosaics(&self, mut frames: Vec<FrameRef>, key: &Key, out: &mut Stacked) {
        frames.sort_by(|a, b| self.number(*a).cmp(&self.number(*b)));
        let Some((instance, first)) = frames.first().and_then(|at| self.frame(*at)) else { return };
        let Some(mosaic) = &instance.mosaic else { return };
        let (Placement { grid, warnings, .. }, reversed) = place_mosaic(first, mosaic, &key.layout);
        let (columns, rows) = mosaic.tile(&key.layout);
        let times = frames.len() as u32;
        let tiling = Some(Tiling { slices: mosaic.slices, side: mosaic.tiles[0], reversed });
        let slices = mosaic.slices;
        let (size, copy) = ([columns, rows], None);
        self.finish(Shape { frames, slices, times, tiling, size, grid, warnings, copy }, key, out);
    }

    fn stack_slices(&self, frames: Vec<FrameRef>, key: &Key, out: &mut Stacked) {
        let places = self.places(frames, key);
        let slices = places.len() as u32;
        let times = self.volumes(&places);
        let (complete, partial): (Vec<_>, Vec<_>) =
            times.into_iter().partition(|volume| volume.len() == places.len());
        if complete.is_empty() {
            self.stack_slabs(partial, key, out);
            return;
        }
        let left: Vec<FrameRef> = partial.into_iter().flatten().map(|(_, at)| at).collect();
        let frames = left.len() as u32;
        // A slice or two beside one whole volume are no second volume that broke off.
        let warnings = match frames {
            0 => Vec::new(),
            _ if complete.len() == 1 && frames * 4 <= slices => {
                vec![VolumeWarning::DuplicateSlices { frames }]
            }
            _ => vec![VolumeWarning::IncompleteVolumes { frames }],
        };
        out.left_over.extend(left.into_iter().map(|at| (at, Unstacked::IncompleteVolume)));
        self.place_volumes(complete, slices, warnings, key, out);
    }

    /// Volumes none of which has all slices: those without a gap are slabs that lie beside each other,
    /// each a stack of its own; the others lack slices.
    fn stack_slabs(&self, volumes: Vec<Volume>, key: &Key, out: &mut Stacked) {
        let mut slabs: BTreeMap<(usize, usize), Vec<Volume>> = BTreeMap::new();
        for volume in volumes {
            let (Some((first, _)), Some((last, _))) = (volume.first(), volume.last()) else { continue };
            if last - first + 1 == volume.len() {
                slabs.entry((*first, *last)).or_default().push(volume);
            } else {
                out.left_over.extend(volume.into_iter().map(|(_, at)| (at, Unstacked::IncompleteVolume)));
            }
        }
        for ((first, last), volumes) in slabs {
            self.place_volumes(volumes, (last - first + 1) as u32, Vec::new(), key, out);
        }
    }

    /// A stack of volumes that have the same slices.
    fn place_volumes(
        &self,
        volumes: Vec<Volume>,
        slices: u32,
        mut warnings: Vec<VolumeWarning>,
        key: &Key,
        out: &mut Stacked,
    ) {
        let times = volumes.len() as u32;
        let frames: Vec<FrameRef> = volumes.into_iter().flatten().map(|(_, at)| at).collect();
        let first_volume: Vec<&Frame> =
            frames.iter().take(slices as usize).filter_map(|at| self.frame(*at).map(|(_, f)| f)).collect();
        let Placement { grid, warnings: of_place, mut copy } = place(&first_volume, &key.layout);
        if key.layout.photometric != Photometric::Grey {
            copy = None;
        }
        warnings.splice(0..0, of_place);
        let size = [key.layout.columns, key.layout.rows];
        self.finish(Shape { frames, slices, times, tiling: None, size, grid, warnings, copy }, key, out);
    }

    /// The frames at each slice position, bottom first. Without positions, each frame is a slice.
    fn places(&self, frames: Vec<FrameRef>, key: &Key) -> Vec<Vec<FrameRef>> {
        let axes = key.orientation.and_then(Axes::of);
        let depth = |at: &FrameRef| {
            let position = self.frame(*at)?.1.position?;
            Some(dot(position, axes.as_ref()?.normal))
        };
        let mut sorted = frames;
        sorted.sort_by(|a, b| self.number(*a).cmp(&self.number(*b)));
        if sorted.iter().any(|at| depth(at).is_none()) {
            return sorted.into_iter().map(|at| vec![at]).collect();
        }
        let mut by_depth: Vec<(f64, FrameRef)> =
            sorted.into_iter().filter_map(|at| depth(&at).map(|d| (d, at))).collect();
        by_depth.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut places: Vec<Vec<FrameRef>> = Vec::new();
        let mut last = f64::NEG_INFINITY;
        for (d, at) in by_depth {
            match places.last_mut() {
                Some(place) if d - last <= SAME_SLICE_MM => place.push(at),
                _ => {
                    places.push(vec![at]);
                    last = d;
                }
            }
        }
        for place in &mut places {
            place.sort_by(|a, b| self.number(*a).cmp(&self.number(*b)));
        }
        places
    }

    /// Parts the frames into volumes: for each, the frames by slice (slice number, frame).
    ///
    /// A label of the header that gives as many volumes as the fullest slice has frames is right, even
    /// where files are lost; instance numbers and mere order serve only where there's none, lest two
    /// moments be mixed in one volume.
    fn volumes(&self, places: &[Vec<FrameRef>]) -> Vec<Volume> {
        let most = places.iter().map(Vec::len).max().unwrap_or(0);
        if most <= 1 {
            return vec![places.iter().enumerate().filter_map(|(z, p)| Some((z, *p.first()?))).collect()];
        }
        let smallest = places.iter().flatten().map(|at| self.number(*at).0).min().unwrap_or(0);
        let slices = places.len() as i64;
        let ranks: BTreeMap<FrameRef, i64> =
            places.iter().flat_map(|place| place.iter().copied().zip(0..)).collect();
        let discriminators: [&dyn Fn(FrameRef) -> Option<Label>; 7] = [
            &|at| Some(Label::whole(self.frame(at)?.1.temporal?)),
            &|at| self.frame(at).map(|(_, f)| Label::of([f.b_value, None, None, None], f.gradient)),
            &|at| Some(Label::whole(self.frame(at)?.1.acquisition?)),
            &|at| {
                let frame = self.frame(at)?.1;
                let whole = |v: Option<i64>| v.map(|v| v as f64);
                Some(Label::of(
                    [whole(frame.temporal), whole(frame.acquisition), frame.b_value, None],
                    frame.gradient,
                ))
            },
            &|at| Some(Label::of([self.frame(at)?.1.trigger_ms, None, None, None], None)),
            // Instance numbers that run through each volume in turn, gaps of lost files included.
            &|at| Some(Label::whole((self.number(at).0 - smallest) / slices)),
            &|at| ranks.get(&at).copied().map(Label::whole),
        ];
        // How good a partition is: the right number of volumes by a label of the header, then whole ones.
        let mut best: Option<((bool, usize), Vec<Volume>)> = None;
        for (rank, label) in discriminators.iter().enumerate() {
            let Some(volumes) = self.part(places, label, rank == 0 || rank == 2) else { continue };
            let complete = volumes.iter().filter(|v| v.len() == places.len()).count();
            if complete == most && volumes.len() == most {
                return volumes;
            }
            let merit = (rank < LABELS_OF_HEADER && volumes.len() == most, complete);
            if best.as_ref().is_none_or(|(known, _)| merit > *known) {
                best = Some((merit, volumes));
            }
        }
        best.map(|(_, volumes)| volumes).unwrap_or_default()
    }

    /// Volumes by a label; `None` where it doesn't part them (two frames of a slice share one).
    fn part(
        &self,
        places: &[Vec<FrameRef>],
        label: &dyn Fn(FrameRef) -> Option<Label>,
        by_label: bool,
    ) -> Option<Vec<Volume>> {
        let mut volumes: BTreeMap<Label, Volume> = BTreeMap::new();
        for (z, place) in places.iter().enumerate() {
            for at in place {
                let volume = volumes.entry(label(*at)?).or_default();
                if volume.last().is_some_and(|(last, _)| *last == z) {
                    return None;
                }
                volume.push((z, *at));
            }
        }
        let volumes: Vec<Volume> = volumes.into_values().collect();
        Some(if by_label { volumes } else { self.by_number(volumes) })
    }

    /// Volumes in the order of instance numbers, where these order every slice's frames alike; shuffled
    /// ones (Philips) mean nothing, and the label's order stays.
    fn by_number(&self, volumes: Vec<Volume>) -> Vec<Volume> {
        let mut sorted = volumes.clone();
        sorted.sort_by_key(|v| v.iter().map(|(_, at)| self.number(*at)).min());
        let alike = sorted.windows(2).all(|pair| {
            let [earlier, later] = pair else { return true };
            let mut later = later.iter().peekable();
            earlier.iter().all(|(z, at)| {
                while later.next_if(|(other, _)| other < z).is_some() {}
                later.peek().is_none_or(|(other, next)| other != z || self.number(*at) < self.number(*next))
            })
        });
        if alike { sorted } else { volumes }
    }

    fn finish(&self, shape: Shape, key: &Key, out: &mut Stacked) {
        let Shape { frames, slices, times, tiling, size, grid, mut warnings, copy } = shape;
        let per_time = frames.len() / times.max(1) as usize;
        let leading: Vec<(&Instance, &Frame)> =
            frames.iter().step_by(per_time.max(1)).filter_map(|at| self.frame(*at)).collect();
        let Some((instance, first)) = leading.first() else { return };
        let facts = &instance.series;
        if facts.suspicion.is_some() {
            warnings.push(VolumeWarning::BurnedIn);
        }
        let extent = grid.as_ref().map(crate::deid::faces::Extent::of_grid);
        if extent.is_some_and(|extent| facts.face.in_volume(&extent).is_some()) {
            warnings.push(VolumeWarning::MayShowFace);
        }
        if facts.lossy {
            warnings.push(VolumeWarning::Lossy);
        }
        let philips_magnitude = key.part == ComplexPart::Magnitude
            && frames.iter().filter_map(|at| self.frame(*at)).any(|(_, f)| f.scale_slope.is_some());
        let precise = philips_magnitude && self.philips == PhilipsValues::Precise;
        let rescale =
            common(frames.iter().filter_map(|at| self.frame(*at)).map(|(_, f)| Rescale::of(f, precise)));
        if rescale.is_none() {
            let by_table = frames.iter().filter_map(|at| self.frame(*at)).any(|(_, f)| f.table.is_some());
            let why = if by_table { VolumeWarning::MappedByTable } else { VolumeWarning::ScaledToFloat };
            warnings.push(why);
        }
        // Also a series of b = 0 alone, such as one of reversed phase encoding beside a tensor's.
        let diffusion =
            leading.iter().any(|(_, f)| f.in_diffusion_series || f.b_value.is_some_and(|b| b > 0.0));
        let b_values: Option<Vec<f64>> =
            diffusion.then(|| leading.iter().map(|(_, f)| f.b_value.unwrap_or(0.0)).collect());
        let b_vectors = leading.iter().map(|(_, f)| b_vector(f)).collect();
        let stack = Stack {
            echo_time_ms: first.echo_time_ms,
            part: key.part,
            dixon: key.dixon,
            field_map: key.field_map,
            echo_pair_ms: (key.part == ComplexPart::Phase)
                .then_some(facts.echo_pair.map(|t| t.0))
                .and_then(|[a, b]| Some([a?, b?])),
            b_values,
            b_vectors,
            rescale,
            precise,
            capture: instance.unasked.is_some(),
            philips_magnitude,
            warnings,
            phase: None,
            frames,
            slices,
            times,
            tiling,
            grid,
            size,
            resampling: None,
        };
        if times > 1 && is_multiphase_t1(instance, first, &stack) {
            for phase in self.phases(&stack) {
                let copied = copy.as_ref().map(|copy| copied(&phase, copy));
                out.stacks.extend(std::iter::once(phase).chain(copied));
            }
        } else {
            // As dcm2niix: a series in time stays as it was scanned.
            let copied = copy.filter(|_| times == 1).map(|copy| copied(&stack, &copy));
            out.stacks.extend(std::iter::once(stack).chain(copied));
        }
    }

    /// One 3D stack a phase.
    fn phases(&self, stack: &Stack) -> Vec<Stack> {
        let mut gains = stack.frames.iter().filter_map(|at| self.frame(*at)).map(|(_, f)| f.gains);
        let first = gains.next();
        let gains_differ = gains.any(|g| Some(g) != first);
        stack
            .frames
            .chunks(stack.slices as usize)
            .enumerate()
            .map(|(t, frames)| {
                let scales = frames.iter().filter_map(|at| self.frame(*at));
                // Phases scaled differently stay integers, each with its own slope.
                let rescale = common(scales.map(|(_, f)| Rescale::of(f, stack.precise)));
                let mut warnings = stack.warnings.clone();
                if rescale.is_some() && stack.rescale.is_none() {
                    warnings.retain(|w| *w != VolumeWarning::ScaledToFloat);
                    warnings.push(VolumeWarning::SlopesDiffer);
                } else if gains_differ {
                    warnings.push(VolumeWarning::SlopesDiffer);
                }
                Stack {
                    frames: frames.to_vec(),
                    times: 1,
                    phase: Some((t as u32, stack.times)),
                    b_vectors: Vec::new(),
                    rescale,
                    warnings,
                    ..stack.clone()
                }
            })
            .collect()
    }
}

struct Shape {
    frames: Vec<FrameRef>,
    slices: u32,
    times: u32,
    tiling: Option<Tiling>,
    size: [u32; 2],
    grid: Option<Grid>,
    warnings: Vec<VolumeWarning>,
    copy: Option<Copy>,
}

/// The copy of a 3D stack on a straight, even grid; its place is right behind the stack.
fn copied(stack: &Stack, copy: &Copy) -> Stack {
    // What was said of the frames holds for the copy; what was said of their places, `copy` says.
    let of_frames = stack.warnings.iter().filter(|w| {
        !matches!(
            w,
            VolumeWarning::Tilted
                | VolumeWarning::MissingSlices { .. }
                | VolumeWarning::VariableSpacing { .. }
                | VolumeWarning::NoGeometry
        )
    });
    Stack {
        grid: Some(copy.grid),
        resampling: Some(std::sync::Arc::new(copy.resampling.clone())),
        warnings: copy.warnings.iter().chain(of_frames).cloned().collect(),
        ..stack.clone()
    }
}

/// A multi-phase contrast series: a 3D gradient echo of short TR repeated a few times.
///
/// Such a series becomes one image a phase; perfusion with dozens of phases stays 4D.
fn is_multiphase_t1(instance: &Instance, frame: &Frame, stack: &Stack) -> bool {
    let facts = &instance.series;
    facts.modality == "MR"
        && stack.b_values.is_none()
        && stack.tiling.is_none()
        && (2..=12).contains(&stack.times)
        // Thin slabs are more often perfusion or a test; with an agent named they are phases too.
        && (stack.slices >= 8 || !facts.contrast_agent.is_empty())
        && facts.acquisition_type.eq_ignore_ascii_case("3D")
        && frame.repetition_time_ms.is_none_or(|tr| tr < 30.0)
        && frame.echo_time_ms.is_none_or(|te| te < 10.0)
        && (facts.scanning_sequence.is_empty() || facts.scanning_sequence.iter().any(|s| s == "GR"))
}

/// An ordered label of up to seven numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Label([i64; 7]);

impl Label {
    fn whole(value: i64) -> Self {
        Self([value, 0, 0, 0, 0, 0, 0])
    }

    fn of(values: [Option<f64>; 4], direction: Option<[f64; 3]>) -> Self {
        let fixed = |v: Option<f64>| v.map_or(i64::MIN, |v| (v * 1000.0).round() as i64);
        let [a, b, c, d] = values.map(fixed);
        let [x, y, z] = direction.map_or([i64::MIN; 3], |v| v.map(|x| fixed(Some(x))));
        Self([a, b, c, d, x, y, z])
    }
}
