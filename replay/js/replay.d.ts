/** What `replay.js` puts on the page as `window.CobrowseReplay`. */
export interface CobrowseReplayApi {
  /** Resolves when the player is loaded and compiled. Optional: `mount` does it too. */
  preload(): Promise<void>;
  /** Puts a player into the container, which gives it its size. */
  mount(container: Element, options?: MountOptions): Promise<Player>;
  /** Opens a recording: a file, bytes, or an address. Of a file, and of a server that knows ranges, only what is needed is read. Rejects
   *  with the byte at which it is no recording. */
  open(source: Blob | ArrayBuffer | ArrayBufferView | string | URL): Promise<Recording>;
}

/** A recording that is open. Times are in milliseconds of the recording. What is asked for while another thing is being done comes
 *  after it. */
export interface Recording {
  readonly about: { version: number; created?: number; url?: string; userAgent?: string; viewport?: string; rules?: string };
  /** The times of the first frame and of the last. */
  readonly begin: number;
  readonly end: number;
  /** How many frames there are, messages included. */
  readonly frames: number;
  /** How much changed in each part of the time, which are `part` long, from 0 on. */
  readonly activity: { part: number; changes: number[] };
  /** Why the file ends sooner than it should, if it does: it plays up to there. */
  readonly problem: { offset: number; message: string } | null;
  /** Bytes of the file. */
  readonly size: number;
  /** The time of the frame that is shown. */
  readonly now: number;
  /** The rebuilt document, once it is mounted and a frame is shown. */
  readonly document: Document | null;
  /** The player that shows it; `null` before `mount`. */
  readonly player: Player | null;
  /** Puts the page into a container. Without that, everything else goes on without a page to be seen. */
  mount(container: Element, options?: { maxScale?: number; assets?: string[] }): Player;
  /** Shows the page as it was at a moment: the nearest state and what follows it are applied first, then the page is touched once.
   *  Rejects with the byte at which the file is damaged; the page is then as it was before that. */
  seek(at: number): Promise<Moment>;
  /** Shows the next frame, if it is not later than `until`; `null` where there is none. */
  step(until?: number): Promise<Moment | null>;
  /** Shows the frame before. */
  stepBack(): Promise<Moment>;
  /** From now on `changes()` tells what the last `seek` or `step` changed. It costs a copy of the tree each time. */
  watchChanges(on: boolean): void;
  /** At most 500. */
  changes(): Change[];
  /** Where pointers were within these times; `user` is 0 for the customer. In CSS pixels of the customer's viewport. */
  trail(from: number, to: number, signal?: AbortSignal): Promise<{ at: number; user: number; x: number; y: number; click: boolean }[]>;
  /** When a text is to be read, whatever its case; the browser has its turn meanwhile. `to` is `null` for what stays. */
  search(text: string, options?: { onProgress?: (hits: Hit[], time: number) => void; signal?: AbortSignal }): Promise<Hit[]>;
  /** What happened when, in the order of time: of `moments`, `name` is `Page` with the address as its field, or a message as in
   *  docs/wire-format.md, section 6 (`ModeChanged`, `Joined`, `Left`, `Visible`, `Absent`, `Paused`, `Resumed`, `Ended`). `idle` are the
   *  stretches of more than 2 s without a change. All of the recording is gone through; the browser has its turn meanwhile. */
  survey(options?: { signal?: AbortSignal }): Promise<{ moments: { at: number; name: string; fields: unknown[] }[]; idle: { from: number; to: number }[] }>;
  /** A node of the rebuilt page by its id; `null` where it is not there. */
  element(node: number): Node | null;
  stats(): { seq: number; hash: string; nodes: number; time: number };
  /** Resolves when all that was asked for is to be seen. */
  flush(): Promise<void>;
  close(): void;
}

export interface Moment {
  /** The time of the frame that is shown. */
  at: number;
  /** `null`: nothing had to be done. */
  outcome: 'rebuilt' | 'changed' | 'repaired' | 'in step' | null;
  /** What was said since the frame before, or, behind a `seek`, on the way there from the nearest state: `name` and `fields` as in
   *  docs/wire-format.md, section 6; `user` is the agent who said it, 0 where nobody in particular did. */
  said: { at: number; user: number; name: string; fields: unknown[] }[];
}

export interface Change {
  what: 'added' | 'removed' | 'moved' | 'text' | 'attribute' | 'state' | 'page';
  /** The node's id, and the node in the rebuilt page, if it is there. */
  node: number;
  element: Node | null;
  /** Where it is, or was, as `main > ul#bag > li.item`. */
  path: string;
  /** The name of the attribute or the state. */
  name: string;
  before: string;
  after: string;
}

export interface Hit {
  from: number;
  to: number | null;
  node: number;
  /** The text around it. */
  text: string;
}

export interface MountOptions {
  /** The relay's address; with `token`. Without both, frames are pushed by hand. */
  relay?: string;
  /** The nine digits of the session. */
  token?: string;
  /** The agent's name, shown to the customer; a relay that knows agents shows the name that it knows. */
  name?: string;
  /** What says who the agent is, where the relay asks: a token of its issuer or a key; or what gives one, and another one when the
      relay has refused it. */
  bearer?: string | ((isRefused: boolean) => Promise<string>);
  /** The key of a sealed session's link (docs/security.md). Nothing is taken then that comes in the clear. */
  key?: string;
  /** The same without a key: the session must be sealed, and the relay is not told the name. Default: as the relay says. */
  sealed?: boolean;
  /** Whom the agent's browser may ask for a way to the customer's for the screen. Default: what the relay's operator lists. */
  iceServers?: RTCIceServer[];
  /** `relay`: no way but by a TURN server. Default `all`. */
  iceTransportPolicy?: 'all' | 'relay';
  /** How far a small page may be enlarged. Default 1: not at all. */
  maxScale?: number;
  /** The only origins that the browser may ask for pictures, styles, fonts and media of pages, as `https://cdn.example` or
   *  `https://*.cdn.example`. Default: those that the relay lists; without any, hosts with a name of the public web (docs/privacy.md). */
  assets?: string[];
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
  /** Of a sealed session whether the key is here (`sealed`), a code is needed (`code`), or is being proved (`waiting`); otherwise `null`. */
  readonly sealed: 'waiting' | 'code' | 'sealed' | null;
  /** The code that the customer has read out. Throws where it is none, or was tried before. */
  offerCode(code: string): void;
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
  /** Ends the session for everyone. */
  end(): void;
  /** Shows the customer a picture: a JPG, PNG or GIF of at most 10 MB. Rejects where it is none, with what was expected; what becomes of it
   *  tells the event `document`. Another one takes its place. */
  shareDocument(file: File | Blob): Promise<void>;
  /** Takes back what was shown last, if it is open still. */
  takeBackDocument(): void;
  /** The customer's screen (docs/screen-sharing.md). */
  readonly screen: Screen;
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
  /** Something that the page names was not asked for, as it may not be loaded. What the customer's browser has of it comes from there. */
  on(event: 'blocked', fn: (file: { address: string }) => void): () => void;
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
  on(event: 'joined' | 'left' | 'customer-joined' | 'customer-left', fn: (user: { user: number; name?: string; role?: 'customer' | 'agent' | 'controller' }) => void): () => void;
  /** Behind `customer-left`, or first of all: why the customer is not there, and for how many seconds the session waits. `left`: the
   *  page was left, and another one of the site may go on with the session; `silent`: nothing is heard of it. */
  on(event: 'absent', fn: (absence: { reason: 'left' | 'silent'; seconds: number }) => void): () => void;
  /** Whether the customer sees the page: another `tab` may be in front of it, or another `window` have the focus; `opened`: that is a
   *  window which the page has opened, and which is not shared. */
  on(event: 'visible', fn: (state: 'seen' | 'tab' | 'window' | 'opened') => void): () => void;
  /** What has become of a picture that was shown. `arrived` of `size` bytes have; `reason` of `refused`: `kind` (no JPG, PNG or GIF), `large`,
   *  `broken`, `site` (it has none shown), `pieces`, or one of docs/control.md. */
  on(event: 'document', fn: (document: { name: string; state: 'sending' | 'shown' | 'closed' | 'replaced' | 'taken-back' | 'refused'; reason?: string; arrived: number; size: number }) => void): () => void;
  /** `reason` of `declined`: `customer`, `site`, `unsupported`; of `failed`: `route` (there is no way without a TURN server), `full`, `broken`. */
  on(event: 'screen', fn: (screen: { state: ScreenState; reason?: string; only: boolean }) => void): () => void;
  /** Milestones: there is a picture of the screen; there is none any longer. */
  on(event: 'screen-connected' | 'screen-ended', fn: () => void): () => void;
  /** Of a sealed session: what is needed (`text` says it in English), or that the key is here. */
  on(event: 'sealed', fn: (seal: { state: 'waiting' | 'code' | 'sealed'; text: string; reason: '' | 'first' | 'wrong' | 'link' | 'closed' | 'again' }) => void): () => void;
  on(event: 'ended', fn: (reason: string) => void): () => void;
  destroy(): void;
}

export type ScreenState = 'off' | 'asking' | 'declined' | 'connecting' | 'shown' | 'paused' | 'ended' | 'failed';

export interface Screen {
  readonly state: ScreenState;
  /** Whether the session shows the screen only, and nothing of the page. */
  readonly only: boolean;
  /** The element that shows it, while it is shown. */
  readonly video: HTMLVideoElement | null;
  /** Whether it lies over the page. */
  inFront: boolean;
  /** Asks the customer for it. */
  request(): void;
  end(): void;
  /** Looks for a way anew where there was none. */
  retry(): void;
}

declare global {
  interface Window {
    CobrowseReplay: CobrowseReplayApi;
  }
}
