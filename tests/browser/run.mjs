/**
 * Runs the browser tests: every `*.test.mjs` of this folder, one test after another.
 *
 *     node tests/browser/run.mjs [words of a test's name]
 *
 * `cargo xtask test` calls it, after building dist/. A line a test; the last line is
 * `result: N passed; N failed; N skipped`, which xtask counts.
 */

import { mkdir, readdir, rm } from "node:fs/promises";
import { RESULTS, closeAll, shown, tests } from "./harness.mjs";

const wanted = process.argv.slice(2).join(" ").toLowerCase();
await rm(RESULTS, { recursive: true, force: true });
await mkdir(RESULTS, { recursive: true });

const folder = new URL(".", import.meta.url);
for (const name of (await readdir(folder)).sort()) {
  if (name.endsWith(".test.mjs")) await import(new URL(name, folder).href);
}

const count = { passed: 0, failed: 0, skipped: 0 };
for (const { name, run, patience } of tests) {
  if (!name.toLowerCase().includes(wanted)) continue;
  const start = Date.now();
  const took = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${patience / 1000} s`)), patience);
  });
  try {
    const outcome = await Promise.race([run(), late]);
    if (outcome?.skipped) {
      count.skipped += 1;
      console.log(`skipped  ${name}: ${outcome.skipped}`);
    } else {
      count.passed += 1;
      console.log(`ok       ${name} (${took()})`);
    }
  } catch (reason) {
    count.failed += 1;
    console.log(`FAILED   ${name} (${took()})\n${String(reason?.stack ?? reason).replace(/^/gm, "         ")}`);
    for (const text of await shown()) console.log(`         shown: ${text}`);
  } finally {
    clearTimeout(timer);
    await closeAll();
  }
}
console.log(`result: ${count.passed} passed; ${count.failed} failed; ${count.skipped} skipped`);
process.exit(count.failed === 0 ? 0 : 1);
