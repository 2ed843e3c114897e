/** What `capture.js` puts on the page as `window.Cobrowse`. */
export interface CobrowseApi {
  /** The session that runs on this page, started here or taken over from the page before it; `null` for none. */
  readonly session: Promise<Session | null>;
  /** Loads and compiles the engine, and rehearses a capture while the page is idle, so that the first one is as quick as
   *  the next. Resolves when that is done. Optional: `start` loads the engine too. */
  preload(): Promise<void>;
  /** Starts a session. Rejects with an `Error` whose message says what is missing, or that the customer declined. */
  start(options: StartOptions): Promise<Session>;
}

/** What the agent may do: act, only scroll, nothing. */
export type Mode = 'shared' | 'view' | 'follow';

export interface StartOptions {
  /** The relay's address. Either this or `onFrame` is needed; with both, both get every frame. */
  relay?: string;
  /** Takes each frame of the page: a sink with no server at all. */
  onFrame?: (frame: Uint8Array) => void;
  /** Default `shared`. */
  mode?: Mode;
  /** Selectors of elements whose text and values are masked. */
  mask?: string | string[];
  /** Selectors of elements that are not, although `mask` names them or something above. */
  unmask?: string | string[];
  /** Selectors of elements of which only a box of their size is shown. */
  block?: string | string[];
  /** Selectors of elements that are not reported at all. */
  ignore?: string | string[];
  /** Origins of frames that may say themselves what they hold, such as `https://forms.example`. Their pages have the script too, with
   *  this page's origin in its attribute `data-frame-of`. Frames of other origins are boxes. */
  frames?: string | string[];
  /** How long the recorder works in one go by itself, in milliseconds; what takes longer goes on when the page has had its
   *  turn, and comes in several frames. `flush()` does not wait for turns. At least 1. Default 8. */
  budgetMs?: number;
  /** What is carried with the stream as the agent could not load it: with `auto` pictures behind `blob:` addresses, fonts
   *  of the page's own origin and those that scripts make, and what an agent's page has found it could not load; with `inline` every
   *  picture, font and style sheet that may be read; with `reference` nothing. At most
   *  4 MiB, 1 MiB each; what was left out is in the statistics. Default `auto`. */
  resources?: 'auto' | 'reference' | 'inline';
  /** `false` leaves out the question before the session, for sites that ask by themselves. */
  consent?: boolean;
  /** Whether the bar is there that shows that a session runs. Default: with a relay; `false` for sites that show it by themselves. */
  overlay?: boolean;
}

export interface Session {
  /** The nine digits an agent joins with; `null` without a relay. */
  readonly token: string | null;
  readonly mode: Mode;
  /** Ends the session; the page is left as it was found. */
  stop(): Promise<void>;
  /** Resolves when every change made so far has been handed to the sink. */
  flush(): Promise<void>;
  pause(): void;
  resume(): void;
  setMode(mode: Mode): void;
  /** Makes a keyframe now. */
  keyframe(): void;
  /** Answers what a player without a relay asks for (its event `request`): with a frame of what it lacks, or a keyframe. */
  answer(request: Uint8Array): void;
  /** Compares the whole page with what was told of it, and tells what differs; resolves to how much did. It is done a little at a
   *  time while the page is idle, too; a page that does not hide its changes from observers gives 0. */
  verify(): Promise<number>;
  stats(): Stats;
  /** Returns a function that removes the listener. */
  on(event: 'agent-joined' | 'agent-left', fn: (agent: { user: number; name?: string }) => void): () => void;
  on(event: 'mode', fn: (mode: Mode) => void): () => void;
  on(event: 'paused' | 'resumed', fn: () => void): () => void;
  on(event: 'ended', fn: (reason: string) => void): () => void;
  on(event: 'error', fn: (error: Error) => void): () => void;
}

export interface Stats {
  /** Sequence number of the last frame. */
  seq: number;
  /** Hash of the recorder's tree, sixteen hexadecimal digits. */
  hash: string;
  /** Nodes in the recorder's tree. */
  nodes: number;
  /** Bytes the engine has taken from its allocator, strings included. */
  memory: number;
  /** Bytes in strings of the recorder's tree. */
  text: number;
  /** How often the recorder worked in one go, and for how many milliseconds at most where it was not asked by `flush()`. */
  slices: number;
  longest: number;
  /** Frames and bytes handed to the sink. */
  frames: number;
  bytes: number;
  /** How often the page had to be read afresh. */
  restarts: number;
  /** Entries of the table of nodes. */
  table: number;
  /** How often the whole page was compared with what was told of it, and how many differences that has found. */
  rounds: number;
  found: number;
  /** Of pages with canvases, or resources that are carried: how many canvases there are, how many of them nobody may read,
   *  bytes of resources, and what was not carried. */
  canvases?: number;
  closedCanvases?: number;
  carried?: number;
  notCarried?: { url: string; reason: string }[];
}

declare global {
  interface Window {
    Cobrowse: CobrowseApi;
  }
}
