/** What page and service worker say to each other, over a port that comes with each question. */

/** `status`: what is served. `update`: serve your own build from now on. */
export type Question = "status" | "update";

export interface Status {
  /** The build that this service worker belongs to. */
  readonly build: string;
  /** The build that is served. */
  readonly chosen: string | undefined;
  /** Files of it that are kept for working offline. */
  readonly kept: number;
  /** When the service worker last asked the network for a file, in ms since 1970; 0 for never. */
  readonly lastRequest: number;
}

export interface Updated {
  readonly updated: boolean;
  /** Tabs that still work with the old build, and stand in the way. */
  readonly otherTabs: number;
}

export type Answer = Status | Updated;
