//! Packets (ITU-T T.800 annex B): which bytes belong to which code block.
//!
//! In: a tile's bytes and its precincts. Out: the segments of every block, filled in. The lengths within a
//! high-throughput block's packets follow T.814 §B; nothing is decoded here.

use super::bits::HeaderBits;
use super::parameters::{Order, Progression};
use super::tile::{Component, Precinct};
use crate::dicom::DicomError;
use crate::dicom::codec::picture::corrupt;

/// A tag tree (B.10.2).
#[derive(Clone, Debug, Default)]
pub(super) struct TagTree {
    /// From the leaves to the root: its width, where its nodes begin.
    levels: Vec<(usize, usize)>,
    /// What a node's value is at least, and whether that is it.
    nodes: Vec<(u32, bool)>,
}

impl TagTree {
    pub(super) fn new(mut wide: usize, mut high: usize) -> Self {
        let (mut levels, mut count) = (Vec::new(), 0);
        loop {
            levels.push((wide, count));
            count += wide * high;
            if wide * high <= 1 {
                break;
            }
            (wide, high) = (wide.div_ceil(2), high.div_ceil(2));
        }
        Self { levels, nodes: vec![(0, false); count] }
    }

    /// Whether a leaf's value is below `bound`; reads as far as that takes. `None` behind the header's end.
    fn below(&mut self, x: usize, y: usize, bound: u32, bits: &mut HeaderBits<'_>) -> Option<bool> {
        let mut least = 0;
        let mut known = false;
        for (depth, (wide, from)) in self.levels.iter().enumerate().rev() {
            let node = self.nodes.get_mut(from + (y >> depth) * wide + (x >> depth))?;
            node.0 = node.0.max(least);
            while !node.1 && node.0 < bound {
                if bits.bit()? == 1 {
                    node.1 = true;
                } else {
                    node.0 += 1;
                }
            }
            (least, known) = *node;
            if !known {
                return Some(false);
            }
        }
        Some(known && least < bound)
    }
}

/// A code block, as packets bring it.
#[derive(Clone, Debug, Default)]
pub(super) struct Block<'a> {
    /// Its passes so far, with those that stand for bit-planes not coded.
    passes: u32,
    included: bool,
    /// Empty bit-planes from the highest, up to the set that is decoded.
    pub(super) empty: u32,
    /// Empty ones that the packet header named.
    named: u32,
    lengths: u32,
    pub(super) cleanup: &'a [u8],
    /// In one piece, unless a layer ended within it.
    pub(super) refinement: Vec<&'a [u8]>,
    /// Passes of the set that is decoded.
    pub(super) set: u32,
}

/// Segments that a packet announces for one block.
struct Announced {
    band: usize,
    block: usize,
    segments: Vec<Segment>,
}

#[derive(Clone, Copy)]
struct Segment {
    len: usize,
    passes: u32,
    cleanup: bool,
    /// Sets before this one.
    before: u32,
}

impl Block<'_> {
    /// The lengths of `count` passes more (B.10.7; T.814 §B.3).
    ///
    /// The first cleanup pass ends a segment with all passes that stand in for planes not coded; behind it
    /// come refinement passes, at most two in a segment, and cleanup passes on their own.
    fn announce(
        &mut self,
        count: u32,
        bits: &mut HeaderBits<'_>,
    ) -> Option<Result<Vec<Segment>, DicomError>> {
        while bits.bit()? == 1 {
            self.lengths += 1;
        }
        let mut out = Vec::new();
        let mut left = count;
        let length = |passes: u32, bits: &mut HeaderBits<'_>| {
            let width = self.lengths + 3 + passes.max(1).ilog2();
            if width > 31 {
                Some(Err(corrupt("segment length")))
            } else {
                Some(Ok(bits.bits(width)? as usize))
            }
        };
        if self.cleanup.is_empty() {
            let behind = (self.passes + count - 1) % 3;
            let first = count.saturating_sub(behind);
            let len = match length(first, bits)? {
                Ok(len) => len,
                error => return Some(error.map(|_| out)),
            };
            if len == 0 {
                // Nothing but stand-ins: the length has as many bits as that many passes take.
                let more = count.ilog2() - first.max(1).ilog2();
                if bits.bits(more)? != 0 {
                    return Some(Err(corrupt("segment length")));
                }
                self.passes += count;
                return Some(Ok(out));
            }
            let before = (self.passes + first).saturating_sub(1);
            if first == 0 || !before.is_multiple_of(3) || len < 2 {
                return Some(Err(corrupt("segment length")));
            }
            out.push(Segment { len, passes: 1, cleanup: true, before: before / 3 });
            self.passes += first;
            left -= first;
        }
        while left > 0 {
            let place = self.passes % 3;
            let passes = if place == 0 { 1 } else { left.min(3 - place) };
            let len = match length(passes, bits)? {
                Ok(len) => len,
                error => return Some(error.map(|_| out)),
            };
            out.push(Segment { len, passes, cleanup: place == 0, before: self.passes / 3 });
            self.passes += passes;
            left -= passes;
        }
        Some(Ok(out))
    }
}

/// B.10.6, table B.4.
fn passes(bits: &mut HeaderBits<'_>) -> Option<u32> {
    if bits.bit()? == 0 {
        return Some(1);
    }
    if bits.bit()? == 0 {
        return Some(2);
    }
    Some(match bits.bits(2)? {
        3 => match bits.bits(5)? {
            31 => 37 + bits.bits(7)?,
            n => 6 + n,
        },
        n => 3 + n,
    })
}

/// A tile's bytes: packets, or their bodies where the headers are packed elsewhere.
pub(super) struct Source<'a> {
    body: &'a [u8],
    headers: Option<&'a [u8]>,
    /// Blocks that packet headers were asked about.
    asked: u64,
}

/// A packet asks about every block of its precinct, and may spend no bit on it: of thousands of layers over
/// thousands of blocks nothing comes. Real frames ask about a few hundred thousand.
const MOST_ASKED: u64 = 1 << 26;

impl<'a> Source<'a> {
    pub(super) fn new(body: &'a [u8], headers: Option<&'a [u8]>) -> Self {
        Self { body, headers, asked: 0 }
    }

    /// Bytes that hold packet headers.
    pub(super) fn available(&self) -> usize {
        self.headers.unwrap_or(self.body).len()
    }

    fn skip_marker(&mut self) {
        // SOP (A.8.1), whether COD promised it or not: no packet header begins like this.
        if let [0xFF, 0x91, 0, 4, _, _, rest @ ..] = self.body {
            self.body = rest;
        }
    }

    /// Reads one packet into its blocks.
    fn packet(&mut self, precinct: &mut Precinct<'a>, layer: u32) -> Result<(), DicomError> {
        let short = || corrupt("the codestream is short");
        self.skip_marker();
        let head = self.headers.unwrap_or(self.body);
        let mut bits = HeaderBits::new(head);
        let mut announced = Vec::new();
        if bits.bit().ok_or(short())? == 1 {
            for (place, band) in precinct.bands.iter_mut().enumerate() {
                band.prepare();
                self.asked += band.blocks.len() as u64;
                if self.asked > MOST_ASKED {
                    return Err(corrupt("more packets than blocks are worth"));
                }
                let wide = band.wide;
                for n in 0..band.blocks.len() {
                    let Some(block) = band.blocks.get_mut(n) else { break };
                    let (x, y) = (n % wide, n / wide);
                    let comes = if block.included {
                        bits.bit().ok_or(short())? == 1
                    } else {
                        band.inclusion.below(x, y, layer + 1, &mut bits).ok_or(short())?
                    };
                    if !comes {
                        continue;
                    }
                    if !block.included {
                        block.included = true;
                        while !band.planes.below(x, y, block.named + 1, &mut bits).ok_or(short())? {
                            block.named += 1;
                            if block.named > 80 {
                                return Err(corrupt("bit-planes"));
                            }
                        }
                    }
                    let count = passes(&mut bits).ok_or(short())?;
                    let segments = block.announce(count, &mut bits).ok_or(short())??;
                    announced.push(Announced { band: place, block: n, segments });
                }
            }
        }
        let rest = head.get(bits.end()..).ok_or(short())?;
        // EPH (A.8.2).
        let rest = rest.strip_prefix(&[0xFF, 0x92]).unwrap_or(rest);
        match &mut self.headers {
            Some(headers) => *headers = rest,
            None => self.body = rest,
        }
        for Announced { band, block, segments } in announced {
            let block = precinct.bands.get_mut(band).and_then(|b| b.blocks.get_mut(block)).ok_or(short())?;
            for segment in segments {
                let (bytes, rest) = self.body.split_at_checked(segment.len).ok_or(short())?;
                self.body = rest;
                if segment.cleanup && segment.len >= 2 {
                    block.cleanup = bytes;
                    block.empty = block.named + segment.before;
                    block.refinement.clear();
                    block.set = 1;
                } else if !segment.cleanup && block.empty == block.named + segment.before {
                    block.refinement.push(bytes);
                    block.set += segment.passes;
                }
            }
        }
        Ok(())
    }

    /// Reads all packets of a tile.
    ///
    /// # Errors
    /// Bytes that end before its packets do, or headers that contradict themselves.
    pub(super) fn read(
        mut self,
        components: &mut [Component<'a>],
        progressions: &[Progression],
        layers: u32,
    ) -> Result<(), DicomError> {
        for progression in progressions {
            let layers = progression.layers.min(layers);
            // Where each precinct is: component, resolution, number.
            let mut places: Vec<(usize, usize, usize, [u64; 2])> = Vec::new();
            for (c, component) in components.iter().enumerate() {
                for (r, resolution) in component.resolutions.iter().enumerate() {
                    if progression.components.contains(&c) && progression.resolutions.contains(&(r as u32)) {
                        let precincts = resolution.precincts.iter().enumerate();
                        places.extend(precincts.map(|(n, precinct)| (c, r, n, precinct.place)));
                    }
                }
            }
            // B.12.1.1 to B.12.1.5, the layers aside. `place` is y, x on the reference grid.
            match progression.order {
                Order::LayerResolution | Order::ResolutionLayer => places.sort_by_key(|p| (p.1, p.0, p.2)),
                Order::ResolutionPosition => places.sort_by_key(|p| (p.1, p.3, p.0, p.2)),
                Order::PositionComponent => places.sort_by_key(|p| (p.3, p.0, p.1, p.2)),
                Order::ComponentPosition => places.sort_by_key(|p| (p.0, p.3, p.1, p.2)),
            }
            let mut one = |(c, r, n, _): (usize, usize, usize, _), layer: u32| {
                let resolution = components.get_mut(c).and_then(|c| c.resolutions.get_mut(r));
                let precinct = resolution.and_then(|r| r.precincts.get_mut(n)).ok_or(corrupt("precinct"))?;
                // What an earlier progression brought does not come again (A.6.6).
                if precinct.layers == layer {
                    self.packet(precinct, layer)?;
                    precinct.layers += 1;
                }
                Ok::<(), DicomError>(())
            };
            match progression.order {
                Order::LayerResolution => {
                    for layer in 0..layers {
                        places.iter().try_for_each(|place| one(*place, layer))?;
                    }
                }
                Order::ResolutionLayer => {
                    for places in places.chunk_by(|a, b| a.1 == b.1) {
                        for layer in 0..layers {
                            places.iter().try_for_each(|place| one(*place, layer))?;
                        }
                    }
                }
                _ => {
                    for place in places {
                        (0..layers).try_for_each(|layer| one(place, layer))?;
                    }
                }
            }
        }
        let mut precincts = components.iter().flat_map(|c| &c.resolutions).flat_map(|r| &r.precincts);
        if precincts.any(|precinct| precinct.layers != layers) {
            return Err(corrupt("packets are not there"));
        }
        Ok(())
    }
}
