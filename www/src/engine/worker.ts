/** The engine's worker: loads the engine and tells the page what was seen. */

import { loadEngine } from "./load";

void loadEngine().then(({ seen }) => postMessage(seen));
