/** The demo study: phantom files made in the tab, which then are sources like any other. */
import type { Engine } from "./load";
import { type IncomingFile, type IntakeProgress, NOTHING_READ } from "./protocol";
import { Beat, breath } from "./steps";

/** The same study on every machine. */
const SEED = 7;
/** Half the resolution of a real study: made in seconds, a quarter of the bytes of each image. */
const SCALE = 0.5;

/** Hands out batches until all files are made, or `take` says no. */
export async function readDemo(
  engine: Engine,
  patients: number,
  take: (files: IncomingFile[], progress: IntakeProgress) => boolean,
): Promise<void> {
  const demo = new engine.Demo(patients, SEED, SCALE);
  try {
    const beat = new Beat(100);
    const count = demo.count();
    let batch: IncomingFile[] = [];
    for (let index = 0; index < count; index += 1) {
      batch.push({ path: demo.path(index), file: new Blob([demo.file(index) as Uint8Array<ArrayBuffer>]) });
      if (!beat.due() && index + 1 < count) continue;
      const progress = { ...NOTHING_READ, filesTotal: index + 1 };
      if (!take(batch, progress)) return;
      batch = [];
      await breath();
    }
  } finally {
    demo.free();
  }
}
