//! GrowCut for the page's worker: images and seeds in, steps, labels, margin and the next stroke out.
//!
//! In: voxels as they lie in a file, seeds, strokes as boxes. Out: labels of boxes, and plain data. What
//! throws, throws `{ cause, text }`. Nothing here is identified, and nothing is kept beyond the object.

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::journey::{to_js, trouble};
use crate::segment::growcut::{
    Advice, Box3, Channel, Connectivity, Error, GrowCut, Input, KeyWidth, Margin, Metric, Options, Order,
    Region, Summary, advise,
};
use crate::volume::{Affine, Grid, Voxels};

/// Options as the page names them; what is absent is as in [`Options::default`].
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Wishes {
    metric: Option<String>,
    strict: bool,
    locality: f64,
    connectivity: Option<u8>,
    range: Option<(f64, f64)>,
    region: Option<String>,
    budget: Option<f64>,
    all_images: bool,
}

impl Wishes {
    fn options(&self) -> Result<Options, JsValue> {
        let unknown = |what: &str| trouble("growcut", format!("GrowCut does not know this {what}."));
        Ok(Options {
            metric: match self.metric.as_deref() {
                None | Some("slicer") => Metric::Slicer,
                Some("classic") => Metric::Classic,
                Some(_) => return Err(unknown("metric")),
            },
            order: if self.strict { Order::Strict } else { Order::Default },
            locality: self.locality,
            connectivity: match self.connectivity {
                None | Some(26) => Connectivity::TwentySix,
                Some(18) => Connectivity::Eighteen,
                Some(6) => Connectivity::Six,
                Some(_) => return Err(unknown("connectivity")),
            },
            range: self.range,
            region: match self.region.as_deref() {
                None | Some("seeds") => Region::Seeds,
                Some("whole") => Region::Whole,
                Some(_) => return Err(unknown("region")),
            },
            budget: self.budget.map_or(Options::default().budget, |b| b as u64),
            ..Options::default()
        })
    }
}

/// What is being computed, and on how many of the images.
#[derive(Serialize)]
struct SummaryView {
    #[serde(flatten)]
    summary: Summary,
    images: usize,
    apart: Option<Apart>,
}

/// An image, from 1, that lies too far from the first to be looked at with it.
#[derive(Clone, Copy, Serialize)]
struct Apart {
    image: usize,
    voxels: f64,
}

/// A margin for the screen.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NextView {
    /// The uncertain region: first voxel, and the voxel after the last.
    low: [usize; 3],
    high: [usize; 3],
    voxels: u64,
    /// The least certain voxel.
    place: [usize; 3],
    /// Its margin, in units of intensity (of nats in the classic metric).
    margin: f64,
}

/// A segmentation that grows from seeds.
#[wasm_bindgen(js_name = Grower)]
pub struct Grower {
    grid: Grid,
    channels: Vec<(Voxels, f64, [f64; 3])>,
    seeds: Vec<u8>,
    mask: Option<Vec<u8>>,
    grown: Option<GrowCut>,
    margin: Option<Margin>,
    /// How many of the images are grown on, and why not all.
    images: usize,
    apart: Option<Apart>,
}

impl std::fmt::Debug for Grower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grower").finish_non_exhaustive()
    }
}

fn refused(error: &Error) -> JsValue {
    let cause = match error {
        Error::Memory { .. } => "memory",
        Error::NoSeeds | Error::OneLabel(_) => "seeds",
        _ => "growcut",
    };
    trouble(cause, error)
}

/// Six numbers: first voxel, and the voxel after the last.
fn box_of(corners: &[u32]) -> Result<Box3, JsValue> {
    match corners.iter().map(|v| *v as usize).collect::<Vec<_>>().as_slice() {
        [a, b, c, d, e, f] => Ok(Box3 { low: [*a, *b, *c], high: [*d, *e, *f] }),
        _ => Err(trouble("growcut", "A box is six numbers.")),
    }
}

#[wasm_bindgen(js_class = Grower)]
impl Grower {
    /// On a grid: voxels along each axis, and the affine's three rows of four.
    #[wasm_bindgen(constructor)]
    pub fn new(dims: &[u32], affine: &[f64]) -> Result<Self, JsValue> {
        let (Ok(dims), Ok(m)) = (<[u32; 3]>::try_from(dims), <[f64; 12]>::try_from(affine)) else {
            return Err(trouble("growcut", "A grid is three numbers and an affine of twelve."));
        };
        let column = |a: usize| [m[a], m[4 + a], m[8 + a]];
        let affine = Affine::from_columns(column(0), column(1), column(2), column(3));
        let grid = Grid::new(dims, affine).map_err(|e| trouble("growcut", e))?;
        Ok(Self {
            grid,
            channels: Vec::new(),
            seeds: Vec::new(),
            mask: None,
            grown: None,
            margin: None,
            images: 0,
            apart: None,
        })
    }

    /// Adds an image: its type by NIfTI's name (`u8`, `i16`, `u16`, `i32`, `u32`, `f32`, `f64`), its voxels
    /// little-endian in scan order, its weight, and where its content lies relative to the first, mm.
    #[wasm_bindgen(js_name = addChannel)]
    pub fn add_channel(
        &mut self,
        kind: &str,
        bytes: &[u8],
        weight: f64,
        shift: &[f64],
    ) -> Result<(), JsValue> {
        macro_rules! voxels {
            ($variant:ident, $type:ty) => {
                Voxels::$variant(
                    bytes
                        .as_chunks::<{ size_of::<$type>() }>()
                        .0
                        .iter()
                        .map(|b| <$type>::from_le_bytes(*b))
                        .collect(),
                )
            };
        }
        let voxels = match kind {
            "u8" => Voxels::U8(bytes.to_vec()),
            "i16" => voxels!(I16, i16),
            "u16" => voxels!(U16, u16),
            "i32" => voxels!(I32, i32),
            "u32" => voxels!(U32, u32),
            "f32" => voxels!(F32, f32),
            "f64" => voxels!(F64, f64),
            _ => return Err(trouble("growcut", "GrowCut does not know this type of voxel.")),
        };
        let shift = <[f64; 3]>::try_from(shift).unwrap_or([0.0; 3]);
        self.channels.push((voxels, weight, shift));
        Ok(())
    }

    /// Prepares to grow: seeds, a label a voxel; a mask, empty for none; options. Returns a summary.
    pub fn begin(&mut self, seeds: Vec<u8>, mask: Vec<u8>, wishes: JsValue) -> Result<JsValue, JsValue> {
        let wishes: Wishes = serde_wasm_bindgen::from_value(wishes)
            .map_err(|_| trouble("growcut", "GrowCut does not know these options."))?;
        self.seeds = seeds;
        self.mask = (!mask.is_empty()).then_some(mask);
        let options = wishes.options()?;
        let all: Vec<Channel<'_>> = self.channels.iter().map(channel_of).collect();
        let advice = if wishes.all_images { Advice::All } else { advise(&self.grid, &all) };
        (self.images, self.apart) = match advice {
            Advice::All => (self.channels.len(), None),
            Advice::First { channel, voxels } => (1, Some(Apart { image: channel + 1, voxels })),
        };
        let grown = self.with(|input, _| GrowCut::new(input, options))?;
        self.grown = Some(grown);
        self.summary()
    }

    /// Figures: voxels, region, labels, key, bytes.
    pub fn summary(&self) -> Result<JsValue, JsValue> {
        let summary = self.grown()?.summary();
        Ok(to_js(&SummaryView { summary, images: self.images, apart: self.apart }))
    }

    /// Bits of a key: 16, or 32 where distances need them.
    #[wasm_bindgen(js_name = keyBits)]
    pub fn key_bits(&self) -> Result<u32, JsValue> {
        Ok(match self.grown()?.key_width() {
            KeyWidth::U16 => 16,
            KeyWidth::U32 => 32,
        })
    }

    /// Grows on; some `budget` voxels are looked at. Returns how far it is, 0 to 1, and 2 when done.
    pub fn step(&mut self, budget: u32) -> Result<f64, JsValue> {
        self.margin = None;
        let grown = self.grown.as_mut().ok_or_else(unbegun)?;
        let progress = grown.step(u64::from(budget)).map_err(|e| refused(&e))?;
        Ok(if progress.done { 2.0 } else { progress.fraction })
    }

    /// Takes up a stroke: a box and the seeds in it as they are now. Returns whether the region grew.
    pub fn stroke(&mut self, corners: &[u32], seeds: &[u8]) -> Result<bool, JsValue> {
        let stroke = box_of(corners)?.and(&Box3::whole(self.grid.dims().map(|d| d as usize)));
        if stroke.voxels() != seeds.len() as u64 {
            return Err(trouble("growcut", "A stroke's seeds must fill its box."));
        }
        let [nx, ny, _] = self.grid.dims().map(|d| d as usize);
        let width = stroke.size()[0].max(1);
        for (row, line) in seeds.chunks(width).enumerate() {
            let high = stroke.size()[1].max(1);
            let (y, z) = (stroke.low[1] + row % high, stroke.low[2] + row / high);
            let at = (z * ny + y) * nx + stroke.low[0];
            if let Some(place) = self.seeds.get_mut(at..at + line.len()) {
                place.copy_from_slice(line);
            }
        }
        self.margin = None;
        self.with_grown(|input, grown| grown.edit(input, &stroke))
    }

    /// Takes up another mask, empty for none.
    pub fn remask(&mut self, mask: Vec<u8>) -> Result<(), JsValue> {
        self.mask = (!mask.is_empty()).then_some(mask);
        self.margin = None;
        self.with_grown(|input, grown| grown.remask(input))
    }

    /// The box in which labels may have changed since this was asked last, as six numbers; none where none
    /// has.
    pub fn changed(&mut self) -> Result<Vec<u32>, JsValue> {
        let changed = self.grown.as_mut().ok_or_else(unbegun)?.take_changed();
        Ok(changed.map_or(Vec::new(), |b| b.low.into_iter().chain(b.high).map(|v| v as u32).collect()))
    }

    /// Labels of a box, in scan order.
    pub fn labels(&self, corners: &[u32]) -> Result<Vec<u8>, JsValue> {
        let within = box_of(corners)?.and(&Box3::whole(self.grid.dims().map(|d| d as usize)));
        Ok(self.grown()?.labels_of(&within))
    }

    /// Margins of a box, in scan order: units of intensity; infinite where it is sure or not reached.
    pub fn margins(&mut self, corners: &[u32]) -> Result<Vec<f32>, JsValue> {
        let within = box_of(corners)?.and(&Box3::whole(self.grid.dims().map(|d| d as usize)));
        Ok(self.margin()?.of_box(&within))
    }

    /// Where the next stroke tells most: the largest connected region with margins below `under`; null
    /// where there is none.
    #[wasm_bindgen(js_name = nextStroke)]
    pub fn next_stroke(&mut self, under: f64) -> Result<JsValue, JsValue> {
        let margin = self.margin()?;
        let Some(next) = margin.next_stroke(under) else { return Ok(JsValue::NULL) };
        Ok(to_js(&NextView {
            low: next.region.low,
            high: next.region.high,
            voxels: next.voxels,
            place: next.place,
            margin: f64::from(next.margin) / margin.per_unit,
        }))
    }
}

fn channel_of((voxels, weight, shift_mm): &(Voxels, f64, [f64; 3])) -> Channel<'_> {
    Channel { voxels, weight: *weight, shift_mm: *shift_mm }
}

fn unbegun() -> JsValue {
    trouble("growcut", "Nothing has begun to grow.")
}

impl Grower {
    fn grown(&self) -> Result<&GrowCut, JsValue> {
        self.grown.as_ref().ok_or_else(unbegun)
    }

    fn margin(&mut self) -> Result<&Margin, JsValue> {
        if self.margin.is_none() {
            self.margin = Some(self.grown()?.margin());
        }
        self.margin.as_ref().ok_or_else(unbegun)
    }

    fn with<T>(
        &mut self,
        run: impl FnOnce(&Input<'_>, Option<&mut GrowCut>) -> Result<T, Error>,
    ) -> Result<T, JsValue> {
        let channels: Vec<Channel<'_>> = self.channels.iter().take(self.images).map(channel_of).collect();
        let input =
            Input { grid: &self.grid, channels: &channels, seeds: &self.seeds, mask: self.mask.as_deref() };
        run(&input, self.grown.as_mut()).map_err(|e| refused(&e))
    }

    fn with_grown<T>(
        &mut self,
        run: impl FnOnce(&Input<'_>, &mut GrowCut) -> Result<T, Error>,
    ) -> Result<T, JsValue> {
        if self.grown.is_none() {
            return Err(unbegun());
        }
        self.with(|input, grown| match grown {
            Some(grown) => run(input, grown),
            None => Err(Error::NoSeeds),
        })
    }
}
