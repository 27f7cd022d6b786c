/** `?`: hands and keys, made from the bindings themselves. */
import { Dialog } from "../prepare/Dialog";
import { Tick } from "./fields";
import { helpRows } from "./keys";
import * as state from "./state";

export function Help() {
  return (
    <Dialog
      wide
      title="Hands and keys"
      close={() => {
        state.keysShown.value = false;
      }}
    >
      <div class="help">
        {helpRows().map(({ group, rows }) => (
          <section key={group} class="help__group" aria-label={group}>
            <h3 class="panel__title">{group}</h3>
            <dl class="keys">
              {rows.map((row) => (
                <div key={row.shown + row.does} class="keys__row">
                  <dt>
                    <kbd>{row.shown}</kbd>
                  </dt>
                  <dd>{row.does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <Tick label="Single letters, digits and signs act (off: for speech input, or keys that are hit by accident)" on={state.letterKeys.value.value} set={state.letterKeys.set} />
      <p class="quiet">Keys act while a pane has the focus: click it, or Tab to it. Elsewhere they are the browser’s; Ctrl+Z works in the whole room.</p>
    </Dialog>
  );
}
