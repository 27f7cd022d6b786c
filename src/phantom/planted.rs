//! Who the phantom's patients are, and every identifier hidden in their files.
//!
//! In: a seed and a patient's number. Out: a persona whose names, numbers and words are unlikely to occur
//! by chance, used by the header writers, and the list of what was planted where, used by tests. One
//! struct feeds both, so that the list cannot drift from the files.

use serde::Serialize;

use super::Vendor;
use super::noise::Rng;
use super::write::Charset;

/// What a planted value is, which says how it can be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PlantedKind {
    /// A made-up name or word: must occur nowhere in de-identified output.
    Word,
    /// Digits and letters that number something (identifiers, accession, serial, telephone).
    Number,
    /// A date, `YYYYMMDD`.
    Date,
    /// A time of day as written, `HHMMSS.ffffff`.
    Time,
    /// A unique identifier, or the stem of the instances'.
    Uid,
    /// Too short to be searched for byte by byte (an age): check by element.
    Short,
}

/// One identifier and where it was put.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planted {
    /// The patient's index, from 0.
    pub patient: u32,
    /// The value as text; in the file it is in the file's own character set (Latin-1 or UTF-8), at one
    /// place in UTF-16, little endian.
    pub value: String,
    /// Where: an attribute's keyword, or an unlikely place in words.
    pub place: &'static str,
    /// How to search for it.
    pub kind: PlantedKind,
}

/// Heads and tails of surnames that nobody bears; the head is unique to a patient in cohorts up to 40.
const HEADS: [&str; 40] = [
    "Quillo", "Thornva", "Brixen", "Zellmo", "Marvolt", "Osterqu", "Wyckla", "Hallund", "Dreyvo", "Fennik",
    "Ravenso", "Stolque", "Krügva", "Lindoro", "Vexham", "Ambrüst", "Corvant", "Jaskol", "Pellwy", "Umbrik",
    "Norqua", "Tessval", "Grindo", "Yarvik", "Ibelqu", "Kestova", "Ruxmar", "Svanok", "Dolvret", "Embrox",
    "Falkwy", "Gosvent", "Hexlan", "Jorqui", "Klavsto", "Lomvrek", "Mundsky", "Noxwel", "Ortvan", "Pryxel",
];
const TAILS: [&str; 24] = [
    "enbrugg", "akowytz", "imovska", "ersholt", "andravi", "uvelton", "oskendal", "ithamari", "elquist",
    "arqueth", "ondrasek", "umbright", "ivarello", "estrovan", "ankervy", "olmqvist", "urdengo", "ebrandix",
    "ostruvel", "amberwyk", "indelhof", "orvathy", "uskavelt", "enzqualm",
];
const GIVEN: [&str; 20] = [
    "Jorvina",
    "Thaddexo",
    "Mirelqua",
    "Osvaldix",
    "Zenobria",
    "Quentolf",
    "Ilsebrun",
    "Wendrika",
    "Bartolvo",
    "Xanthera",
    "Dagovert",
    "Evolina",
    "Fridolqu",
    "Gisbertha",
    "Hjalmvar",
    "Isovelde",
    "Kasimyra",
    "Leopovic",
    "Nepomara",
    "Oktavelin",
];
const IDEOGRAPHIC: [(&str, &str, &str, &str); 6] = [
    ("Teshigawara", "Rentaro", "勅使河原", "蓮太郎"),
    ("Kanmuriyama", "Tsukihime", "冠山", "月姫"),
    ("Ichiguchi", "Hayatenosuke", "一口", "疾風之介"),
    ("Shikishima", "Orihane", "敷島", "織羽"),
    ("Hasekurano", "Yoshitsura", "支倉野", "吉貫"),
    ("Ukyoda", "Kagutsuchi", "右京田", "迦具土"),
];

const SYLLABLES: [&str; 32] = [
    "qua", "zor", "vim", "plek", "dru", "xan", "fwo", "gri", "yub", "stol", "kev", "mox", "wul", "jit",
    "neb", "roq", "tyv", "hux", "lom", "pez", "cyd", "bax", "fyn", "guv", "tsk", "vro", "dwi", "nyx", "zem",
    "kro", "phu", "wex",
];

/// A made-up word of four syllables and two digits, at most the 16 characters of VR SH.
fn word(rng: &mut Rng) -> String {
    let mut s: String = (0..4).filter_map(|_| rng.pick(&SYLLABLES).copied()).collect();
    s.truncate(14);
    s.push_str(&format!("{:02}", rng.below(90) + 10));
    s
}

fn surname(rng: &mut Rng, head: usize) -> String {
    let head = HEADS.get(head % HEADS.len()).copied().unwrap_or_default();
    format!("{head}{}", rng.pick(&TAILS).copied().unwrap_or_default())
}

/// A stranger: family and given name.
fn person(rng: &mut Rng) -> String {
    let mut w = word(rng);
    w.truncate(w.len() - 2);
    let mut family: String = w.chars().take(1).flat_map(char::to_uppercase).collect();
    family.extend(w.chars().skip(1));
    format!("{family}^{}", rng.pick(&GIVEN).copied().unwrap_or_default())
}

fn digits(rng: &mut Rng, n: u32) -> String {
    let mut s = (1 + rng.below(9)).to_string();
    (1..n).for_each(|_| s.push_str(&rng.below(10).to_string()));
    s
}

/// Everything identifying about one patient that does not depend on the study.
#[derive(Clone, Debug)]
pub(super) struct Persona {
    pub(super) charset: Charset,
    pub(super) family: String,
    pub(super) given: String,
    /// Family and given name in ideographs.
    pub(super) ideographic: Option<(String, String)>,
    pub(super) id: String,
    pub(super) other_id: String,
    pub(super) issuer: String,
    /// Year, month, day.
    pub(super) birth: (i64, u32, u32),
    pub(super) female: bool,
    pub(super) height_m: f64,
    pub(super) weight_kg: f64,
    pub(super) maiden: String,
    pub(super) phone: String,
    pub(super) street: String,
    pub(super) referring: String,
    pub(super) performing: String,
    pub(super) operator: String,
    pub(super) requesting: String,
    pub(super) reading: String,
    pub(super) institution: String,
    pub(super) institution_street: String,
    pub(super) station: String,
    pub(super) serial: String,
    pub(super) source_ae: String,
    pub(super) words: Words,
}

macro_rules! words {
    ($($field:ident: $siemens:literal, $ge:literal, $philips:literal;)*) => {
        /// One made-up word for each unlikely place.
        #[derive(Clone, Debug)]
        pub(super) struct Words { $(pub(super) $field: String,)* }

        impl Words {
            fn new(rng: &mut Rng) -> Self {
                let mut words = Self { $($field: word(rng),)* };
                // Lenient readers stop at fewer than eight bytes; more they would take for an element.
                words.trailing.truncate(7);
                words
            }

            fn list(&self, vendor: Vendor) -> Vec<(&'static str, String)> {
                vec![$((
                    match vendor {
                        Vendor::Siemens => $siemens,
                        Vendor::Ge => $ge,
                        Vendor::Philips => $philips,
                    },
                    self.$field.clone(),
                ),)*]
            }
        }
    };
}

words! {
    preamble: "preamble", "preamble", "preamble";
    private_text: "private LO 0051,100F", "private SH 0009,1030", "private LO 2001,10C8";
    private_blob: "CSA header 0029,1010", "private OB 0025,101B", "private LT 2005,1134";
    private_blob2: "CSA header 0029,1020", "private LO 0043,102A", "private ST 2001,10CC";
    nested_private: "nested sequence item 0021,1101", "nested sequence item 0023,1010", "nested sequence item 2001,105F";
    unknown_sequence: "CP-246 sequence 0071,1010", "CP-246 sequence 0071,1010", "CP-246 sequence 0071,1010";
    wide: "UTF-16 in private OB 0071,1020", "UTF-16 in private OB 0071,1020", "UTF-16 in private OB 0071,1020";
    unknown_element: "unknown public element 0018,FFA0", "unknown public element 0018,FFA0", "unknown public element 0018,FFA0";
    request: "RequestAttributesSequence ScheduledProcedureStepDescription", "RequestAttributesSequence ScheduledProcedureStepDescription", "RequestAttributesSequence ScheduledProcedureStepDescription";
    image_comment: "ImageComments", "ImageComments", "ImageComments";
    patient_comment: "PatientComments", "PatientComments", "PatientComments";
    history: "AdditionalPatientHistory", "AdditionalPatientHistory", "AdditionalPatientHistory";
    alert: "MedicalAlerts", "MedicalAlerts", "MedicalAlerts";
    study_description: "StudyDescription", "StudyDescription", "StudyDescription";
    series_description: "SeriesDescription", "SeriesDescription", "SeriesDescription";
    step_description: "PerformedProcedureStepDescription", "PerformedProcedureStepDescription", "PerformedProcedureStepDescription";
    reason: "ReasonForTheRequestedProcedure", "ReasonForTheRequestedProcedure", "ReasonForTheRequestedProcedure";
    overlay_data: "overlay data", "overlay data", "overlay data";
    overlay_text: "OverlayDescription", "OverlayDescription", "OverlayDescription";
    curve: "curve data 5000,3000", "curve data 5000,3000", "curve data 5000,3000";
    padding: "DataSetTrailingPadding", "DataSetTrailingPadding", "DataSetTrailingPadding";
    trailing: "trailing bytes", "trailing bytes", "trailing bytes";
}

impl Persona {
    pub(super) fn new(seed: u64, patient: u32, old: bool) -> Self {
        let mut rng = Rng::new(seed, &[u64::from(patient), 7]);
        let utf8 = patient % 3 == 1;
        // Reduced before it is narrowed: `usize` has 32 bits in WebAssembly.
        let shift = (super::noise::key(seed, &[99]) % HEADS.len() as u64) as usize;
        let (mut family, mut given, mut ideographic) = (
            surname(&mut rng, patient as usize + shift),
            rng.pick(&GIVEN).copied().unwrap_or_default().to_owned(),
            None,
        );
        if utf8 && let Some((f, g, fi, gi)) = IDEOGRAPHIC.get(patient as usize / 3) {
            (family, given) = ((*f).to_owned(), (*g).to_owned());
            ideographic = Some(((*fi).to_owned(), (*gi).to_owned()));
        }
        let year = if old { 1922 + rng.below(4) as i64 } else { 1938 + rng.below(40) as i64 };
        let female = rng.chance(0.35);
        let height_m = rng.range(1.55, 1.88);
        Self {
            charset: if utf8 { Charset::Utf8 } else { Charset::Latin1 },
            family,
            given,
            ideographic,
            id: format!(
                "{}{}",
                rng.pick(&["MRN", "HEP", "00", "K"]).copied().unwrap_or_default(),
                digits(&mut rng, 8)
            ),
            other_id: format!("{}-{}-{}", digits(&mut rng, 3), digits(&mut rng, 2), digits(&mut rng, 5)),
            issuer: word(&mut rng).to_uppercase(),
            birth: (year, 1 + rng.below(12) as u32, 1 + rng.below(28) as u32),
            female,
            height_m: (height_m * 100.0).round() / 100.0,
            weight_kg: (height_m * height_m * rng.range(21.0, 31.0)).round(),
            maiden: person(&mut rng),
            phone: format!("+49 {} {}", digits(&mut rng, 3), digits(&mut rng, 8)),
            street: format!("{} {}", word(&mut rng), rng.below(200) + 1),
            referring: person(&mut rng),
            performing: person(&mut rng),
            operator: person(&mut rng),
            requesting: person(&mut rng),
            reading: person(&mut rng),
            institution: format!("Klinikum {}", word(&mut rng)),
            institution_street: format!("{} 12, {}", word(&mut rng), digits(&mut rng, 5)),
            station: format!("MR{}", word(&mut rng).to_uppercase().chars().take(13).collect::<String>()),
            serial: digits(&mut rng, 6),
            source_ae: {
                let mut w = word(&mut rng).to_uppercase();
                w.truncate(16);
                w
            },
            words: Words::new(&mut rng),
        }
    }

    /// Value of PatientName (PS3.5 §6.2.1): alphabetic and, where there is one, ideographic group.
    pub(super) fn name(&self) -> String {
        let title = if self.female { "Frau" } else { "Dr" };
        match &self.ideographic {
            Some((f, g)) => format!("{}^{}={f}^{g}", self.family, self.given),
            None => format!("{}^{}^M^{title}", self.family, self.given),
        }
    }

    /// Family and given name as folder names have them: capitals, ASCII.
    pub(super) fn folder(&self) -> String {
        let plain: String = format!("{}_{}", self.family, self.given)
            .chars()
            .map(|c| match c {
                'ü' => "ue".to_owned(),
                c if c.is_ascii() => c.to_string(),
                _ => "_".to_owned(),
            })
            .collect();
        format!("{}_{}", plain.to_uppercase(), self.id)
    }

    /// Everything above with its place.
    pub(super) fn planted(&self, patient: u32, vendor: Vendor) -> Vec<Planted> {
        let mut out = Vec::new();
        let mut add = |place, value: &str, kind| {
            out.push(Planted { patient, value: value.to_owned(), place, kind });
        };
        use PlantedKind::{Date, Number, Word};
        add("PatientName", &self.family, Word);
        add("PatientName", &self.given, Word);
        if let Some((f, g)) = &self.ideographic {
            add("PatientName, ideographic group", f, Word);
            add("PatientName, ideographic group", g, Word);
        }
        add("PatientID", &self.id, Number);
        add("OtherPatientIDs", &self.other_id, Number);
        add("IssuerOfPatientID", &self.issuer, Word);
        add("PatientBirthDate", &super::plan::date_text(self.birth), Date);
        add("PatientTelephoneNumbers", &self.phone, Number);
        add("PatientAddress", &self.street, Word);
        for (place, name) in [
            ("PatientMotherBirthName", &self.maiden),
            ("ReferringPhysicianName", &self.referring),
            ("PerformingPhysicianName", &self.performing),
            ("OperatorsName", &self.operator),
            ("RequestingPhysician", &self.requesting),
            ("NameOfPhysiciansReadingStudy", &self.reading),
        ] {
            add(place, name.split('^').next().unwrap_or(name), Word);
        }
        add("InstitutionName", &self.institution, Word);
        add("InstitutionAddress", &self.institution_street, Word);
        add("StationName", &self.station, Word);
        add("DeviceSerialNumber", &self.serial, Number);
        add("file meta AE title", &self.source_ae, Word);
        add("ProtocolName", &self.family, Word);
        add("folder name", &self.folder(), Word);
        for (place, value) in self.words.list(vendor) {
            add(place, &value, Word);
        }
        out
    }
}
