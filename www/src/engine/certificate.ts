/**
 * The certificate's sentences for the report, read from the certificate that was written into the
 * archive: what the screen says and what travels is one and the same.
 */

/** Of the images, and of the DICOM objects; runs that add to a data set number theirs. */
const NAME = /^provenance\/deidentification(_dicom)?(_run-\d+)?\.json$/;

/** Which certificate a file of the archive is. */
export function certificateOf(path: string): "images" | "dicom" | null {
  const found = NAME.exec(path);
  return found ? (found[1] ? "dicom" : "images") : null;
}

/** As `provenance/deidentification.json` has it (schema `hepatica-deidentification/1`), as far as it is shown. */
export interface Certificate {
  statement?: string;
  profile?: Coded;
  edition?: string;
  options?: Coded[];
  policy?: { name?: string; locked?: boolean };
  project_key?: string;
  subjects?: number;
  objects?: number;
  actions?: Record<string, number>;
  elements?: Record<string, { tag: string; keyword: string; count: number }[]>;
  private_elements_removed?: number;
  unknown_elements_removed?: number;
  searched?: { values?: Record<string, number>; spellings?: number; entries?: number; stopped?: number; forms?: string[] };
  /** Counts by reason, for images under `values`. */
  by_position?: { values?: Record<string, number> } & Record<string, unknown>;
  retained?: { what: string; why: string }[];
  not_checked?: string[];
}

interface Coded {
  code: string;
  meaning: string;
}

export function parsed(bytes: Uint8Array): Certificate | null {
  return JSON.parse(new TextDecoder().decode(bytes)) as Certificate | null;
}

const count = (n: number): string => new Intl.NumberFormat("en").format(n);

export function sentencesOf(certificate: Certificate | null): string[] {
  if (!certificate) return [];
  const { searched } = certificate;
  const values = Object.values(searched?.values ?? {}).reduce((sum, n) => sum + n, 0);
  const sentences = [certificate.statement ?? ""];
  if (searched) {
    sentences.push(
      `${count(values)} values of the headers, in ${count(searched.spellings ?? 0)} spellings, were searched for in ${count(searched.entries ?? 0)} entries.`,
    );
    if (searched.stopped) sentences.push(`${count(searched.stopped)} entries were not written, because one was found in them.`);
  }
  return [...sentences, ...(certificate.not_checked ?? []).map((what) => `Not checked: ${what}`)].filter(Boolean);
}
