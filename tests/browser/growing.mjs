/**
 * GrowCut's side of the engine, spoken to in the page as the annotator speaks to it: a worker of its own,
 * the messages of `www/src/engine/protocol.ts`, volumes from files of this machine.
 */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { ROOT, judge } from "./harness.mjs";

/** A phantom in `folder`, as `tests/judges/growcut_volumes.py` makes it. */
export function makeVolume(folder, size, noise) {
  const script = path.join(ROOT, "tests/judges/growcut_volumes.py");
  execFileSync(judge("python"), ["-B", script, folder, ...size.map(String), String(noise)]);
  return { image: path.join(folder, "image.nii.gz"), seeds: path.join(folder, "seeds.nii.gz"), truth: path.join(folder, "truth.nii.gz"), size };
}

/** The voxels of a NIfTI-1 file, as bytes. */
export function voxelsOf(file) {
  const bytes = gunzipSync(readFileSync(file));
  return bytes.subarray(bytes.readFloatLE(108));
}

/**
 * Seeds as a person leaves them who goes through every fifth slice: short lines, two voxels away from any
 * border, on a grid of 24 voxels.
 */
export function scribbled(truth, seeds, [nx, ny, nz]) {
  const out = Buffer.from(seeds);
  for (let z = 0; z < nz; z += 5) {
    for (let y = 0; y < ny; y += 1) {
      for (let x = 0; x < nx; x += 1) {
        if ((y % 24 !== 12 && x % 24 !== 12) || ((x >> 3) + (y >> 3) + z) % 2 !== 0) continue;
        const label = truth[(z * ny + y) * nx + x];
        let clear = true;
        for (let v = Math.max(0, y - 2); v <= Math.min(ny - 1, y + 2); v += 1) {
          for (let u = Math.max(0, x - 2); u <= Math.min(nx - 1, x + 2); u += 1) clear &&= truth[(z * ny + v) * nx + u] === label;
        }
        if (clear) out[(z * ny + y) * nx + x] = label;
      }
    }
  }
  return out;
}

/** Opens the line to an engine of its own; `window.grow.ask(call, with)` afterwards. */
export async function openLine(page) {
  return page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const worker = new Worker(new URL("./engine-worker.js", location.href), { type: "module" });
        const waiting = new Map();
        const told = [];
        let next = 1;
        worker.addEventListener("error", () => reject(new Error("the engine did not start")));
        worker.addEventListener("message", ({ data }) => {
          if (data.kind === "ready") resolve(data.seen);
          else if (data.kind === "lost") reject(new Error("the engine is lost"));
          else if (data.kind === "grow") told.push(data.fraction);
          else if (data.kind === "answer") {
            const { good, bad } = waiting.get(data.id);
            if (data.ok) good(data.value);
            else bad(new Error(`${data.trouble.cause}: ${data.trouble.text}`));
          }
        });
        window.grow = {
          told,
          ask: (call, what = null) =>
            new Promise((good, bad) => {
              waiting.set(next, { good, bad });
              worker.postMessage({ kind: "ask", id: next++, call, with: what });
            }),
        };
      }),
  );
}

/** Gives a volume to the page; `window.grow.volume(locality, strict)` is then the question `growBegin`. */
export async function giveVolume(page, { image, seeds, size }, painted = voxelsOf(seeds)) {
  await page.evaluate(() => {
    document.querySelector("#grow-in")?.remove();
    const input = Object.assign(document.createElement("input"), { type: "file", id: "grow-in", multiple: true });
    document.body.append(input);
  });
  await page.setInputFiles("#grow-in", [
    { name: "image", mimeType: "application/octet-stream", buffer: voxelsOf(image) },
    { name: "seeds", mimeType: "application/octet-stream", buffer: painted },
  ]);
  await page.evaluate(async (dims) => {
    const [voxels, seeds] = await Promise.all([...document.querySelector("#grow-in").files].map((f) => f.arrayBuffer()));
    window.grow.dims = dims;
    window.grow.seeds = new Uint8Array(seeds);
    window.grow.whole = { low: [0, 0, 0], high: dims };
    window.grow.volume = (locality, strict = false) => ({
      dims,
      affine: [0.8, 0, 0, 0, 0, 0.8, 0, 0, 0, 0, 2.5, 0],
      channels: [{ type: "i16", voxels }],
      seeds: window.grow.seeds.buffer.slice(0),
      mask: null,
      options: { region: "whole", locality, strict },
    });
    /** A ball of seeds of one label, 0 to erase, as a stroke; the seeds as they were come back. */
    window.grow.ball = async ([x, y, z], radius, label) => {
      const low = [x, y, z].map((c, a) => Math.max(0, c - Math.floor(radius / (a === 2 ? 3 : 1))));
      const high = [x, y, z].map((c, a) => Math.min(dims[a], c + Math.floor(radius / (a === 2 ? 3 : 1)) + 1));
      const n = high.map((h, a) => h - low[a]);
      const [before, now] = [new Uint8Array(n[0] * n[1] * n[2]), new Uint8Array(n[0] * n[1] * n[2])];
      let at = 0;
      for (let k = low[2]; k < high[2]; k += 1) {
        for (let j = low[1]; j < high[1]; j += 1) {
          for (let i = low[0]; i < high[0]; i += 1, at += 1) {
            const place = (k * dims[1] + j) * dims[0] + i;
            before[at] = window.grow.seeds[place];
            const inside = (i - x) ** 2 + (j - y) ** 2 + (3 * (k - z)) ** 2 <= radius ** 2;
            now[at] = inside ? label : before[at];
          }
        }
      }
      return { box: { low, high }, before, now };
    };
    window.grow.stroke = async (box, seeds) => {
      const began = performance.now();
      await window.grow.ask("growStroke", { box, seeds: seeds.buffer.slice(0) });
      const out = await window.grow.ask("grow");
      const ms = performance.now() - began;
      let at = 0;
      for (let k = box.low[2]; k < box.high[2]; k += 1) {
        for (let j = box.low[1]; j < box.high[1]; j += 1) {
          const place = (k * dims[1] + j) * dims[0];
          for (let i = box.low[0]; i < box.high[0]; i += 1, at += 1) window.grow.seeds[place + i] = seeds[at];
        }
      }
      return { ms, ...out };
    };
    window.grow.hash = async () => {
      const digest = await crypto.subtle.digest("SHA-256", await window.grow.ask("growLabels", window.grow.whole));
      return [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, "0")).join("");
    };
  }, size);
}
