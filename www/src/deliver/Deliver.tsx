/** Where labels and measurements will be handed on. It says what is coming and offers nothing that is not there. */

const ROWS = ["Volume, ml", "RECIST 1.1, longest in plane", "mRECIST, arterial", "Mean ± SD in every phase", "Time spent"];

export function Deliver({ prepare }: { prepare: () => void }) {
  return (
    <main class="coming" aria-label="Deliver">
      <div class="coming__sheet" aria-hidden="true">
        {ROWS.map((row) => (
          <div key={row} class="coming__row">
            <span>{row}</span>
            <span class="coming__blank" />
            <span class="coming__blank" />
          </div>
        ))}
      </div>
      <div class="coming__card">
        <h1 class="coming__title">Deliver is coming</h1>
        <p class="coming__text">
          Measurements for each lesion, labels as NIfTI and DICOM SEG, training manifests, and the comparison of two raters
          will be made here, once there is something to measure.
        </p>
        <p class="coming__text">
          The de-identified data set itself comes out of Prepare: <strong>Export data set</strong>.
        </p>
        <button type="button" class="button" onClick={prepare}>
          Go to Prepare
        </button>
      </div>
    </main>
  );
}
