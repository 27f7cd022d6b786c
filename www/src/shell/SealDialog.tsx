/** The evidence behind the seal: what was tried in page and worker, and what runs here. */

import { useEffect, useRef } from "preact/hooks";
import type { Evidence } from "./probes";
import { seal, sealDialogOpen } from "./seal";
import { clock } from "./SealPill";

const HEADLINES = {
  testing: "Testing the seal",
  sealed: "Sealed: nothing leaves this tab",
  unsealed: "Not sealed: no source can be opened",
  "insecure-origin": "Not sealed: this address is not secure",
} as const;

const GIB = 2 ** 30;

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? "not known" : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function SealDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = sealDialogOpen.value;
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) dialog.current.close();
  }, [open]);
  const state = seal.value;
  const facts: [string, string][] = [
    ["Build", state.buildHash],
    ["Isolated from other sites", state.isolated ? "yes" : "no"],
    ["Engine", state.flavour === "threads" ? "threads, shared memory, SIMD" : "one thread, SIMD"],
    ["Threads that answered", state.threads === undefined ? "engine not loaded yet" : String(state.threads)],
    ["Memory of the engine", state.memoryMaximum === undefined ? "engine not loaded yet" : `${megabytes(state.memoryBytes)} of at most ${state.memoryMaximum / GIB} GiB`],
    ["Kept on disk by the browser", `${megabytes(state.storageBytes)}: the page itself, nothing identified`],
    ["Works without network", state.offlineReady ? "yes, every file of the page is kept" : "not yet"],
    ["Last request to the network", state.noRequestSince ? `none since ${clock(state.noRequestSince)}` : "not known"],
  ];
  return (
    <dialog ref={dialog} class="seal-dialog" aria-labelledby="seal-headline" onClose={() => (sealDialogOpen.value = false)}>
      <header>
        <span class={`seal-pill ${state.status}`} aria-hidden="true"><span class="seal-dot" /></span>
        <h2 id="seal-headline">{HEADLINES[state.status]}</h2>
        <form method="dialog"><button type="submit" aria-label="Close">✕</button></form>
      </header>
      {state.remedy && <p class="seal-remedy">{state.remedy}</p>}
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
        ))}
      </dl>
      {state.evidence.length > 0 && <Table evidence={state.evidence} />}
      <p class="seal-note">
        When this page opened it tried each way out, in the page and in a worker, and saw the browser refuse it. What was
        tried carried nothing. You can see for yourself: pull the network cable, and reload.
      </p>
    </dialog>
  );
}

function Table({ evidence }: { evidence: readonly Evidence[] }) {
  const names = [...new Set(evidence.map((line) => line.name))];
  const cell = (name: string, where: Evidence["where"]) => {
    const line = evidence.find((line) => line.name === name && line.where === where);
    return line ? <td class={line.ok ? "ok" : "bad"}>{line.ok ? "✓" : "✗"} {line.detail}</td> : <td>–</td>;
  };
  return (
    <table>
      <thead><tr><th scope="col">Tried</th><th scope="col">in the page</th><th scope="col">in a worker</th></tr></thead>
      <tbody>
        {names.map((name) => (
          <tr key={name}><th scope="row">{name}</th>{cell(name, "page")}{cell(name, "worker")}</tr>
        ))}
      </tbody>
    </table>
  );
}
