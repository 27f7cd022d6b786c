/** The page's first script: takes WebRTC away, starts the seal, shows the app. */

import "./shell/close";
import "./styles/main.css";
import "./styles/seal.css";
import { render } from "preact";
import { App } from "./app";
import { startSeal } from "./shell/seal";
import { SealDialog } from "./shell/SealDialog";
import { SealNotices } from "./shell/SealNotices";

const root = document.getElementById("app");
if (root) {
  render(
    <>
      <SealNotices />
      <App />
      <SealDialog />
    </>,
    root,
  );
}
void startSeal();
