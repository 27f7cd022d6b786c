/** What must be said about the seal without being asked: what to do where there is none, and that a new version waits. */

import { seal, takeUpdate } from "./seal";

export function SealNotices() {
  const { status, remedy, updateReady, otherTabs } = seal.value;
  const broken = status === "unsealed" || status === "insecure-origin";
  return (
    <>
      {broken && (
        <div class="seal-notice bad" role="alert">
          <strong>Not sealed: no source can be opened here.</strong> <span>{remedy}</span>
        </div>
      )}
      {updateReady && (
        <div class="seal-notice" role="status">
          <span>
            <strong>A new version is ready.</strong> This tab goes on with the one it has until you say so.
            {otherTabs > 0 && ` Close the other ${otherTabs === 1 ? "tab" : `${otherTabs} tabs`} of Hepatica first.`}
          </span>
          <button type="button" onClick={() => void takeUpdate()}>Reload with the new version</button>
        </div>
      )}
    </>
  );
}
