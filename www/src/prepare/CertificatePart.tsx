/** The certificate in the report: what travels with the archive, read from what was written into it. */
import type { Certificate } from "../engine/certificate";
import type { ReportView } from "../engine/protocol";
import { count, counted } from "./format";

export function CertificatePart({ report }: { report: ReportView }) {
  const { certificate, dicomCertificate, check } = report;
  if (!certificate) return null;
  return (
    <section class="report__part" aria-label="Certificate">
      <h2 class="side__title">Checked against the source: the certificate</h2>
      <ul class="checks">
        {check.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <Whole certificate={certificate} title="Images, sidecars and tables" />
      {dicomCertificate && <Whole certificate={dicomCertificate} title="DICOM objects" />}
      <p class="side__say quiet">
        The archive has all of it as a page for people, <code>provenance/deidentification.html</code>, and as JSON beside it.
      </p>
    </section>
  );
}

function Whole({ certificate, title }: { certificate: Certificate; title: string }) {
  const options = (certificate.options ?? []).map(({ meaning, code }) => `${meaning} (${code})`);
  const { policy, searched } = certificate;
  const kinds = Object.entries(searched?.values ?? {});
  return (
    <details class="certificate">
      <summary class="tally__sum">
        {title}
        <span class="quiet"> · what was done, searched, kept and not checked</span>
      </summary>
      <div class="certificate__box">
        <dl class="facts">
          <Fact name="Profile" value={certificate.profile ? `${certificate.profile.meaning} (${certificate.profile.code})` : ""} />
          <Fact name="Edition" value={certificate.edition ?? ""} />
          <Fact name="Options" value={options.join("; ") || "none"} />
          <Fact name="Policy" value={[policy?.name, policy?.locked ? "locked" : ""].filter(Boolean).join(", ")} />
          <Fact name="Project key" value={certificate.project_key ? `fingerprint ${certificate.project_key}` : ""} />
          <Fact name="Searched for" value={kinds.map(([kind, n]) => `${count(n)} ${KINDS[kind] ?? kind}`).join(", ")} />
          <Fact name="Proved by position" value={positions(certificate)} />
        </dl>
        <h3 class="certificate__head">What was done, by element</h3>
        {Object.entries(certificate.elements ?? {}).map(([action, rows]) => (
          <details key={action} class="certificate__action">
            <summary>
              {action}: {counted(certificate.actions?.[action] ?? 0, "value")} of {counted(rows.length, "attribute")}
            </summary>
            <table class="inspect certificate__table">
              <thead>
                <tr>
                  <th scope="col">Element</th>
                  <th scope="col">Name</th>
                  <th scope="col">How often</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.tag}>
                    <th scope="row">{row.tag}</th>
                    <td>{row.keyword}</td>
                    <td>{count(row.count)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        ))}
        <p class="side__say quiet">
          Besides, {counted(certificate.private_elements_removed ?? 0, "private element")} and{" "}
          {count(certificate.unknown_elements_removed ?? 0)} that the standard does not know were removed.
        </p>
        <h3 class="certificate__head">Kept, and why</h3>
        <dl class="facts">
          {(certificate.retained ?? []).map(({ what, why }) => (
            <Fact key={what} name={what} value={why} />
          ))}
        </dl>
      </div>
    </details>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  if (value === "") return null;
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Counts by reason; the certificate of images has them one step deeper. */
function positions({ by_position: found }: Certificate): string {
  const counts = Object.entries(found?.values ?? found ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === "number");
  return counts.map(([why, n]) => `${count(n)} ${WHY[why] ?? why}`).join(", ");
}

const KINDS: Record<string, string> = {
  name: "whole names",
  name_part: "parts of names",
  identifier: "identifiers",
  uid: "UIDs",
  date: "dates",
  time: "times of day",
  text: "texts",
  token: "codes within texts",
  path: "folders’ names",
};

const WHY: Record<string, string> = { short: "too short", common: "too common", coded: "coded" };
