/**
 * The annotator's side of the engine, spoken to as the page speaks to it: a worker of its own, the
 * messages of `www/src/engine/annotate-protocol.ts`, canvases in a plain grid.
 */

import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import path from "node:path";

/** A phantom study, converted by the command line into a data set's folder. */
export function makeDataSet(folder, scale = "0.25", patients = "2") {
  const program = process.env.HEPATICA_PROGRAM;
  const phantom = path.join(folder, "phantom");
  const quiet = { stdio: "pipe" };
  execFileSync(program, ["phantom", "--out", phantom, "--patients", patients, "--seed", "7", "--scale", scale], quiet);
  const out = path.join(folder, "dataset");
  execFileSync(program, ["convert", path.join(phantom, "dicom"), "--out", out], quiet);
  return out;
}

/** Files below a folder, as a browser hands out a dropped one. */
export function filesBelow(folder, prefix = path.basename(folder)) {
  return readdirSync(folder).sort().flatMap((name) => {
    const at = path.join(folder, name);
    const here = `${prefix}/${name}`;
    return statSync(at).isDirectory() ? filesBelow(at, here) : [{ path: here, at }];
  });
}

/** Opens the line to an engine of its own; `window.cases.ask(call, with)` afterwards. */
export async function openCases(page) {
  await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const worker = new Worker(new URL("./engine-worker.js", location.href), { type: "module" });
        const waiting = new Map();
        const cases = (window.cases = { states: new Map(), volumes: new Map(), times: [], files: [], editor: null });
        let next = 1;
        worker.addEventListener("error", () => reject(new Error("the engine did not start")));
        worker.addEventListener("message", ({ data }) => {
          if (data.kind === "ready") resolve();
          else if (data.kind === "lost") reject(new Error("the engine is lost"));
          else if (data.kind === "volume") {
            cases.volumes.set(data.volume.id, data.volume);
            cases.times.push([performance.now(), data.volume.id, data.volume.state]);
          } else if (data.kind === "editor") cases.editor = data.editor;
          else if (data.kind === "panes") {
            for (const state of data.panes) cases.states.set(state.pane, state);
            cases.drawn = performance.now();
          } else if (data.kind === "answer") {
            const { good, bad } = waiting.get(data.id);
            if (data.ok) good(data.value);
            else bad(new Error(`${data.trouble.cause}: ${data.trouble.text}`));
          }
        });
        cases.ask = (call, what = null, transfer = []) =>
          new Promise((good, bad) => {
            waiting.set(next, { good, bad });
            worker.postMessage({ kind: "ask", id: next++, call, with: what }, transfer);
          });
        /** Panes in a grid over the page. */
        cases.panes = async (rows, columns, width, height) => {
          document.querySelector("#panes")?.remove();
          const grid = Object.assign(document.createElement("div"), { id: "panes" });
          grid.style.cssText = `position:fixed;inset:0;z-index:99;background:#05070a;display:grid;gap:1px;grid-template-columns:repeat(${columns},${width}px)`;
          document.body.append(grid);
          for (let pane = 0; pane < rows * columns; pane += 1) {
            const canvas = document.createElement("canvas");
            canvas.style.cssText = `width:${width}px;height:${height}px`;
            grid.append(canvas);
            const off = canvas.transferControlToOffscreen();
            await cases.ask("paneSize", { pane, width, height });
            await cases.ask("paneCanvas", { pane, canvas: off }, [off]);
          }
        };
        /** Waits until every volume that a pane shows is there, or can't be. */
        cases.settled = async () => {
          for (;;) {
            const wanted = cases.view.panes.map((p) => p.volume).filter((v) => v !== null);
            const known = wanted.map((v) => cases.volumes.get(v)?.state ?? "waiting");
            if (known.every((s) => s === "ready" || s === "failed")) break;
            await new Promise((go) => setTimeout(go, 5));
          }
          await new Promise((go) => setTimeout(go, 100));
        };
      }),
  );
}

/** Gives files to the page, as `window.cases.files`: their paths as dropped, and where they lie on this machine. */
export async function giveFiles(page, files) {
  await page.evaluate(() => {
    document.querySelector("#cases-in")?.remove();
    document.body.append(Object.assign(document.createElement("input"), { type: "file", id: "cases-in", multiple: true }));
  });
  await page.setInputFiles("#cases-in", files.map(({ at }) => at));
  await page.evaluate((paths) => {
    const files = [...document.querySelector("#cases-in").files];
    window.cases.files = paths.map((path, i) => ({ path, file: files[i] }));
  }, files.map(({ path }) => path));
}

/** The pixels of panes as the screen shows them: the red of places, and a sum over each whole pane. */
export async function seenIn(page, wanted) {
  return page.evaluate((wanted) => {
    return wanted.map(({ pane, at }) => {
      const canvas = document.querySelectorAll("#panes canvas")[pane];
      const copy = new OffscreenCanvas(canvas.width, canvas.height);
      const context = copy.getContext("2d");
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, copy.width, copy.height);
      let sum = 0;
      for (let i = 0; i < data.length; i += 4) sum = (sum * 31 + data[i]) % 1_000_000_007;
      const [x, y] = (at ?? [0, 0]).map(Math.floor);
      return { red: data[(y * copy.width + x) * 4], sum, shades: new Set(data).size };
    });
  }, wanted);
}
