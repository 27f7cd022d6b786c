/**
 * Takes WebRTC away from the page: the one way out that no directive of the policy governs.
 * The first import of the first script, so that nothing runs before it.
 */

for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "mozRTCPeerConnection"]) {
  if (name in globalThis) {
    Object.defineProperty(globalThis, name, { value: undefined, writable: false, configurable: false });
  }
}

export {};
