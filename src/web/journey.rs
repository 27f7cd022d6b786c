//! The journey for JavaScript: sources, plan, keys, export. Thin: numbers and bytes in, views out.
//!
//! What throws, throws `{ cause, text }`: a key of the page's table of remedies, and the core's
//! sentence, which holds no identifier.

use js_sys::{Array, Float64Array, Object, Reflect, Uint8Array};
use serde::Serialize;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::inspect::Inspector;
use super::report::{line_of, report_view};
use super::review::Reviewer;
use crate::dataset::extend::{Existing, Survey};
use crate::dataset::zip_out::crc32;
use crate::dataset::{EntryName, Error, Report, ZipStream};
use crate::deid::{KeyError, Mapping, MappingError, Policy, ProjectKey, Protection, Purpose, SealError};
use crate::dicom::Need;
use crate::intake::{PlanError, VolumeId};
use crate::session::{Export, ExportOptions, ExportStep, PlanEdit, Preview, ReviewFrame, Session};

#[wasm_bindgen]
extern "C" {
    /// A worker's own, to whoever started it: of a thread of the pool, the engine's worker.
    #[wasm_bindgen(js_name = postMessage)]
    fn tell_engine(message: &str);
}

/// What a thread of the pool says when a volume has come to a halt (`www/src/engine/pool.ts`).
const HALTED: &str = "hepatica-pool-halted";

/// A journey and, once begun, its export.
#[wasm_bindgen(js_name = Journey)]
pub struct Journey {
    session: Session,
    export: Option<Export>,
    zip: Option<ZipStream>,
    survey: Option<Survey>,
    key: KeyState,
}

/// Whether the user could make the same codes again.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum KeyState {
    New,
    Saved,
    Loaded,
}

impl std::fmt::Debug for Journey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journey").finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Trouble {
    cause: &'static str,
    text: String,
}

pub(super) fn trouble(cause: &'static str, text: impl ToString) -> JsValue {
    to_js(&Trouble { cause, text: text.to_string() })
}

fn plan_trouble(error: &PlanError) -> JsValue {
    let cause = match error {
        PlanError::SameSubject { .. } | PlanError::Name(_) => "code-taken",
        PlanError::Subjects(_) => "mapping",
        PlanError::NoMapping => "no-mapping",
        PlanError::SessionLabel { .. }
        | PlanError::SessionTaken { .. }
        | PlanError::SessionDays { .. }
        | PlanError::SessionTimePoints { .. }
        | PlanError::SessionCase { .. } => "session",
        PlanError::SameName { .. } => "same-name",
        PlanError::Protocol(_) => "protocol",
        PlanError::Policy(_) => "policy",
        PlanError::Redactions(_) => "redactions",
        _ => "plan",
    };
    trouble(cause, error)
}

fn place_trouble(error: &Error) -> JsValue {
    let cause = match error {
        Error::Foreign => "foreign",
        Error::Later => "later",
        _ => "damaged-dataset",
    };
    trouble(cause, error)
}

fn key_trouble(error: &KeyError) -> JsValue {
    let cause = match error {
        KeyError::Seal(
            SealError::WrongPassphrase | SealError::NeedsPassphrase | SealError::EmptyPassphrase,
        ) => "passphrase",
        _ => "not-a-key",
    };
    trouble(cause, error)
}

fn mapping_trouble(error: &MappingError) -> JsValue {
    let cause = match error {
        MappingError::Seal(
            SealError::WrongPassphrase | SealError::NeedsPassphrase | SealError::EmptyPassphrase,
        ) => "passphrase",
        _ => "mapping-file",
    };
    trouble(cause, error)
}

/// Plain JavaScript objects; 64-bit counts become numbers, which hold them up to 2⁵³.
pub(super) fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or(JsValue::NULL)
}

/// Needs as triples (source, offset, length): one array, whatever their number.
pub(super) fn flat(needs: &[Need]) -> Float64Array {
    let numbers: Vec<f64> =
        needs.iter().flat_map(|n| [f64::from(n.source), n.offset as f64, n.len as f64]).collect();
    Float64Array::from(numbers.as_slice())
}

pub(super) fn set(object: &Object, key: &str, value: &JsValue) {
    // Only a frozen object refuses, and these were just made.
    let _ = Reflect::set(object, &key.into(), value);
}

/// Needs, as triples, with the bytes of each.
fn answers(needs: &[f64], bytes: &Array) -> Vec<(Need, Option<Vec<u8>>)> {
    let (needs, _) = needs.as_chunks::<3>();
    let need = |[source, offset, len]: &[f64; 3]| Need {
        source: *source as u32,
        offset: *offset as u64,
        len: *len as u64,
    };
    let content = |value: JsValue| value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
    needs.iter().map(need).zip(bytes.iter().map(content)).collect()
}

#[wasm_bindgen(js_class = Journey)]
impl Journey {
    /// A journey under a new project key, from 32 random bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(entropy: &[u8]) -> Result<Self, JsValue> {
        Ok(Self {
            session: session(new_key(entropy)?),
            export: None,
            zip: None,
            survey: None,
            key: KeyState::New,
        })
    }

    /// Forgets all but the key, so that the same patients get the same codes, and the institution's policy.
    pub fn restart(&mut self) {
        let mut session = session(self.session.key().clone());
        if let Some(policy) = self.session.given_policy() {
            // It held before, and there is no plan that it could not hold for.
            let _ = session.set_institution(policy.clone());
        }
        *self = Self { session, export: None, zip: None, survey: None, key: self.key };
    }

    // ------------------------------------------------------------ intake

    /// Registers a source; `source` is the caller's number for it.
    #[wasm_bindgen(js_name = addSource)]
    pub fn add_source(&mut self, source: u32, path: String, size: f64) {
        self.session.add_source(source, path, size as u64);
    }

    /// Up to `most` ranges to read.
    #[wasm_bindgen(js_name = intakeNeeds)]
    pub fn intake_needs(&mut self, most: usize) -> Float64Array {
        flat(&self.session.intake_needs(most))
    }

    /// Takes the bytes of ranges, `needs` as they were handed out, `null` for one that could not be read.
    #[wasm_bindgen(js_name = intakeFeed)]
    pub fn intake_feed(&mut self, needs: &[f64], bytes: &Array) {
        self.session.intake_feed_all(answers(needs, bytes));
    }

    /// Waits until the headers that were fed are understood; there may be more needs then.
    #[wasm_bindgen(js_name = settleIntake)]
    pub fn settle_intake(&mut self) {
        self.session.settle_intake();
    }

    /// How far the intake is.
    #[wasm_bindgen(js_name = intakeProgress)]
    pub fn intake_progress(&self) -> JsValue {
        to_js(&self.session.intake_progress())
    }

    /// Lets go of what was added since the last plan.
    #[wasm_bindgen(js_name = abandonIntake)]
    pub fn abandon_intake(&mut self) {
        self.session.abandon_intake();
    }

    /// Sorts what was read and plans.
    #[wasm_bindgen(js_name = finishIntake)]
    pub fn finish_intake(&mut self) -> Result<JsValue, JsValue> {
        self.session.finish_intake().map_err(|e| plan_trouble(&e))?;
        Ok(self.plan())
    }

    // ------------------------------------------------------------ plan

    /// The plan, for the screen.
    pub fn plan(&self) -> JsValue {
        let view = to_js(&self.session.view());
        if view.is_object() {
            // Whether the key was saved belongs to this surface, not to the plan.
            set(view.unchecked_ref(), "key", &to_js(&self.key));
        }
        view
    }

    /// Changes the plan, and gives it back.
    pub fn edit(&mut self, edit: JsValue) -> Result<JsValue, JsValue> {
        let edit: PlanEdit =
            serde_wasm_bindgen::from_value(edit).map_err(|_| trouble("plan", "no such change"))?;
        self.session.edit(edit).map_err(|e| plan_trouble(&e))?;
        Ok(self.plan())
    }

    /// Paths of the files of a tally, for the screen.
    #[wasm_bindgen(js_name = filesOf)]
    pub fn files_of(&self, tally: &str) -> Vec<String> {
        let Some(line) = tally.strip_prefix("report:") else { return self.session.files_of(tally) };
        let Some(report) = self.report() else { return Vec::new() };
        let ordinals = self.session.ordinals().files();
        report
            .rows()
            .iter()
            .filter(|row| line_of(&row.outcome) == line)
            .filter_map(|row| ordinals.get((row.file as usize).checked_sub(1)?))
            .filter_map(|file| self.session.files().path(*file))
            .map(|path| path.reveal(Purpose::Screen).clone())
            .collect()
    }

    /// A picture of a volume's middle slice, to be fed and drawn.
    pub fn preview(&self, volume: u32) -> Option<Picture> {
        Preview::new(&self.session, VolumeId(volume)).map(Picture)
    }

    /// A volume's header before and after, to be fed and looked at.
    pub fn inspector(&self, volume: u32) -> Option<Inspector> {
        Inspector::new(&self.session, VolumeId(volume))
    }

    /// A picture of a suspected series, to be fed and drawn.
    pub fn reviewer(&self, series: u32) -> Option<Reviewer> {
        ReviewFrame::new(&self.session, series).map(Reviewer)
    }

    /// What reviewers decided, as a file: no name, ID or UID of the source is in it.
    #[wasm_bindgen(js_name = redactionsFile)]
    pub fn redactions_file(&self) -> String {
        self.session.redactions().to_json()
    }

    /// Works under the policy of the page's host from now on.
    #[wasm_bindgen(js_name = setInstitution)]
    pub fn set_institution(&mut self, json: &str) -> Result<(), JsValue> {
        let policy = Policy::parse(json.as_bytes()).map_err(|e| trouble("policy-file", e))?;
        self.session.set_institution(policy).map_err(|e| plan_trouble(&e))
    }

    /// The policy as it stands, as a file.
    #[wasm_bindgen(js_name = policyFile)]
    pub fn policy_file(&self) -> String {
        self.session.policy().to_json()
    }

    // ------------------------------------------------------------ keys

    /// Works under the key of a file.
    #[wasm_bindgen(js_name = loadKey)]
    pub fn load_key(&mut self, file: &[u8], passphrase: Option<String>) -> Result<JsValue, JsValue> {
        let key = ProjectKey::load(file, passphrase.as_deref()).map_err(|e| key_trouble(&e))?;
        self.session.set_key(key).map_err(|e| plan_trouble(&e))?;
        self.key = KeyState::Loaded;
        Ok(self.plan())
    }

    /// The bytes of a key file, under the passphrase if there is one.
    #[wasm_bindgen(js_name = saveKey)]
    pub fn save_key(&self, passphrase: Option<String>) -> Result<Vec<u8>, JsValue> {
        self.session.key().save(protection(passphrase.as_deref())).map_err(|e| key_trouble(&e))
    }

    /// The user has the key file now.
    #[wasm_bindgen(js_name = keySaved)]
    pub fn key_saved(&mut self) -> JsValue {
        if matches!(self.key, KeyState::New) {
            self.key = KeyState::Saved;
        }
        self.plan()
    }

    /// `id_old,id_new`, under the passphrase if there is one.
    #[wasm_bindgen(js_name = idMap)]
    pub fn id_map(&self, passphrase: Option<String>) -> Result<Vec<u8>, JsValue> {
        sealed("id_old,id_new", &self.session.id_map(), passphrase.as_deref())
    }

    /// `uid_old,uid_new` of the export's DICOM, under the passphrase if there is one.
    #[wasm_bindgen(js_name = uidMap)]
    pub fn uid_map(&self, passphrase: Option<String>) -> Result<Vec<u8>, JsValue> {
        let rows = self.export.as_ref().map(Export::uid_map).unwrap_or_default();
        sealed("uid_old,uid_new", &rows, passphrase.as_deref())
    }

    /// Obeys a mapping file: which patient has which code.
    #[wasm_bindgen(js_name = loadMapping)]
    pub fn load_mapping(&mut self, file: &[u8], passphrase: Option<String>) -> Result<JsValue, JsValue> {
        let mapping = Mapping::load(file, passphrase.as_deref()).map_err(|e| mapping_trouble(&e))?;
        self.session.take_mapping(mapping).map_err(|e| plan_trouble(&e))?;
        Ok(self.plan())
    }

    /// The bytes of the linking table: which subject is which patient.
    #[wasm_bindgen(js_name = linkingTable)]
    pub fn linking_table(&self, passphrase: Option<String>) -> Result<Vec<u8>, JsValue> {
        self.session
            .linking_table(protection(passphrase.as_deref()))
            .map_err(|e| trouble(if e == SealError::EmptyPassphrase { "passphrase" } else { "plan" }, e))
    }

    // ------------------------------------------------------------ export

    /// Looks through a folder that is to be exported to; gives back which of its files are to be read.
    /// Names that no data set of ours has are somebody else's, and let be.
    #[wasm_bindgen(js_name = beginSurvey)]
    pub fn begin_survey(&mut self, names: Vec<String>) -> Vec<String> {
        let survey = Survey::new(names.into_iter().filter_map(|name| EntryName::new(name).ok()));
        let wanted = survey.wanted().iter().map(|name| name.as_str().to_owned()).collect();
        self.survey = Some(survey);
        wanted
    }

    /// Takes the content of one of them.
    #[wasm_bindgen(js_name = surveyFeed)]
    pub fn survey_feed(&mut self, name: &str, bytes: &[u8]) {
        if let (Some(survey), Ok(name)) = (&mut self.survey, EntryName::new(name)) {
            survey.feed(&name, bytes);
        }
    }

    /// Plans for what is there already; without a survey, for an empty place.
    #[wasm_bindgen(js_name = endSurvey)]
    pub fn end_survey(&mut self) -> Result<JsValue, JsValue> {
        let existing = match self.survey.take() {
            Some(survey) => survey.finish().map_err(|e| place_trouble(&e))?,
            None => Existing::default(),
        };
        if let Some(export) = &self.export {
            self.session.heed(export).map_err(|e| plan_trouble(&e))?;
        }
        self.session.set_existing(existing).map_err(|e| plan_trouble(&e))?;
        Ok(self.plan())
    }

    /// Begins an export; `zip` makes the entries into one archive.
    #[wasm_bindgen(js_name = beginExport)]
    pub fn begin_export(&mut self, zip: bool, budget: f64, threads: usize) {
        let options = ExportOptions { budget: budget as u64, threads };
        let mut export = Export::new(&self.session, options);
        export.work_apart(|| tell_engine(HALTED));
        self.export = Some(export);
        self.zip = zip.then(ZipStream::new);
    }

    /// Ranges to read next.
    #[wasm_bindgen(js_name = exportNeeds)]
    pub fn export_needs(&mut self) -> Float64Array {
        let session = &self.session;
        flat(&self.export.as_mut().map(|e| e.needs(session)).unwrap_or_default())
    }

    /// Takes the bytes of ranges, `needs` as they were handed out, `null` for one that could not be read.
    #[wasm_bindgen(js_name = exportFeed)]
    pub fn export_feed(&mut self, needs: &[f64], bytes: &Array) {
        let Some(export) = &mut self.export else { return };
        for (need, bytes) in answers(needs, bytes) {
            match bytes {
                Some(bytes) => export.feed(&self.session, need, bytes),
                None => export.feed_failed(&self.session, need),
            }
        }
    }

    /// A few milliseconds of work: `"waiting"`, `"working"`, `"done"`, or an entry to write,
    /// `{ path, head, bytes }`, where `head` is what a zip wants before it.
    #[wasm_bindgen(js_name = exportStep)]
    pub fn export_step(&mut self) -> Result<JsValue, JsValue> {
        let Some(export) = &mut self.export else { return Ok("done".into()) };
        match export.step(&self.session) {
            ExportStep::Waiting => Ok("waiting".into()),
            ExportStep::Working => Ok("working".into()),
            ExportStep::Done => Ok("done".into()),
            ExportStep::Entry { name, bytes } => {
                let entry = Object::new();
                set(&entry, "path", &name.as_str().into());
                if let Some(zip) = &mut self.zip {
                    let head = zip
                        .header(&name, bytes.len() as u64, crc32(&bytes))
                        .map_err(|e| trouble("target-write", e))?;
                    set(&entry, "head", &Uint8Array::from(head.as_slice()));
                }
                set(&entry, "bytes", &Uint8Array::from(bytes.as_slice()));
                Ok(entry.into())
            }
        }
    }

    /// The end of a zip: its directory. Empty for a folder.
    #[wasm_bindgen(js_name = exportEnd)]
    pub fn export_end(&self) -> Vec<u8> {
        self.zip.as_ref().map(ZipStream::finish).unwrap_or_default()
    }

    /// How far the export is.
    #[wasm_bindgen(js_name = exportProgress)]
    pub fn export_progress(&self) -> JsValue {
        to_js(&self.export.as_ref().map(Export::progress))
    }

    /// Stops; with `keep`, what is complete stays and the documents are still to come.
    #[wasm_bindgen(js_name = cancelExport)]
    pub fn cancel_export(&mut self, keep: bool) {
        if let Some(export) = &mut self.export {
            export.cancel(keep);
        }
    }

    /// The report, for the screen.
    #[wasm_bindgen(js_name = reportView)]
    pub fn report_view(&self) -> JsValue {
        let refused = self.export.as_ref().map(Export::refusals).unwrap_or_default();
        let objects = self.export.as_ref().map(Export::object_lines).unwrap_or_default();
        to_js(&self.report().map(|report| report_view(report, refused, objects)))
    }

    /// The report as a file, without identifiers.
    #[wasm_bindgen(js_name = reportFile)]
    pub fn report_file(&self) -> String {
        self.report().and_then(|report| serde_json::to_string_pretty(report).ok()).unwrap_or_default()
    }
}

impl Journey {
    fn report(&self) -> Option<&Report> {
        self.export.as_ref().and_then(Export::report)
    }
}

/// A session that goes on reading while the pool's threads understand headers.
fn session(key: ProjectKey) -> Session {
    let mut session = Session::new(key);
    session.read_apart();
    session
}

fn new_key(entropy: &[u8]) -> Result<ProjectKey, JsValue> {
    let bytes = <[u8; 32]>::try_from(entropy).map_err(|_| trouble("plan", "a key is made from 32 bytes"))?;
    Ok(ProjectKey::from_entropy(bytes))
}

fn sealed(header: &str, rows: &[(String, String)], passphrase: Option<&str>) -> Result<Vec<u8>, JsValue> {
    crate::deid::seal(crate::deid::pairs(header, rows).as_bytes(), protection(passphrase))
        .map_err(|e| key_trouble(&KeyError::Seal(e)))
}

/// Whether a policy file can be used, and what it is called.
#[wasm_bindgen(js_name = checkPolicy)]
pub fn check_policy(json: &str) -> Result<JsValue, JsValue> {
    let policy = Policy::parse(json.as_bytes()).map_err(|e| trouble("policy-file", e))?;
    Ok(to_js(&PolicySeen {
        name: policy.name.unwrap_or_default(),
        locked: policy.locked,
        idle_minutes: policy.idle_minutes,
    }))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicySeen {
    name: String,
    locked: bool,
    idle_minutes: Option<u16>,
}

fn protection(passphrase: Option<&str>) -> Protection<'_> {
    passphrase.map_or(Protection::Plain, Protection::Passphrase)
}

/// The making of one picture.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Picture(Preview);

#[wasm_bindgen]
impl Picture {
    /// The next range wanted; empty when it can be drawn.
    pub fn need(&mut self) -> Float64Array {
        flat(self.0.need().as_slice())
    }

    /// Takes the bytes of the last need; `false` if they can't be used.
    pub fn feed(&mut self, bytes: Vec<u8>) -> bool {
        self.0.feed(bytes)
    }

    /// `{ width, height, rgba }`, or nothing where the frame can't be decoded.
    pub fn draw(self) -> JsValue {
        let Some(picture) = self.0.draw() else { return JsValue::NULL };
        let object = Object::new();
        set(&object, "width", &picture.width.into());
        set(&object, "height", &picture.height.into());
        set(&object, "rgba", &Uint8Array::from(picture.rgba.as_slice()).buffer());
        object.into()
    }
}
