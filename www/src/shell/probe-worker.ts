/** The self-test in a worker: started by the page, answers with its evidence, and is ended. */

import { probe } from "./probes";

addEventListener("message", ({ data }: MessageEvent<{ ownOrigin: boolean }>) => {
  void probe("worker", data.ownOrigin).then((evidence) => postMessage(evidence));
});
