/**
 * The certificate's sentences for the report, read from the certificate that was written into the
 * archive: what the screen says and what travels is one and the same.
 */

export const CERTIFICATE = "provenance/deidentification.json";

/** As `provenance/deidentification.json` has it (schema `hepatica-deidentification/1`), as far as it is shown. */
interface Certificate {
  statement?: string;
  searched?: { values?: Record<string, number>; spellings?: number; entries?: number; stopped?: number };
  not_checked?: string[];
}

const count = (n: number): string => new Intl.NumberFormat("en").format(n);

export function sentencesOf(bytes: Uint8Array): string[] {
  const certificate = JSON.parse(new TextDecoder().decode(bytes)) as Certificate | null;
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
