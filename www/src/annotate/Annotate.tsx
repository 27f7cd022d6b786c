/** Where cases will be hung and labelled. It says what is coming and offers nothing that is not there. */

const PANES = ["T1 pre", "late arterial", "portal venous", "delayed"];

export function Annotate({ prepare }: { prepare: () => void }) {
  return (
    <main class="coming" aria-label="Annotate">
      <div class="coming__stage" aria-hidden="true">
        {["before treatment", "after treatment"].map((row) =>
          PANES.map((pane) => (
            <div key={row + pane} class="coming__pane">
              <span class="coming__role">{pane}</span>
              <span class="coming__when">{row}</span>
            </div>
          )),
        )}
      </div>
      <div class="coming__card">
        <h1 class="coming__title">Annotate is coming</h1>
        <p class="coming__text">
          Each case will open here in fixed panes, by the roles that you confirm in Prepare. Labels will grow from a few
          strokes, and every edit will be kept as it happens.
        </p>
        <p class="coming__text">
          What you export today is ready for it: <code>provenance/hanging.json</code> holds the roles and their order.
        </p>
        <button type="button" class="button" onClick={prepare}>
          Go to Prepare
        </button>
      </div>
    </main>
  );
}
