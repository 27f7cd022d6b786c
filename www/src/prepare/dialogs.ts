/** What dialogs have open, in one place: so that all can be closed when identified data is cleared. */

const closers = new Set<() => void>();

/** Registers how a dialog's content is dropped. */
export function onForget(close: () => void): void {
  closers.add(close);
}

export function forgetDialogs(): void {
  for (const close of closers) close();
}
