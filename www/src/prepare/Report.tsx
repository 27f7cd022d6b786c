/** What became of every file, and what can be done next. */
import type { ReportLine, ReportView } from "../engine/protocol";
import { leaveReport } from "../export/run";
import { saveBytes } from "../export/save";
import { TallyFiles } from "./FilesDialog";
import { bytes, count, counted, seconds } from "./format";
import { Icon } from "./Icon";
import { problemOf } from "./problems";
import { CertificatePart } from "./CertificatePart";
import { saveIdMap, saveKey, saveLinkingTable, saveUidMap } from "./secrets";
import * as state from "./state";

export function Report({ annotate }: { annotate: () => void }) {
  const phase = state.phase.value;
  const plan = state.plan.value;
  if (phase.kind !== "report" || !plan) return null;
  const { report, download } = phase;
  const failed = report.lines.filter((l) => l.outcome === "failed").reduce((sum, l) => sum + l.count, 0);
  const warn = failed > 0 || report.refused.length > 0 || !report.complete;
  return (
    <main class="report" aria-label="Prepare">
      <div class="report__box">
        <header class="report__head">
          <span class={warn ? "report__mark report__mark--warn" : "report__mark"} aria-hidden="true">
            <Icon name={warn ? "warn" : "check"} size={20} />
          </span>
          <div>
            <h1 class="report__title">
              {titleOf(report)}
            </h1>
            <p class="report__sum">{sentence(report)}</p>
            <p class="quiet">
              {bytes(report.bytesOut)} in {seconds(report.seconds)}
              {download && (
                <>
                  {" · "}
                  <a class="link" href={download.url} download={download.name}>
                    Save the zip again
                  </a>
                </>
              )}
            </p>
          </div>
        </header>

        <section class="report__part" aria-label="Outcome of every file">
          <h2 class="side__title">Every file</h2>
          {report.lines.map((line) => (
            <div key={line.id} class={`outcome outcome--${line.outcome}`}>
              <TallyFiles tally={{ ...line, label: labelOf(line) }} open={false} />
            </div>
          ))}
          <p class="side__say quiet">
            File names are shown on this screen only. The report in the archive counts by ordinals.
          </p>
        </section>

        {report.refused.length > 0 && (
          <section class="report__part" aria-label="Stopped by the check">
            <h2 class="side__title">Stopped by the check, and not written</h2>
            <ul class="checks">
              {report.refused.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          </section>
        )}

        {report.dicom.length > 0 && (
          <section class="report__part" aria-label="De-identified DICOM">
            <h2 class="side__title">De-identified DICOM</h2>
            {report.dicom.map(({ outcome, label, count: n }) => (
              <div key={`${outcome}${label}`} class={`outcome outcome--${outcome === "written" ? "converted" : outcome}`}>
                <p class="tally__sum">
                  <span class="tally__n">{count(n)}</span> {label ? `${outcome}: ${label}` : `${n === 1 ? "object" : "objects"} written to dicom/`}
                </p>
              </div>
            ))}
          </section>
        )}

        <CertificatePart report={report} />

        {plan.key === "new" && (
          <p class="report__hint">
            <Icon name="warn" />
            <span>
              The project key is not saved. Without it, next year’s images of these patients get other codes.{" "}
              <button type="button" class="link" onClick={saveKey}>
                Save key…
              </button>
            </span>
          </p>
        )}

        <footer class="report__end">
          <button type="button" class="button" onClick={() => void saveReport()}>
            Save report
          </button>
          <button type="button" class="button" onClick={saveLinkingTable}>
            Save linking table
          </button>
          <button type="button" class="button" onClick={saveIdMap}>
            Save mapping of IDs
          </button>
          {report.dicom.some(({ outcome }) => outcome === "written") && (
            <button type="button" class="button" onClick={saveUidMap}>
              Save mapping of UIDs
            </button>
          )}
          <button type="button" class="button" onClick={() => void leaveReport()}>
            Back to the plan
          </button>
          <span class="grow" />
          <button type="button" class="button button--main" disabled={report.bytesOut === 0} onClick={annotate}>
            Annotate now
          </button>
        </footer>
      </div>
    </main>
  );
}

function titleOf(report: ReportView): string {
  if (report.bytesOut === 0) return "Nothing was written";
  if (!report.complete) return "Stopped: the complete volumes are kept";
  return report.refused.length > 0 ? "Written, but for what the check stopped" : "The data set is written";
}

/** *1,204 files: 1,180 in 42 volumes, 20 skipped (scout images), 4 failed (truncated)*. */
function sentence(report: ReportView): string {
  const parts = (["converted", "skipped", "failed"] as const).flatMap((outcome) => {
    const lines = report.lines.filter((l) => l.outcome === outcome && l.count > 0);
    const n = lines.reduce((sum, l) => sum + l.count, 0);
    if (n === 0) return [];
    if (outcome === "converted") return [`${count(n)} in ${counted(report.volumes, "volume")}`];
    const each = lines.map((l) => (lines.length > 1 ? `${count(l.count)} ${l.label}` : l.label));
    return [`${count(n)} ${outcome} (${each.join(", ")})`];
  });
  return `${counted(report.files, "file")}: ${parts.join(", ")}`;
}

function labelOf(line: ReportLine): string {
  const what = line.label ? `${line.outcome}: ${line.label}` : line.outcome;
  return line.detail ? `${what} · ${line.detail}` : what;
}

async function saveReport(): Promise<void> {
  const engine = state.engine.value;
  if (!engine) return;
  try {
    const saved = await saveBytes(() => engine.ask("report", null), {
      name: "hepatica-report.json",
      description: "Report without identifiers",
      mime: "application/json",
      extension: ".json",
    });
    if (saved) state.announce("Report saved.");
  } catch (thrown) {
    state.problem.value = problemOf(thrown);
  }
}
