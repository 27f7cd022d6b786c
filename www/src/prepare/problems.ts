/**
 * From a cause to what a person can do about it. The sentences say what happened and to what, and
 * what to do next; they hold ordinals and counts, never a name, path or number from a header.
 */
import { EngineTrouble } from "../engine/client";

export interface Problem {
  /** Key of the table below; empty where there is none. */
  cause: string;
  title: string;
  text: string;
  next: string;
}

const REMEDIES: Record<string, { title: string; next: string }> = {
  "engine-lost": {
    title: "The engine stopped",
    next: "Nothing was sent or stored. Reload the page and drop the folder again; if it happens again, drop fewer studies at once.",
  },
  "nothing-found": {
    title: "No MRI or CT images in there",
    next: "Choose the folder that holds the DICOM files (often named DICOM or IMAGES), or the zip as the archive delivered it.",
  },
  "nothing-dropped": {
    title: "Nothing readable was dropped",
    next: "Drop a folder, a zip or files from the file manager; text and links from other programs hold no files.",
  },
  "source-unreadable": {
    title: "A source could not be read",
    next: "Is the disc or network drive still there? Drop the folder again; files that can be read are read.",
  },
  memory: {
    title: "Too large for this tab",
    next: "Leave volumes out or drop fewer studies at once. The numbers stand above.",
  },
  passphrase: {
    title: "The passphrase does not open this file",
    next: "Try again, mind capital letters and the keyboard layout. The file was not changed.",
  },
  "not-a-key": {
    title: "This file is not a Hepatica project key",
    next: "Choose the file that Save project key wrote (ends in .hepatica-key).",
  },
  "target-write": {
    title: "The target could not be written",
    next: "Is there room left, and may this page write there? Choose another place and export again; complete volumes that are there are not written twice.",
  },
  "target-denied": {
    title: "The browser did not allow writing there",
    next: "Choose a folder of your own, such as a new one in Documents; browsers refuse system folders.",
  },
  "storage-full": {
    title: "Not enough room for the zip",
    next: "Free some disk space, or export to a folder instead.",
  },
  "to-confirm": {
    title: "Some roles need your confirmation",
    next: "Open each role with a question mark and confirm or change it.",
  },
  "code-taken": {
    title: "This code cannot be used",
    next: "Use letters and digits only, and a code that no other patient of this data set has.",
  },
  "engine-load": {
    title: "The engine could not be loaded",
    next: "Use a current Chrome, Edge, Firefox or Safari, and reload the page.",
  },
  fault: {
    title: "The program erred",
    next: "Nothing of yours was changed. Try again; if it happens again, please report what you did, without any name.",
  },
  busy: {
    title: "An export is running",
    next: "Wait for it to end, or cancel it.",
  },
  "same-name": {
    title: "Two volumes would get one name",
    next: "Give one of them another role, or leave it out.",
  },
  mapping: {
    title: "Codes could not be given",
    next: "The sentence above says what is missing; nothing was changed.",
  },
  "mapping-file": {
    title: "This list of codes cannot be used",
    next: "Correct it in a spreadsheet, save it as CSV with the columns patient_id and subject, and load it again. Nothing was changed.",
  },
  "no-mapping": {
    title: "There is no list of codes yet",
    next: "Load a CSV with the columns patient_id and subject, or a linking table.",
  },
  session: {
    title: "These sessions do not fit",
    next: "Give each day a label of its own, of letters and digits. Nothing was changed.",
  },
  policy: {
    title: "The policy does not allow this",
    next: "Nothing was changed. Whoever answers for the policy can change it.",
  },
  redactions: {
    title: "These decisions cannot be used",
    next: "The sentence above says which; correct the file, or draw the boxes anew. Nothing was changed.",
  },
  "policy-file": {
    title: "This policy file cannot be used",
    next: "The sentence above says where; correct the file and load it again. Nothing was changed.",
  },
  protocol: {
    title: "This hanging protocol cannot be used",
    next: "The sentence above says where it breaks; correct the file and load it again.",
  },
  foreign: {
    title: "This folder holds something else",
    next: "Choose an empty folder, or one with a data set of Hepatica to add to it.",
  },
  later: {
    title: "This data set is from a later version of Hepatica",
    next: "Use that version, or choose an empty folder.",
  },
  "damaged-dataset": {
    title: "The data set in this folder is damaged",
    next: "Restore the file that is named, or choose an empty folder.",
  },
  "no-cases": {
    title: "No images to annotate in there",
    next: "Choose a data set that Hepatica exported (folder or zip), a BIDS folder, or NIfTI files. DICOM is opened in Prepare and exported first.",
  },
  annotator: {
    title: "Cases cannot be opened",
    next: "Reload the page, so that page and engine are of one version.",
  },
  "labels-grid": {
    title: "These labels lie on another grid",
    next: "Open the case that they were drawn on, or resample them to its reference. Nothing was changed.",
  },
  "labels-file": {
    title: "These labels cannot be read",
    next: "Choose a label map as .nii, .nii.gz, .seg.nrrd or DICOM SEG. Nothing was changed.",
  },
  "not-forgotten": {
    title: "Not all that is kept could be removed",
    next: "Close other tabs that have a case open and try again, or clear this site's data in the browser's settings.",
  },
  journal: {
    title: "Strokes are not being kept",
    next: "They are safe only while this tab lives: save the labels soon. Free some disk space, or allow this page to store data, and reload.",
  },
  "journal-full": {
    title: "The browser's storage is full",
    next: "Labels drawn so far are kept. Save the labels, then free disk space or forget what is kept of other cases; the next stroke is kept again as soon as there is room.",
  },
  "labels-other-image": {
    title: "This image is not the one that labels were drawn on",
    next: "If that is a surprise, open the data set that you annotated before: those labels come back with it. Nothing was changed.",
  },
  "edit-stopped": {
    title: "That could not be finished",
    next: "It was given up: labels, history and journal are as they were before it. Try again, or with other settings.",
  },
  rater: {
    title: "This cannot be a rater's code",
    next: "Choose a code that tells nobody who you are. Nothing was changed.",
  },
  study: {
    title: "This study cannot be used here",
    next: "The sentence above says why. Leave the study, correct its file, or open the data set that it was written for.",
  },
  "study-closed": {
    title: "The study has this closed",
    next: "Nothing was changed. Whoever wrote the study laid it down.",
  },
  "journal-taken": {
    title: "This case is open in another tab",
    next: "Go on there, or close that tab and open the case again here. Nothing was changed.",
  },
  "case-read": {
    title: "An image of this case could not be read",
    next: "The other panes work. Is the disc or drive still there? Open the data set again.",
  },
  leak: {
    title: "A known identifier was found in an output",
    next: "That entry was stopped and not written. The report says which element it was; leave the volume out, or tell us.",
  },
};

/** What to show for anything that was thrown. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof EngineTrouble) {
    const remedy = REMEDIES[thrown.why];
    if (remedy) return { cause: thrown.why, title: remedy.title, text: sentence(thrown.message), next: remedy.next };
    return { cause: "", title: "That did not work", text: sentence(thrown.message), next: "Nothing was lost; try again." };
  }
  if (thrown instanceof DOMException) {
    if (thrown.name === "NotAllowedError" || thrown.name === "SecurityError") return known("target-denied");
    if (thrown.name === "QuotaExceededError") return known("storage-full");
    if (thrown.name === "NotReadableError" || thrown.name === "NotFoundError") return known("source-unreadable");
  }
  // A browser's own message may quote a path: it is never shown.
  return { cause: "", title: "That did not work", text: "The browser refused, without a reason it can be told.", next: "Try again; if it stays, reload the page." };
}

/** The core's sentences begin small and end without a stop, as the command line wants them. */
function sentence(text: string): string {
  if (text === "") return "";
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}

/** A problem by its cause, without a sentence of the core. */
export function known(cause: string, text = ""): Problem {
  const remedy = REMEDIES[cause] ?? { title: "That did not work", next: "Try again." };
  return { cause, title: remedy.title, text, next: remedy.next };
}
