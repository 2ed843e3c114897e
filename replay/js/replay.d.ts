/** What `replay.js` puts on the page as `window.CobrowseReplay`. */
export interface CobrowseReplayApi {
  /** Resolves when the player is loaded and compiled. Optional: `mount` does it too. */
  preload(): Promise<void>;
  /** Puts a player into the container, which gives it its size. */
  mount(container: Element, options?: MountOptions): Promise<Player>;
}

export interface MountOptions {
  /** The relay's address; with `token`. Without both, frames are pushed by hand. */
  relay?: string;
  /** The nine digits of the session. */
  token?: string;
  /** The agent's name, shown to the customer. */
  name?: string;
  /** How far a small page may be enlarged. Default 1: not at all. */
  maxScale?: number;
}

export interface Player {
  /** The rebuilt document, in the one iframe under the container; `null` before the first keyframe. */
  readonly document: Document | null;
  /** What the agent may do: `shared`, `view`, `follow`; `null` when no session runs. */
  readonly mode: string | null;
  /** The number by which the others know this agent; `null` before the relay has told it. */
  readonly user: number | null;
  /** Whether this agent has control: of several, one has. */
  readonly hasControl: boolean;
  /** What the agent's pointer does: `hand` acts on the page, the others draw over it. */
  tool: 'hand' | 'box' | 'ink' | 'arrow';
  /** Wipes all drawings. They wipe themselves after eight seconds. */
  wipe(): void;
  /** The customer's page goes back, forward, is loaded again, or goes to an address of the site. */
  back(): void;
  forward(): void;
  reload(): void;
  go(url: string): void;
  /** Asks the customer for another mode. */
  requestMode(mode: 'shared' | 'view' | 'follow'): void;
  /** Asks the agent in control for it; and gives it to another one, or, with one's own number, keeps it. */
  requestControl(): void;
  giveControl(user: number): void;
  /** Takes a frame. One that is refused changes nothing and is told as an `error`. */
  push(frame: Uint8Array | ArrayBuffer): void;
  /** Resolves when all that was pushed is applied. */
  flush(): Promise<void>;
  stats(): { seq: number; hash: string; nodes: number; frames: number; errors: number; repairs: number };
  /** Returns a function that removes the listener. */
  on(event: 'error', fn: (error: Error) => void): () => void;
  on(event: 'frame', fn: (frame: { seq: number; outcome: 'rebuilt' | 'changed' | 'repaired' | 'in step' }) => void): () => void;
  /** A frame was refused: this is to be given to the customer's page (`session.answer`). With a relay it is sent by itself. */
  on(event: 'request', fn: (request: Uint8Array) => void): () => void;
  on(event: 'rebuilt', fn: (page: { document: Document }) => void): () => void;
  on(event: 'url', fn: (page: { url: string; base: string }) => void): () => void;
  on(event: 'mode', fn: (mode: string) => void): () => void;
  /** A command was not carried out; the reasons are those of docs/control.md. */
  on(event: 'refused', fn: (refusal: { command: number; reason: string }) => void): () => void;
  /** A command waits for the customer to accept it. */
  on(event: 'proposed', fn: (proposal: { command: number }) => void): () => void;
  on(event: 'controller', fn: (control: { controller: { user: number; name: string } | null; asking: { user: number; name: string } | null; isMine: boolean }) => void): () => void;
  on(event: 'connection', fn: (state: 'open' | 'closed') => void): () => void;
  on(event: 'paused' | 'resumed', fn: () => void): () => void;
  on(event: 'joined' | 'left' | 'customer-joined' | 'customer-left', fn: (user: { user: number; name?: string }) => void): () => void;
  /** Behind `customer-left`, or first of all: why the customer is not there, and for how many seconds the session waits. `left`: the
   *  page was left, and another one of the site may go on with the session; `silent`: nothing is heard of it. */
  on(event: 'absent', fn: (absence: { reason: 'left' | 'silent'; seconds: number }) => void): () => void;
  /** Whether the customer sees the page: another `tab` may be in front of it, or another `window` have the focus. */
  on(event: 'visible', fn: (state: 'seen' | 'tab' | 'window') => void): () => void;
  on(event: 'ended', fn: (reason: string) => void): () => void;
  destroy(): void;
}

declare global {
  interface Window {
    CobrowseReplay: CobrowseReplayApi;
  }
}
