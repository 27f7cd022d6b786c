//! The annotator for the page's worker: names and ranges in, views and pictures out.
//!
//! Thin: numbers, bytes and gestures in, plain data out. What throws, throws `{ cause, text }`. Nothing here
//! is identified but names of files, which go to the page that dropped them.

use js_sys::{Array, Float64Array, Object, Uint8Array, Uint32Array};
use serde::Serialize;
use wasm_bindgen::JsCast as _;
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use super::journey::{flat, set, to_js, trouble};
use crate::annotate::bytes::ByteReader;
use crate::annotate::case::{Display, Gesture};
use crate::annotate::desk::Progress;
use crate::annotate::editor::{EditorView, Error as EditError, Vocabulary, vocabulary};
use crate::annotate::labelling::PaneStroke;
use crate::annotate::outgoing::Leave;
use crate::annotate::views::{CaseBody, CaseStatus};
use crate::annotate::{AnnotateError, Desk, Opening, Rater, Study};
use crate::dicom::Need;
use crate::segment;

/// Cases, their volumes and panes.
#[wasm_bindgen(js_name = Annotator)]
pub struct Annotator {
    opening: Option<Opening>,
    desk: Option<Desk>,
    budget: u64,
}

impl std::fmt::Debug for Annotator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Annotator").finish_non_exhaustive()
    }
}

fn refused(error: &AnnotateError) -> JsValue {
    let cause = match error {
        AnnotateError::NoImages => "no-cases",
        AnnotateError::Archive(_) | AnnotateError::Unopened(_) => "damaged-dataset",
        AnnotateError::Memory { .. } => "memory",
        AnnotateError::Unreadable => "case-read",
        AnnotateError::Edit(EditError::Labels(segment::Error::Grid(_))) => "labels-grid",
        AnnotateError::Edit(EditError::Labels(segment::Error::Unreadable(_))) => "labels-file",
        AnnotateError::Edit(_) | AnnotateError::NoReference => "edit",
        AnnotateError::Study(_) => "study-closed",
        _ => "annotate",
    };
    trouble(cause, error)
}

/// What the page sends is of its own making: what cannot be read is a fault of the page.
fn read<T: serde::de::DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|_| trouble("annotate", "The annotator does not know this question."))
}

/// The case with its editor; none while its image is not there.
#[derive(Serialize)]
struct CaseView {
    #[serde(flatten)]
    body: CaseBody,
    editor: Option<EditorView>,
    vocabulary: Vocabulary,
}

/// A session that waits for its journal.
#[derive(Serialize)]
struct Waiting {
    session: usize,
    key: String,
}

/// Where one more stroke would help most.
#[derive(Serialize)]
struct NextBest {
    world: [f64; 3],
    voxels: u64,
}

#[wasm_bindgen(js_class = Annotator)]
impl Annotator {
    /// Volumes of a case may hold `budget` bytes.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(budget: f64) -> Self {
        Self { opening: Some(Opening::default()), desk: None, budget: budget as u64 }
    }

    fn desk(&mut self) -> Result<&mut Desk, JsValue> {
        self.desk.as_mut().ok_or_else(|| trouble("annotate", "No data set is open."))
    }

    // ------------------------------------------------------------ opening

    /// A file that was dropped; `source` is the caller's number for it.
    #[wasm_bindgen(js_name = addSource)]
    pub fn add_source(&mut self, source: u32, path: &str, size: f64) {
        if let Some(opening) = &mut self.opening {
            opening.add(source, path, size as u64);
        }
    }

    /// Up to `most` ranges to read: of tables first, later of volumes.
    pub fn needs(&mut self, most: usize) -> Float64Array {
        flat(&match (&mut self.opening, &mut self.desk) {
            (Some(opening), _) => opening.needs(most),
            (None, Some(desk)) => desk.needs(most),
            (None, None) => Vec::new(),
        })
    }

    /// Takes the bytes of ranges, `needs` as they were handed out, `null` for one that could not be read.
    pub fn feed(&mut self, needs: &[f64], bytes: &Array) {
        let (needs, _) = needs.as_chunks::<3>();
        for ([source, offset, len], value) in needs.iter().zip(bytes.iter()) {
            let need = Need { source: *source as u32, offset: *offset as u64, len: *len as u64 };
            let content = value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
            match (&mut self.opening, &mut self.desk) {
                (Some(opening), _) => opening.feed(need, content),
                (None, Some(desk)) => desk.feed(&need, content),
                (None, None) => {}
            }
        }
    }

    /// Once nothing is needed any more: the list of cases.
    #[wasm_bindgen(js_name = finishOpening)]
    pub fn finish_opening(&mut self) -> Result<JsValue, JsValue> {
        if let Some(opening) = self.opening.take() {
            let shelf = opening.finish().map_err(|e| refused(&e))?;
            self.desk = Some(Desk::new(shelf, self.budget));
        }
        self.list()
    }

    /// The list of cases.
    pub fn list(&mut self) -> Result<JsValue, JsValue> {
        Ok(to_js(&self.desk()?.list()))
    }

    // ------------------------------------------------------------ cases

    /// Takes a case to hand.
    #[wasm_bindgen(js_name = openCase)]
    pub fn open_case(&mut self, case: usize) -> Result<JsValue, JsValue> {
        self.desk()?.open(case).map_err(|e| refused(&e))?;
        self.view()
    }

    /// The case at hand.
    pub fn view(&mut self) -> Result<JsValue, JsValue> {
        let desk = self.desk()?;
        Ok(to_js(&CaseView {
            body: desk.view().map_err(|e| refused(&e))?,
            editor: desk.editor_view(),
            vocabulary: vocabulary(),
        }))
    }

    /// `todo`, `progress` or `done`.
    #[wasm_bindgen(js_name = caseStatus)]
    pub fn case_status(&mut self, case: usize, status: JsValue) -> Result<JsValue, JsValue> {
        let status: CaseStatus = read(status)?;
        self.desk()?.set_status(case, status);
        self.list()
    }

    /// Names under which it is kept how far cases are.
    #[wasm_bindgen(js_name = caseKeys)]
    pub fn case_keys(&mut self) -> Result<Vec<String>, JsValue> {
        Ok(self.desk()?.case_keys())
    }

    /// How far cases are that were begun, by key.
    pub fn progress(&mut self) -> Result<JsValue, JsValue> {
        Ok(to_js(&self.desk()?.progress()))
    }

    /// How far a case was when it was left.
    #[wasm_bindgen(js_name = setProgress)]
    pub fn set_progress(&mut self, case: usize, known: JsValue) -> Result<(), JsValue> {
        let known: Progress = read(known)?;
        self.desk()?.set_progress(case, &known);
        Ok(())
    }

    /// Seconds at work on the case at hand.
    #[wasm_bindgen(js_name = caseTime)]
    pub fn case_time(&mut self, seconds: f64) -> Result<(), JsValue> {
        self.desk()?.add_time(seconds);
        Ok(())
    }

    /// Another reader sits down; the list of cases, none of them open.
    #[wasm_bindgen(js_name = setRater)]
    pub fn set_rater(&mut self, code: &str) -> Result<JsValue, JsValue> {
        let rater = Rater::parse(code).map_err(|e| trouble("rater", e))?;
        self.desk()?.set_rater(rater).map_err(|e| trouble("study", e))?;
        self.list()
    }

    /// A study lays down what is read, or none does; the list of cases, none of them open.
    #[wasm_bindgen(js_name = setStudy)]
    pub fn set_study(&mut self, json: Option<String>) -> Result<JsValue, JsValue> {
        let study = json.map(|json| Study::parse(&json)).transpose().map_err(|e| trouble("study", e))?;
        self.desk()?.set_study(study).map_err(|e| trouble("study", e))?;
        self.list()
    }

    /// What a reader says of a case's images.
    #[wasm_bindgen(js_name = setRemarks)]
    pub fn set_remarks(&mut self, case: usize, flags: Vec<String>, note: &str) -> Result<JsValue, JsValue> {
        self.desk()?.set_remarks(case, &flags, note);
        self.list()
    }

    /// What was hung by hand in place of roles, to be kept.
    #[wasm_bindgen(js_name = hungRoles)]
    pub fn hung_roles(&mut self) -> Result<JsValue, JsValue> {
        Ok(to_js(&self.desk()?.hung_roles()))
    }

    /// Takes that up again.
    #[wasm_bindgen(js_name = takeHungRoles)]
    pub fn take_hung_roles(&mut self, roles: JsValue) -> Result<(), JsValue> {
        let roles = read(roles)?;
        self.desk()?.take_hung_roles(roles);
        Ok(())
    }

    /// Hangs all cases opened from here on by a protocol.
    #[wasm_bindgen(js_name = chooseProtocol)]
    pub fn choose_protocol(&mut self, id: &str) -> Result<(), JsValue> {
        self.desk()?.choose_protocol(id);
        Ok(())
    }

    /// Files of the case at hand that may be kept in the browser; none where it is not known to be
    /// de-identified.
    #[wasm_bindgen(js_name = keptFiles)]
    pub fn kept_files(&mut self) -> Result<JsValue, JsValue> {
        Ok(to_js(&self.desk()?.kept_files()))
    }

    /// A reader of a file of the data set, up to `most` bytes of it.
    #[wasm_bindgen(js_name = fileReader)]
    pub fn file_reader(&mut self, entry: usize, most: f64) -> Result<FileReader, JsValue> {
        let entries = self.desk()?.entries();
        let entry = entries.get(entry).ok_or_else(|| trouble("annotate", "There is no such file."))?;
        let reader = ByteReader::new(&entry.place).map_err(|e| refused(&AnnotateError::from(e)))?;
        Ok(FileReader { reader, left: most as u64 })
    }

    /// Tables to read before labels of a session can refer to DICOM objects.
    #[wasm_bindgen(js_name = sourceTables)]
    pub fn source_tables(&mut self, session: usize) -> Result<Vec<u32>, JsValue> {
        Ok(self.desk()?.source_tables(session).into_iter().map(|entry| entry as u32).collect())
    }

    /// The objects that they name, for the tables' bytes in the order of their entries.
    #[wasm_bindgen(js_name = sourceObjects)]
    pub fn source_objects(
        &mut self,
        session: usize,
        tables: &[u32],
        bytes: &Array,
    ) -> Result<Vec<u32>, JsValue> {
        let content =
            |value: JsValue| value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default();
        let read: Vec<(usize, Vec<u8>)> =
            tables.iter().zip(bytes.iter()).map(|(entry, value)| (*entry as usize, content(value))).collect();
        Ok(self.desk()?.source_objects(session, &read).into_iter().map(|entry| entry as u32).collect())
    }

    /// Takes the heads of those objects; whether labels refer to them from here on.
    #[wasm_bindgen(js_name = takeSources)]
    pub fn take_sources(&mut self, session: usize, objects: &Array) -> Result<bool, JsValue> {
        let content =
            |value: JsValue| value.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec).unwrap_or_default();
        Ok(self.desk()?.take_sources(session, objects.iter().map(content).collect()))
    }

    /// Hangs by another protocol.
    #[wasm_bindgen(js_name = setProtocol)]
    pub fn set_protocol(&mut self, id: &str) -> Result<JsValue, JsValue> {
        self.desk()?.set_protocol(id).map_err(|e| refused(&e))?;
        self.view()
    }

    /// Takes a protocol of the user's own; its identifier.
    #[wasm_bindgen(js_name = loadProtocol)]
    pub fn load_protocol(&mut self, json: &str) -> Result<String, JsValue> {
        self.desk()?.load_protocol(json).map_err(|e| trouble("protocol", e))
    }

    /// Shows another stage.
    pub fn stage(&mut self, stage: usize) -> Result<JsValue, JsValue> {
        self.desk()?.case().and_then(|case| case.set_stage(stage)).map_err(|e| refused(&e))?;
        self.view()
    }

    /// Hangs a volume in a pane.
    pub fn hang(&mut self, pane: usize, volume: u32) -> Result<JsValue, JsValue> {
        self.desk()?.case().and_then(|case| case.hang(pane, volume)).map_err(|e| refused(&e))?;
        self.view()
    }

    /// Unpacks volumes for some milliseconds; whether there was anything to do.
    pub fn work(&mut self) -> bool {
        self.desk.as_mut().is_some_and(Desk::work)
    }

    /// Volumes of which something changed since this was asked last.
    #[wasm_bindgen(js_name = takeTold)]
    pub fn take_told(&mut self) -> Result<JsValue, JsValue> {
        let told = self.desk()?.case().map(|case| case.take_told()).unwrap_or_default();
        Ok(to_js(&told))
    }

    // ------------------------------------------------------------ panes

    /// The size of a pane, device pixels.
    #[wasm_bindgen(js_name = paneSize)]
    pub fn pane_size(&mut self, pane: usize, width: u32, height: u32) -> Result<(), JsValue> {
        self.desk()?.resize(pane, [width, height]);
        Ok(())
    }

    /// How panes look.
    pub fn display(&mut self, display: JsValue) -> Result<(), JsValue> {
        let display: Display = read(display)?;
        self.desk()?.set_display(display);
        Ok(())
    }

    /// What hands do in a pane.
    pub fn gesture(&mut self, pane: usize, gesture: JsValue) -> Result<(), JsValue> {
        let gesture: Gesture = read(gesture)?;
        self.desk()?.case().map_err(|e| refused(&e))?.gesture(pane, gesture);
        Ok(())
    }

    /// Draws the panes that changed; their numbers.
    pub fn render(&mut self) -> Result<Vec<u32>, JsValue> {
        Ok(self.desk()?.render().into_iter().map(|pane| pane as u32).collect())
    }

    /// Width and height of a pane's picture.
    #[wasm_bindgen(js_name = pictureSize)]
    pub fn picture_size(&mut self, pane: usize) -> Result<Vec<u32>, JsValue> {
        let case = self.desk()?.case().map_err(|e| refused(&e))?;
        Ok(case.picture(pane).map_or(vec![0, 0], |p| vec![p.width, p.height]))
    }

    /// Copies a pane's pixels into an array of the page's own, as large as the picture.
    #[wasm_bindgen(js_name = copyPicture)]
    pub fn copy_picture(&mut self, pane: usize, into: &Uint32Array) -> Result<bool, JsValue> {
        let case = self.desk()?.case().map_err(|e| refused(&e))?;
        let Some(picture) = case.picture(pane) else { return Ok(false) };
        let fits = into.length() as usize == picture.pixels.len();
        if fits {
            into.copy_from(&picture.pixels);
        }
        Ok(fits)
    }

    /// What words over panes need, of those where it changed.
    #[wasm_bindgen(js_name = takeStates)]
    pub fn take_states(&mut self) -> Result<JsValue, JsValue> {
        let states = self.desk()?.case().map(|case| case.take_states()).unwrap_or_default();
        Ok(to_js(&states))
    }

    // ------------------------------------------------------------ labels

    /// Sessions that wait for their journal, with its name.
    #[wasm_bindgen(js_name = waitingForJournal)]
    pub fn waiting_for_journal(&mut self) -> Result<JsValue, JsValue> {
        let waiting = self.desk()?.waiting_for_journal();
        Ok(to_js(&waiting.into_iter().map(|(session, key)| Waiting { session, key }).collect::<Vec<_>>()))
    }

    /// Begins a session's editor from its journal, empty for none.
    #[wasm_bindgen(js_name = beginEditor)]
    pub fn begin_editor(&mut self, session: usize, journal: &[u8]) -> Result<JsValue, JsValue> {
        let reopened = self.desk()?.begin_editor(session, journal).map_err(|e| refused(&e))?;
        Ok(to_js(&reopened))
    }

    /// Sessions that have an editor.
    #[wasm_bindgen(js_name = editedSessions)]
    pub fn edited_sessions(&mut self) -> Result<Vec<u32>, JsValue> {
        Ok(self.desk()?.edited().map(|session| session as u32).collect())
    }

    /// Journal records since this was asked last; empty for none.
    #[wasm_bindgen(js_name = takeRecords)]
    pub fn take_records(&mut self, session: usize) -> Result<Vec<u8>, JsValue> {
        Ok(self.desk()?.editor(session).map_err(|e| refused(&e))?.take_records())
    }

    /// A whole journal in place of all records; empty while a stroke is in hand.
    pub fn checkpoint(&mut self, session: usize) -> Result<Vec<u8>, JsValue> {
        let editor = self.desk()?.editor(session).map_err(|e| refused(&e))?;
        Ok(editor.checkpoint().unwrap_or_default())
    }

    /// Says how the journal of a session fares.
    #[wasm_bindgen(js_name = setJournal)]
    pub fn set_journal(&mut self, session: usize, kept: bool, trouble: &str) -> Result<(), JsValue> {
        self.desk()?.editor(session).map_err(|e| refused(&e))?.set_journal(kept, trouble);
        Ok(())
    }

    /// The editor at hand; null while there is none.
    #[wasm_bindgen(js_name = editorView)]
    pub fn editor_view(&mut self) -> Result<JsValue, JsValue> {
        Ok(self.desk()?.editor_view().map_or(JsValue::NULL, |view| to_js(&view)))
    }

    /// A part of a stroke.
    pub fn stroke(&mut self, stroke: JsValue) -> Result<(), JsValue> {
        let stroke: PaneStroke = read(stroke)?;
        self.desk()?.stroke(&stroke).map_err(|e| refused(&e))
    }

    /// Takes a tool in hand, or none.
    #[wasm_bindgen(js_name = setTool)]
    pub fn set_tool(&mut self, tool: JsValue) -> Result<(), JsValue> {
        let tool = read(tool)?;
        self.desk()?.set_tool(tool).map_err(|e| refused(&e))
    }

    /// Options of tools.
    #[wasm_bindgen(js_name = setOptions)]
    pub fn set_options(&mut self, change: JsValue) -> Result<(), JsValue> {
        let change = read(change)?;
        self.desk()?.set_options(change).map_err(|e| refused(&e))
    }

    /// Where edits may go.
    #[wasm_bindgen(js_name = setMasking)]
    pub fn set_masking(&mut self, masking: JsValue) -> Result<(), JsValue> {
        let masking = read(masking)?;
        self.desk()?.set_masking(masking).map_err(|e| refused(&e))
    }

    /// The session of a pane is the one at hand.
    #[wasm_bindgen(js_name = holdPane)]
    pub fn hold_pane(&mut self, pane: usize) -> Result<(), JsValue> {
        self.desk()?.hold_pane(pane).map_err(|e| refused(&e))
    }

    /// Changes segments.
    pub fn segment(&mut self, edit: JsValue) -> Result<(), JsValue> {
        let edit = read(edit)?;
        self.desk()?.edit_segment(&edit).map_err(|e| refused(&e))
    }

    /// Does what a tool does to the whole segment.
    #[wasm_bindgen(js_name = applyTool)]
    pub fn apply_tool(&mut self, tool: JsValue) -> Result<(), JsValue> {
        let tool = read(tool)?;
        self.desk()?.apply_tool(tool).map_err(|e| refused(&e))
    }

    /// Keeps or gives up the preview.
    #[wasm_bindgen(js_name = endPreview)]
    pub fn end_preview(&mut self, keep: bool) -> Result<(), JsValue> {
        self.desk()?.end_preview(keep).map_err(|e| refused(&e))
    }

    /// Takes a step back, or does it again.
    pub fn turn(&mut self, again: bool) -> Result<(), JsValue> {
        self.desk()?.turn(again).map_err(|e| refused(&e))
    }

    /// Where one more stroke would help most; null where it is sure everywhere.
    #[wasm_bindgen(js_name = nextBest)]
    pub fn next_best(&mut self) -> Result<JsValue, JsValue> {
        let found = self.desk()?.next_best().map_err(|e| refused(&e))?;
        Ok(found.map_or(JsValue::NULL, |(world, voxels)| to_js(&NextBest { world, voxels })))
    }

    /// Whether the editor has long work to go on with.
    #[wasm_bindgen(js_name = editorBusy)]
    #[must_use]
    pub fn editor_busy(&self) -> bool {
        self.desk.as_ref().is_some_and(Desk::is_editor_busy)
    }

    /// Goes on with it: some `budget` voxels are looked at; whether more is to do.
    #[wasm_bindgen(js_name = stepEditor)]
    pub fn step_editor(&mut self, budget: u32) -> Result<bool, JsValue> {
        self.desk()?.step_editor(u64::from(budget)).map_err(|e| refused(&e))
    }

    /// Gives up long work that could not be gone on with: labels are as they were before it.
    #[wasm_bindgen(js_name = giveUpWork)]
    pub fn give_up_work(&mut self) {
        if let Some(desk) = &mut self.desk {
            desk.give_up_work();
        }
    }

    /// Milliseconds from the last stroke to a preview that is exact.
    #[wasm_bindgen(js_name = noteMs)]
    pub fn note_ms(&mut self, ms: f64) -> Result<(), JsValue> {
        let desk = self.desk()?;
        if let Some(session) = desk.session()
            && let Ok(editor) = desk.editor(session)
        {
            editor.note_ms(ms);
        }
        Ok(())
    }

    // ------------------------------------------------------------ measuring, saving, loading

    /// Asks for all images of the session at hand.
    #[wasm_bindgen(js_name = wantSession)]
    pub fn want_session(&mut self) -> Result<(), JsValue> {
        self.desk()?.want_session();
        Ok(())
    }

    /// Whether everything that was asked for is there, or can't be.
    #[wasm_bindgen(js_name = isLoaded)]
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.desk.as_ref().is_none_or(Desk::is_loaded)
    }

    /// Measures the segments of the session at hand; their diameters show in panes from now on.
    pub fn measure(&mut self) -> Result<JsValue, JsValue> {
        let measured = self.desk()?.measure().map_err(|e| refused(&e))?;
        Ok(to_js(&measured))
    }

    /// Labels as files, or as one for a download: an array of `{ path, bytes }`.
    pub fn save(&mut self, how: JsValue, as_one: bool) -> Result<Array, JsValue> {
        let how: Leave = read(how)?;
        let desk = self.desk()?;
        let made = if as_one { desk.save_as_one(how).map(Vec::from_iter) } else { desk.save(how) };
        let files = made.map_err(|e| refused(&e))?;
        Ok(files
            .into_iter()
            .map(|file| {
                let one = Object::new();
                set(&one, "path", &JsValue::from_str(&file.path));
                // A copy: what is posted to the page must not lie over shared memory.
                set(&one, "bytes", &Uint8Array::new_from_slice(&file.bytes).buffer().into());
                JsValue::from(one)
            })
            .collect())
    }

    /// Takes labels made elsewhere, on the grid of the session at hand, as a draft.
    #[wasm_bindgen(js_name = loadLabels)]
    pub fn load_labels(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        self.desk()?.load_labels(bytes, None).map_err(|e| refused(&e))
    }

    /// A reader of labels that this rater saved for a session; none where there are none.
    #[wasm_bindgen(js_name = savedLabels)]
    pub fn saved_labels(&mut self, session: usize) -> Result<Option<SavedLabels>, JsValue> {
        let desk = self.desk()?;
        let Some((image, table)) = desk.saved_labels(session) else { return Ok(None) };
        let readers: Result<Vec<ByteReader>, _> = [Some(image), table]
            .into_iter()
            .flatten()
            .filter_map(|entry| desk.entries().get(entry))
            .map(|entry| ByteReader::new(&entry.place))
            .collect();
        let readers = readers.map_err(|e| refused(&AnnotateError::from(e)))?;
        Ok(Some(SavedLabels { readers, at: 0, contents: Vec::new() }))
    }

    /// Takes up what such a reader has read.
    #[wasm_bindgen(js_name = takeSaved)]
    pub fn take_saved(&mut self, session: usize, saved: &SavedLabels) -> Result<(), JsValue> {
        let table = saved.contents.get(1).map(|bytes| String::from_utf8_lossy(bytes));
        let image = saved.contents.first().map(Vec::as_slice).unwrap_or_default();
        self.desk()?.load_labels_of(session, image, table.as_deref()).map_err(|e| refused(&e))
    }
}

/// A file of the data set, being read.
#[wasm_bindgen(js_name = FileReader)]
pub struct FileReader {
    reader: ByteReader,
    left: u64,
}

impl std::fmt::Debug for FileReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileReader").finish_non_exhaustive()
    }
}

#[wasm_bindgen(js_class = FileReader)]
impl FileReader {
    /// The range wanted next; empty at the end.
    pub fn need(&mut self) -> Float64Array {
        flat(self.reader.need().filter(|_| self.left > 0).as_slice())
    }

    /// Takes its bytes; gives the content that they hold.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<u8>, JsValue> {
        let mut content = self.reader.feed(bytes.to_vec()).map_err(|e| refused(&AnnotateError::from(e)))?;
        content.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= content.len() as u64;
        Ok(content)
    }
}

/// Labels of a data set, being read: an image, and its table where there is one.
#[wasm_bindgen(js_name = SavedLabels)]
pub struct SavedLabels {
    readers: Vec<ByteReader>,
    at: usize,
    contents: Vec<Vec<u8>>,
}

impl std::fmt::Debug for SavedLabels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SavedLabels").finish_non_exhaustive()
    }
}

#[wasm_bindgen(js_class = SavedLabels)]
impl SavedLabels {
    /// The range wanted next; empty at the end.
    pub fn need(&mut self) -> Float64Array {
        while let Some(reader) = self.readers.get_mut(self.at) {
            if self.contents.len() <= self.at {
                self.contents.push(Vec::new());
            }
            if let Some(need) = reader.need() {
                return flat(&[need]);
            }
            self.at += 1;
        }
        flat(&[])
    }

    /// Takes its bytes.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        if let (Some(reader), Some(content)) = (self.readers.get_mut(self.at), self.contents.get_mut(self.at))
        {
            let more = reader.feed(bytes.to_vec()).map_err(|e| refused(&AnnotateError::from(e)))?;
            content.extend(more);
        }
        Ok(())
    }
}
