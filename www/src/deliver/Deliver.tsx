/** The room: what was measured in the open case, a part a lesion; labels to save; and what is yet to come. */
import { useEffect } from "preact/hooks";
import type { Measured } from "../engine/annotate-protocol";
import * as actions from "../annotate/actions";
import { clock, millilitres, mm } from "../annotate/format";
import { figure } from "../annotate/overlay";
import { canPickFolder, download, saveAsDownload, saveIntoFolder } from "../annotate/save";
import * as annotating from "../annotate/state";
import { Banner } from "../prepare/Banner";
import { Icon } from "../prepare/Icon";
import { table } from "./table";

export function Deliver({ annotate }: { annotate: () => void }) {
  const view = annotating.view.value;
  return (
    <>
      <Banner />
      <main class="deliver" aria-label="Deliver">
        {view ? <OpenCase annotate={annotate} /> : <NoCase annotate={annotate} />}
        <Later />
      </main>
    </>
  );
}

function NoCase({ annotate }: { annotate: () => void }) {
  return (
    <section class="deliver__none">
      <h1 class="deliver__title">Nothing to deliver yet</h1>
      <p class="deliver__text">
        Measurements and labels come from cases that are open in Annotate. The de-identified data set itself is written by Prepare.
      </p>
      <button type="button" class="button button--main" onClick={annotate}>
        Go to Annotate
      </button>
    </section>
  );
}

function OpenCase({ annotate }: { annotate: () => void }) {
  const view = annotating.view.value;
  const editor = annotating.editor.value;
  const measured = annotating.measured.value;
  useEffect(() => {
    // Of the labels as they are now: they may have changed since the side panel asked.
    void actions.measure();
  }, []);
  const row = annotating.list.value?.cases.find((c) => c.case === view?.case);
  if (!view || !editor) return null;
  const rows = measured?.rows ?? [];
  const nothing = measured !== null && rows.length === 0;
  return (
    <>
      <header class="deliver__head">
        <div>
          <h1 class="deliver__title">{view.subject}</h1>
          <p class="quiet">
            {row ? `${clock(row.seconds)} at work` : ""}
            {row?.unsaved ? " · labels are not saved yet" : ""}
          </p>
        </div>
        <span class="grow" />
        <button type="button" class="button" disabled={rows.length === 0 || annotating.figuresClosed.value} onClick={() => download(`${view.subject}_measurements.tsv`, table(rows, editor.segments), "text/tab-separated-values")}>
          <Icon name="save" /> Save table
        </button>
        <button type="button" class="button" disabled={editor.segments.length === 0} onClick={() => void saveAsDownload("overlay")}>
          Save overlay zip
        </button>
        {canPickFolder() && (
          <button type="button" class="button button--main" disabled={editor.segments.length === 0} onClick={() => void saveIntoFolder("nifti")}>
            Save into the data set
          </button>
        )}
      </header>
      <p class="deliver__use">
        <strong>Research use only.</strong> No response category is computed. Diameters lie in the plane of acquisition.
      </p>
      {annotating.measuring.value && <progress class="bar bar--thin" aria-label="Measuring" />}
      {nothing && (
        <p class="deliver__text">
          Nothing is labelled in this case yet.{" "}
          <button type="button" class="link" onClick={annotate}>
            Back to Annotate
          </button>
        </p>
      )}
      {annotating.figuresClosed.value && <p class="deliver__text">The study shows measures once the case is done.</p>}
      {!annotating.figuresClosed.value && rows.map((one) => (
        <Part key={one.label} row={one} />
      ))}
    </>
  );
}

function Part({ row }: { row: Measured }) {
  const segment = annotating.editor.value?.segments.find((s) => s.label === row.label);
  const unaligned = row.means.some((m) => m.unaligned);
  return (
    <section class="deliver__part" aria-label={row.name}>
      <h2 class="deliver__name">
        <svg class="deliver__swatch" viewBox="0 0 12 12" aria-hidden="true" focusable="false">
          {segment && <rect width="12" height="12" rx="2" fill={`rgb(${segment.colour.join(" ")})`} />}
        </svg>
        {row.name} {segment?.lesion && <span class="quiet">{segment.lesion.id}</span>}
      </h2>
      <dl class="deliver__figures">
        <Figure label="Volume" value={`${millilitres(row.volumeMl)} ml`} />
        <Figure label="RECIST 1.1, longest in plane" value={row.longest ? mm(row.longest.mm) : "–"} says={row.longest ? `slice ${row.longest.slice + 1}` : ""} />
        <Figure label="WHO perpendicular" value={row.perpendicular ? mm(row.perpendicular.mm) : "–"} />
      </dl>
      {row.means.length > 0 && (
        <table class="deliver__table">
          <caption class="unseen">Means of {row.name} in every series</caption>
          <thead>
            <tr>
              <th scope="col">Series</th>
              <th scope="col">Mean ± SD</th>
              <th scope="col">Unit</th>
              <th scope="col">Voxels</th>
              <th scope="col">Alignment</th>
            </tr>
          </thead>
          <tbody>
            {row.means.map((mean) => (
              <tr key={mean.volume}>
                <th scope="row">{mean.title}</th>
                <td>
                  {figure(mean.mean)} ± {figure(mean.sd)}
                </td>
                <td>{mean.unit || "–"}</td>
                <td>{figure(mean.voxels)}</td>
                <td class={mean.unaligned ? "warn" : "quiet"}>{mean.unaligned ? "not aligned" : "shared frame"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {unaligned && <p class="quiet">A shared frame is not alignment: breath-holds differ. What is not aligned with the reference says so.</p>}
    </section>
  );
}

function Figure({ label, value, says = "" }: { label: string; value: string; says?: string }) {
  return (
    <div class="deliver__figure">
      <dt>{label}</dt>
      <dd>
        {value} {says && <span class="quiet deliver__says">{says}</span>}
      </dd>
    </div>
  );
}

function Later() {
  return (
    <aside class="deliver__later" aria-label="Not here yet">
      <h2 class="panel__title">Not here yet</h2>
      <ul>
        <li>
          <strong>Compare raters:</strong> two archives side by side, with Dice, surface distances, ICC and Bland–Altman.
        </li>
        <li>
          <strong>Training exports:</strong> manifests for nnU-Net and MONAI on one grid.
        </li>
        <li>
          <strong>mRECIST:</strong> the arterially enhancing diameter, confirmed by the reader.
        </li>
      </ul>
    </aside>
  );
}
