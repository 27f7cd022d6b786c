//! Philips' multi-frame objects: dimensions, shared and per-frame functional groups.
//!
//! In: the instance that holds a whole series. Out: the elements of the Multi-frame Dimension and
//! Functional Groups modules (PS3.3 C.7.6.16, C.7.6.17) of an Enhanced MR image (A.36).

use super::header::{Instance, micro};
use super::philips::SCALE_SLOPE;
use super::plan::{Kind, Volume, date_of, date_text, time_text};
use super::write::{Dataset, Value};

fn one(build: impl FnOnce(&mut Dataset)) -> Vec<Dataset> {
    let mut d = Dataset::default();
    build(&mut d);
    vec![d]
}

/// Multi-frame dimension and functional groups modules (PS3.3 C.7.6.16, C.7.6.17).
pub(super) fn functional_groups(i: &Instance<'_>, d: &mut Dataset) {
    let (series, study) = (i.series, i.study);
    let date = date_text(date_of(study.day));
    let frames: u32 = series.volumes.iter().map(Volume::slices).sum();
    let diffusion = series.kind == Kind::Diffusion;
    d.text((0x0008, 0x9205), b"CS", "MONOCHROME");
    d.text((0x0008, 0x9206), b"CS", "VOLUME");
    d.text((0x0008, 0x9207), b"CS", "NONE");
    d.text((0x0008, 0x9208), b"CS", "MAGNITUDE");
    d.text((0x0008, 0x9209), b"CS", if diffusion { "DIFFUSION" } else { "T2" });
    d.text((0x0018, 0x9004), b"CS", "PRODUCT");
    d.text((0x0018, 0x9074), b"DT", format!("{date}{}", time_text(i.time())));
    d.fd((0x0018, 0x9073), &[92.4]);
    d.integer((0x0028, 0x0008), i64::from(frames));
    d.text((0x2050, 0x0020), b"CS", "IDENTITY");

    let organization = format!("{}.88", series.uid);
    d.items((0x0020, 0x9221), one(|o| o.text((0x0020, 0x9164), b"UI", organization.clone())));
    // Stack, position in it and, for diffusion, b-value.
    let mut indices = vec![((0x0020, 0x9056), (0x0020, 0x9111)), ((0x0020, 0x9057), (0x0020, 0x9111))];
    if diffusion {
        indices.push(((0x0018, 0x9087), (0x0018, 0x9117)));
    }
    let items = indices
        .iter()
        .map(|&(pointer, group)| {
            let mut item = Dataset::default();
            item.text((0x0020, 0x9164), b"UI", organization.clone());
            item.at((0x0020, 0x9165), &[pointer]);
            item.at((0x0020, 0x9167), &[group]);
            item
        })
        .collect();
    d.items((0x0020, 0x9222), items);

    let g = &i.volume.grid;
    let thick = micro(g.step.iter().map(|v| v * v).sum::<f64>().sqrt());
    let mut shared = Dataset::default();
    shared.items(
        (0x0028, 0x9110),
        one(|m| {
            m.decimal((0x0018, 0x0050), &[micro(thick * 0.85)]);
            m.decimal((0x0018, 0x0088), &[thick]);
            m.decimal((0x0028, 0x0030), &[g.spacing[1], g.spacing[0]]);
        }),
    );
    shared.items(
        (0x0020, 0x9116),
        one(|o| {
            o.decimal((0x0020, 0x0037), &[g.row, g.column].concat());
        }),
    );
    shared.items(
        (0x0018, 0x9112),
        one(|t| {
            t.decimal((0x0018, 0x0080), &[i.volume.repetition]);
            t.decimal((0x0018, 0x1314), &[i.volume.flip]);
            t.integer((0x0018, 0x0091), 24);
        }),
    );
    shared.items(
        (0x0018, 0x9125),
        one(|m| {
            m.text((0x0018, 0x1312), b"CS", "COLUMN");
            m.us((0x0018, 0x9058), &[g.dims[0] as u16]);
            m.us((0x0018, 0x9231), &[g.dims[1] as u16]);
        }),
    );
    d.items((0x5200, 0x9229), vec![shared]);

    let mut frame = 0u32;
    let mut groups = Vec::new();
    for (b, volume) in (1u32..).zip(&series.volumes) {
        for k in 0..volume.slices() {
            frame += 1;
            groups.push(frame_groups(i, volume, [b, k, frame], &date, diffusion));
        }
    }
    d.items((0x5200, 0x9230), groups);
}

fn frame_groups(
    i: &Instance<'_>,
    v: &Volume,
    [b, k, frame]: [u32; 3],
    date: &str,
    diffusion: bool,
) -> Dataset {
    let mut f = Dataset::default();
    f.items(
        (0x0020, 0x9111),
        one(|c| {
            let at = format!("{date}{}", time_text(v.time + 40 * i64::from(k)));
            c.text((0x0018, 0x9074), b"DT", at.clone());
            c.text((0x0018, 0x9151), b"DT", at);
            c.fd((0x0018, 0x9220), &[1500.0]);
            c.text((0x0020, 0x9056), b"SH", "1");
            c.ul((0x0020, 0x9057), &[k + 1]);
            c.us((0x0020, 0x9156), &[(i.series.number / 100) as u16]);
            let mut index = vec![1, k + 1];
            if diffusion {
                index.push(b);
            }
            c.ul((0x0020, 0x9157), &index);
        }),
    );
    f.items(
        (0x0020, 0x9113),
        one(|p| {
            p.decimal((0x0020, 0x0032), &v.grid.corner(f64::from(k)).map(micro));
        }),
    );
    f.items((0x0018, 0x9114), one(|e| e.fd((0x0018, 0x9082), &[v.echo.1])));
    f.items(
        (0x0018, 0x9226),
        one(|t| {
            t.text((0x0008, 0x9007), b"CS", v.image_type);
            t.text((0x0008, 0x9205), b"CS", "MONOCHROME");
            t.text((0x0008, 0x9208), b"CS", "MAGNITUDE");
            t.text((0x0008, 0x9209), b"CS", if diffusion { "DIFFUSION" } else { "T2" });
        }),
    );
    f.items(
        (0x0028, 0x9145),
        one(|p| {
            p.decimal((0x0028, 0x1052), &[0.0]);
            p.decimal((0x0028, 0x1053), &[v.levels.slope.unwrap_or(1.0)]);
            p.text((0x0028, 0x1054), b"LO", "US");
        }),
    );
    f.items(
        (0x0028, 0x9132),
        one(|w| {
            w.text((0x0028, 0x1050), b"DS", "500");
            w.text((0x0028, 0x1051), b"DS", "1000");
        }),
    );
    if let Some(value) = v.b_value {
        f.items(
            (0x0018, 0x9117),
            one(|m| {
                m.text((0x0018, 0x9075), b"CS", "ISOTROPIC");
                m.fd((0x0018, 0x9087), &[value]);
            }),
        );
    }
    f.text((0x2005, 0x0014), b"LO", "Philips MR Imaging DD 005");
    f.items(
        (0x2005, 0x140F),
        one(|p| {
            p.text((0x0008, 0x0018), b"UI", format!("{}.{frame}", i.uid()));
            p.text((0x2005, 0x0010), b"LO", "Philips MR Imaging DD 001");
            p.put((0x2005, 0x100E), b"FL", Value::F32(vec![SCALE_SLOPE]));
        }),
    );
    f
}
