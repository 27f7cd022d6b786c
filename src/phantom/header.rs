//! The elements that every vendor writes: patient, study, series, equipment, plane and pixels.
//!
//! In: one instance of the plan and its stored values. Out: its data set, to which the vendor adds its
//! own elements, and the bytes of the file. Attributes follow PS3.3's MR Image IOD (A.4) and, for Philips'
//! multi-frame objects, the Enhanced MR Image IOD (A.36).

use super::contrast::{FatMode, Sequence};
use super::plan::{Kind, Oddity, Patient, Series, Study, Volume, date_of, date_text, time_text};
use super::render::Grid;
use super::tissue::Agent;
use super::write::{Dataset, FileForm, Syntax, Value, decimal, file};
use super::{Vendor, enhanced, ge, philips, siemens};

/// MR Image Storage and Enhanced MR Image Storage.
const MR: &str = "1.2.840.10008.5.1.4.1.1.4";
const ENHANCED_MR: &str = "1.2.840.10008.5.1.4.1.1.4.1";

/// One file of the plan.
#[derive(Clone, Copy)]
pub(super) struct Instance<'a> {
    pub(super) patient: &'a Patient,
    pub(super) study: &'a Study,
    pub(super) series: &'a Series,
    /// The volume shown; of an enhanced object the first.
    pub(super) volume: &'a Volume,
    pub(super) slice: u32,
    pub(super) number: u32,
}

impl Instance<'_> {
    pub(super) fn uid(&self) -> String {
        format!("{}.{}", self.series.uid, self.number)
    }

    /// Milliseconds since midnight at which this slice was acquired.
    pub(super) fn time(&self) -> i64 {
        let two_d = matches!(self.series.kind, Kind::T2 | Kind::Localizer);
        self.volume.time + if two_d { 40 * i64::from(self.slice) } else { 0 }
    }
}

/// The whole file.
pub(super) fn render(instance: &Instance<'_>, pixels: Vec<i16>) -> Vec<u8> {
    let p = &instance.patient.persona;
    let w = &p.words;
    let enhanced = instance.series.enhanced;
    let mut data = Dataset::default();
    identity(instance, &mut data);
    equipment(instance, &mut data);
    acquisition(instance, &mut data);
    if enhanced {
        enhanced::functional_groups(instance, &mut data);
    } else {
        plane(instance, &mut data);
    }
    pixel_module(instance, pixels, &mut data);
    gateway(instance, &mut data);
    match instance.patient.vendor {
        Vendor::Siemens => siemens::private(instance, &mut data),
        Vendor::Ge => ge::private(instance, &mut data),
        Vendor::Philips => philips::private(instance, &mut data),
    }
    let (implementation_uid, implementation_name) = match instance.patient.vendor {
        Vendor::Siemens => ("1.3.12.2.1107.5.2", "MR_VE11C"),
        Vendor::Ge => ("1.2.840.113619.6.408", "GE_DICOM_DV26"),
        Vendor::Philips => ("1.3.46.670589.11.0.0.51.4.57.0", "Philips MR 57.0"),
    };
    let preamble = format!("EXPORT {} {}", w.preamble, p.source_ae);
    // A block of zeros, as tape archives pad with, and a remnant.
    let trailing = format!("{}{}", "\0".repeat(32), w.trailing);
    let form = FileForm {
        syntax: instance.series.syntax,
        charset: p.charset,
        undefined_lengths: instance.patient.vendor != Vendor::Philips,
        preamble: preamble.as_bytes(),
        class_uid: if enhanced { ENHANCED_MR } else { MR },
        instance_uid: &instance.uid(),
        implementation_uid,
        implementation_name,
        source_ae: &p.source_ae,
        trailing: if instance.series.oddity == Oddity::TrailingBytes { trailing.as_bytes() } else { &[] },
    };
    file(&form, &data)
}

fn code(value: &str, scheme: &str, meaning: &str) -> Dataset {
    let mut d = Dataset::default();
    d.text((0x0008, 0x0100), b"SH", value);
    d.text((0x0008, 0x0102), b"SH", scheme);
    d.text((0x0008, 0x0104), b"LO", meaning);
    d
}

/// Patient, general study, general series, frame of reference.
fn identity(i: &Instance<'_>, d: &mut Dataset) {
    let (p, study, series) = (&i.patient.persona, i.study, i.series);
    let w = &p.words;
    let date = date_text(date_of(study.day));
    let study_time = time_text(study.start);
    d.text((0x0008, 0x0005), b"CS", p.charset.term());
    d.text((0x0008, 0x0008), b"CS", i.volume.image_type);
    d.text((0x0008, 0x0012), b"DA", date.clone());
    d.text((0x0008, 0x0013), b"TM", time_text(i.time() + 19_000));
    d.text((0x0008, 0x0016), b"UI", if series.enhanced { ENHANCED_MR } else { MR });
    d.text((0x0008, 0x0018), b"UI", i.uid());
    for element in [0x0020, 0x0021, 0x0022, 0x0023] {
        d.text((0x0008, element), b"DA", date.clone());
    }
    d.text((0x0008, 0x0030), b"TM", study_time.clone());
    d.text((0x0008, 0x0031), b"TM", time_text(series.volumes.first().map_or(study.start, |v| v.time)));
    d.text((0x0008, 0x0032), b"TM", time_text(acquisition_time(i)));
    d.text((0x0008, 0x0033), b"TM", time_text(i.time() + 18_000));
    d.text((0x0008, 0x0050), b"SH", study.accession.clone());
    d.text((0x0008, 0x0060), b"CS", "MR");
    d.text((0x0008, 0x0090), b"PN", p.referring.clone());
    d.text((0x0008, 0x1030), b"LO", format!("MR Leber {}", w.study_description));
    let description = if series.kind == Kind::T2 {
        format!("{}_{}", series.description, w.series_description)
    } else {
        series.description.clone()
    };
    d.text((0x0008, 0x103E), b"LO", description);
    d.text((0x0008, 0x1050), b"PN", p.performing.clone());
    d.text((0x0008, 0x1060), b"PN", p.reading.clone());
    d.text((0x0008, 0x1070), b"PN", p.operator.clone());
    let mut referenced = Dataset::default();
    referenced.text((0x0008, 0x1150), b"UI", "1.2.840.10008.3.1.2.3.3");
    referenced.text((0x0008, 0x1155), b"UI", format!("{}.99", study.uid));
    d.items((0x0008, 0x1111), vec![referenced]);

    d.text((0x0010, 0x0010), b"PN", p.name());
    d.text((0x0010, 0x0020), b"LO", p.id.clone());
    d.text((0x0010, 0x0021), b"LO", p.issuer.clone());
    d.text((0x0010, 0x0030), b"DA", date_text(p.birth));
    d.text((0x0010, 0x0040), b"CS", if p.female { "F" } else { "M" });
    d.text((0x0010, 0x1000), b"LO", p.other_id.clone());
    d.text((0x0010, 0x1010), b"AS", age_text(i.patient, study));
    d.decimal((0x0010, 0x1020), &[p.height_m]);
    d.decimal((0x0010, 0x1030), &[p.weight_kg]);
    d.text((0x0010, 0x1040), b"LO", p.street.clone());
    d.text((0x0010, 0x1060), b"PN", p.maiden.clone());
    d.text((0x0010, 0x2000), b"LO", format!("Pacemaker? ask {}", w.alert));
    d.text((0x0010, 0x2154), b"SH", p.phone.chars().take(16).collect::<String>());
    d.text((0x0010, 0x21B0), b"LT", format!("HCC, Z.n. Vorstellung bei Dr. {}", w.history));
    d.text((0x0010, 0x4000), b"LT", format!("Angehoerige: {} {}", w.patient_comment, p.phone));

    d.text((0x0020, 0x000D), b"UI", study.uid.clone());
    d.text((0x0020, 0x000E), b"UI", series.uid.clone());
    d.text((0x0020, 0x0010), b"SH", study.id.clone());
    d.integer((0x0020, 0x0011), i64::from(series.number));
    d.integer((0x0020, 0x0012), i64::from(i.volume.temporal.max(1)));
    d.integer((0x0020, 0x0013), i64::from(i.number));
    d.text((0x0020, 0x0052), b"UI", study.frame_uid.clone());
    d.text((0x0020, 0x1040), b"LO", "");
    d.text((0x0020, 0x4000), b"LT", format!("Bild fuer {}", w.image_comment));
    d.text((0x0032, 0x1032), b"PN", p.requesting.clone());
    d.text((0x0032, 0x1060), b"LO", "MRT Leber mit KM");
    d.text((0x0040, 0x0244), b"DA", date);
    d.text((0x0040, 0x0245), b"TM", study_time);
    d.text((0x0040, 0x0254), b"LO", format!("MR^Leber^{}", w.step_description));
    d.text((0x0040, 0x1002), b"LO", format!("V.a. HCC, Zuweisung {}", w.reason));
    let mut request = Dataset::default();
    request.text((0x0040, 0x0007), b"LO", format!("MRT Leber {}", w.request));
    request.text((0x0040, 0x0009), b"SH", study.id.clone());
    request.text((0x0040, 0x1001), b"SH", study.accession.clone());
    request.items((0x0040, 0x0008), vec![code("MR0042", "99LOCAL", "MRT Leber")]);
    d.items((0x0040, 0x0275), vec![request]);
}

/// GE writes the series' first time into every instance of a multi-phase series.
fn acquisition_time(i: &Instance<'_>) -> i64 {
    match (i.patient.vendor, i.series.temporal) {
        (Vendor::Ge, Some(_)) => i.series.volumes.first().map_or(i.time(), |v| v.time),
        _ => i.time(),
    }
}

/// PatientAge (VR AS) at a study.
pub(super) fn age_text(patient: &Patient, study: &Study) -> String {
    let (today, birth) = (date_of(study.day), patient.persona.birth);
    let years = today.0 - birth.0 - i64::from((today.1, today.2) < (birth.1, birth.2));
    format!("{years:03}Y")
}

fn equipment(i: &Instance<'_>, d: &mut Dataset) {
    let p = &i.patient.persona;
    let (maker, model, software) = match (i.patient.vendor, i.study.field > 2.0) {
        (Vendor::Siemens, false) => ("SIEMENS", "Aera", "syngo MR E11"),
        (Vendor::Siemens, true) => ("SIEMENS", "Skyra", "syngo MR E11"),
        (Vendor::Ge, false) => {
            ("GE MEDICAL SYSTEMS", "Optima MR450w", "27\\LX\\MR Software release:DV26.0_R01_1725.a")
        }
        (Vendor::Ge, true) => {
            ("GE MEDICAL SYSTEMS", "DISCOVERY MR750", "27\\LX\\MR Software release:DV26.0_R01_1725.a")
        }
        (Vendor::Philips, false) => ("Philips Medical Systems", "Ingenia", "5.3.0\\5.3.0.3"),
        (Vendor::Philips, true) => ("Philips Medical Systems", "Ingenia Elition X", "5.7.1\\5.7.1.2"),
    };
    d.text((0x0008, 0x0070), b"LO", maker);
    d.text((0x0008, 0x0080), b"LO", p.institution.clone());
    d.text((0x0008, 0x0081), b"ST", p.institution_street.clone());
    d.text((0x0008, 0x1010), b"SH", p.station.clone());
    d.text((0x0008, 0x1040), b"LO", "Radiologie");
    d.text((0x0008, 0x1090), b"LO", model);
    d.text((0x0018, 0x1000), b"LO", p.serial.clone());
    d.text((0x0018, 0x1020), b"LO", software);
    d.decimal((0x0018, 0x0087), &[i.study.field]);
    d.text((0x0018, 0x5100), b"CS", "HFS");
}

/// MR image and contrast/bolus modules.
fn acquisition(i: &Instance<'_>, d: &mut Dataset) {
    let (p, v) = (&i.patient.persona, i.volume);
    let seq = v.acquisition().sequence;
    let (scanning, variant, options, kind) = match seq {
        Sequence::Spoiled { fat, .. } => {
            ("GR", "SP\\OSP", if fat == FatMode::Suppressed { "PFP\\FS" } else { "PFP" }, "3D")
        }
        Sequence::SpinEcho { fat, .. } => {
            ("SE", "SK\\SP\\OSP", if fat == FatMode::Suppressed { "FS" } else { "PFP" }, "2D")
        }
        Sequence::Diffusion { .. } | Sequence::Adc => ("EP", "SK\\SP", "PFP\\FS", "2D"),
    };
    d.text((0x0018, 0x0015), b"CS", "ABDOMEN");
    d.text(
        (0x0018, 0x1030),
        b"LO",
        if i.series.kind == Kind::T2 {
            // A technician noted whom the protocol was tuned for.
            format!("{}_{}", i.series.protocol, p.family)
        } else {
            i.series.protocol.clone()
        },
    );
    if i.series.enhanced {
        // The rest is in the functional groups.
        return;
    }
    d.text((0x0018, 0x0020), b"CS", scanning);
    d.text((0x0018, 0x0021), b"CS", variant);
    d.text((0x0018, 0x0022), b"CS", options);
    d.text((0x0018, 0x0023), b"CS", kind);
    d.text((0x0018, 0x0025), b"CS", "N");
    d.decimal((0x0018, 0x0080), &[v.repetition]);
    d.decimal((0x0018, 0x0081), &[v.echo.1]);
    d.decimal((0x0018, 0x0083), &[1.0]);
    d.decimal((0x0018, 0x0084), &[42.577_478 * i.study.field]);
    d.text((0x0018, 0x0085), b"SH", "1H");
    d.integer((0x0018, 0x0086), i64::from(v.echo.0));
    d.integer((0x0018, 0x0091), if scanning == "GR" { 1 } else { 24 });
    d.decimal((0x0018, 0x0095), &[if scanning == "EP" { 1736.0 } else { 450.0 }]);
    d.us((0x0018, 0x1310), &[0, v.grid.dims[0] as u16, v.grid.dims[1] as u16, 0]);
    d.text((0x0018, 0x1312), b"CS", "COL");
    d.decimal((0x0018, 0x1314), &[v.flip]);
    d.decimal((0x0018, 0x1316), &[0.712]);
    if i.series.contrast_tags {
        contrast(i, d);
    }
    if let Some(n) = i.series.temporal {
        d.integer((0x0020, 0x0100), i64::from(v.temporal));
        d.integer((0x0020, 0x0105), i64::from(n));
        let first = i.series.volumes.first().map_or(v.time, |f| f.time);
        d.decimal((0x0018, 0x1060), &[(v.time - first) as f64]);
    }
}

fn contrast(i: &Instance<'_>, d: &mut Dataset) {
    let (agent, dose) = match (i.study.agent, i.patient.vendor) {
        (Agent::Hepatobiliary, Vendor::Siemens) => ("Primovist", 0.1),
        (Agent::Hepatobiliary, Vendor::Ge) => ("EOVIST 10CC", 0.1),
        (Agent::Hepatobiliary, Vendor::Philips) => ("PRIMOVIST", 0.1),
        (Agent::Extracellular, Vendor::Siemens) => ("Dotarem", 0.2),
        (Agent::Extracellular, Vendor::Ge) => ("GADAVIST", 0.1),
        (Agent::Extracellular, Vendor::Philips) => ("Gadovist 1.0", 0.1),
    };
    let ml = (i.patient.persona.weight_kg * dose * 10.0).round() / 10.0;
    d.text((0x0018, 0x0010), b"LO", agent);
    d.text((0x0018, 0x1040), b"LO", "IV");
    d.decimal((0x0018, 0x1041), &[ml]);
    d.text((0x0018, 0x1042), b"TM", time_text(i.study.bolus));
    d.decimal((0x0018, 0x1044), &[ml]);
    d.text((0x0018, 0x1048), b"CS", "GADOLINIUM");
}

/// Image plane module: one slice.
fn plane(i: &Instance<'_>, d: &mut Dataset) {
    let g = &i.volume.grid;
    let thick = g.step.iter().map(|v| v * v).sum::<f64>().sqrt();
    let thick = (thick * 1e6).round() / 1e6;
    // 2D sequences leave a gap.
    let slab = if matches!(i.series.kind, Kind::T1 | Kind::Derived) { thick } else { thick * 0.85 };
    d.decimal((0x0018, 0x0050), &[(slab * 1e6).round() / 1e6]);
    d.decimal((0x0018, 0x0088), &[thick]);
    d.decimal((0x0020, 0x0032), &g.corner(f64::from(i.slice)).map(micro));
    let o = [g.row, g.column].concat();
    d.decimal((0x0020, 0x0037), &o);
    let normal = super::truth::cross(g.row, g.column);
    let along: f64 = g.corner(f64::from(i.slice)).iter().zip(normal).map(|(a, b)| a * b).sum();
    d.decimal((0x0020, 0x1041), &[micro(along)]);
    // Row spacing first (PS3.3 §10.7.1.3).
    d.decimal((0x0028, 0x0030), &[g.spacing[1], g.spacing[0]]);
}

/// The name of the plane most parallel to a grid's slices, given those of sagittal, coronal and transverse.
pub(super) fn plane_name(g: &Grid, [sagittal, coronal, transverse]: [&'static str; 3]) -> &'static str {
    let n = super::truth::cross(g.row, g.column).map(f64::abs);
    if n[2] >= n[0].max(n[1]) {
        transverse
    } else if n[1] >= n[0] {
        coronal
    } else {
        sagittal
    }
}

/// Positions are written to a millionth of a millimetre.
pub(super) fn micro(v: f64) -> f64 {
    (v * 1e6).round() / 1e6
}

fn pixel_module(i: &Instance<'_>, pixels: Vec<i16>, d: &mut Dataset) {
    let g = &i.volume.grid;
    let signed = i.patient.vendor == Vendor::Ge;
    d.us((0x0028, 0x0002), &[1]);
    d.text((0x0028, 0x0004), b"CS", "MONOCHROME2");
    d.us((0x0028, 0x0010), &[g.dims[1] as u16]);
    d.us((0x0028, 0x0011), &[g.dims[0] as u16]);
    d.us((0x0028, 0x0100), &[16]);
    d.us((0x0028, 0x0101), &[if signed { 16 } else { 12 }]);
    d.us((0x0028, 0x0102), &[if signed { 15 } else { 11 }]);
    d.us((0x0028, 0x0103), &[u16::from(signed)]);
    let (low, high) = pixels.iter().fold((i16::MAX, i16::MIN), |(l, h), &v| (l.min(v), h.max(v)));
    let put = |d: &mut Dataset, tag, v: i16| {
        if signed { d.ss(tag, &[v]) } else { d.us(tag, &[v as u16]) }
    };
    put(d, (0x0028, 0x0106), low);
    put(d, (0x0028, 0x0107), high);
    let (center, width) = (f64::from(high) * 0.4, f64::from(high) * 0.8);
    let slope = i.volume.levels.slope;
    let scale = slope.unwrap_or(1.0);
    if !i.series.enhanced {
        d.text((0x0028, 0x1050), b"DS", decimal((center * scale).round()));
        d.text((0x0028, 0x1051), b"DS", decimal((width * scale).round().max(1.0)));
        if let Some(slope) = slope {
            d.decimal((0x0028, 0x1052), &[0.0]);
            d.decimal((0x0028, 0x1053), &[slope]);
            d.text(
                (0x0028, 0x1054),
                b"LO",
                if i.patient.vendor == Vendor::Philips { "normalized" } else { "US" },
            );
        }
    }
    d.put((0x7FE0, 0x0010), b"OW", Value::I16(pixels));
}

/// What gateways, workstations and archives leave behind, identical for every vendor.
fn gateway(i: &Instance<'_>, d: &mut Dataset) {
    let p = &i.patient.persona;
    let w = &p.words;
    d.text((0x0018, 0xFFA0), b"LO", format!("relay {}", w.unknown_element));
    // A private sequence that a gateway did not know and passed on as UN (CP-246). In the other syntaxes
    // UN would not arise; there it is an ordinary sequence.
    let mut inner = Dataset::default();
    inner.text((0x0071, 0x0010), b"LO", "VOXEL GATEWAY 2");
    inner.text((0x0071, 0x1011), b"LO", format!("route {}", w.unknown_sequence));
    let mut item = Dataset::default();
    item.text((0x0010, 0x0010), b"PN", p.name());
    item.text((0x0008, 0x0050), b"SH", i.study.accession.clone());
    item.text((0x0071, 0x0010), b"LO", "VOXEL GATEWAY 2");
    item.text((0x0071, 0x1012), b"LO", w.unknown_sequence.clone());
    item.items((0x0071, 0x1013), vec![inner]);
    d.text((0x0071, 0x0010), b"LO", "VOXEL GATEWAY 2");
    let value = if i.series.syntax == Syntax::ExplicitLittle {
        Value::UnknownItems(vec![item])
    } else {
        Value::Items(vec![item])
    };
    d.put((0x0071, 0x1010), b"UN", value);
    // Workstations on Windows leave their own text encoding in opaque blobs.
    let wide: Vec<u8> =
        format!("<User>{}</User>", w.wide).encode_utf16().flat_map(u16::to_le_bytes).collect();
    d.put((0x0071, 0x1020), b"OB", Value::Bytes(wide));
    match i.series.oddity {
        Oddity::Padding => {
            d.put((0xFFFC, 0xFFFC), b"OB", Value::Bytes(format!("pad {}", w.padding).into_bytes()));
        }
        Oddity::Overlay => annotations(i, d),
        Oddity::None | Oddity::TrailingBytes => {}
    }
}

/// An overlay (PS3.3 C.9.2) whose bits spell a word, and a retired curve that holds another.
fn annotations(i: &Instance<'_>, d: &mut Dataset) {
    let w = &i.patient.persona.words;
    let [columns, rows, _] = i.volume.grid.dims;
    d.us((0x5000, 0x0005), &[1]);
    d.us((0x5000, 0x0010), &[8]);
    d.text((0x5000, 0x0020), b"CS", "ECG");
    d.us((0x5000, 0x0103), &[0]);
    d.put((0x5000, 0x3000), b"OB", Value::Bytes(w.curve.clone().into_bytes()));
    d.us((0x6000, 0x0010), &[rows as u16]);
    d.us((0x6000, 0x0011), &[columns as u16]);
    d.text((0x6000, 0x0022), b"LO", format!("Pfeil {}", w.overlay_text));
    d.text((0x6000, 0x0040), b"CS", "G");
    d.ss((0x6000, 0x0050), &[1, 1]);
    d.us((0x6000, 0x0100), &[1]);
    d.us((0x6000, 0x0102), &[0]);
    let mut bits = vec![0u8; (columns as usize * rows as usize).div_ceil(16) * 2];
    bits.iter_mut().zip(w.overlay_data.bytes()).for_each(|(b, t)| *b = t);
    d.put((0x6000, 0x3000), b"OB", Value::Bytes(bits));
}
