/** What `capture.js` puts on the page as `window.Cobrowse`. */
export interface CobrowseApi {
  /** The session that runs on this page, started here or taken over from the page before it; `null` for none. */
  readonly session: Promise<Session | null>;
  /** Loads and compiles the engine, and rehearses a capture while the page is idle, so that the first one is as quick as
   *  the next. Resolves when that is done. Optional: `start` loads the engine too. */
  preload(): Promise<void>;
  /** Starts a session. Rejects with an `Error` whose message says what is missing, that the customer declined or did
   *  not answer. */
  start(options: StartOptions): Promise<Session>;
}

/** Where a session is in its life (docs/session.md). */
export type State = 'created' | 'invited' | 'accepted' | 'waiting' | 'active' | 'paused' | 'elsewhere' | 'ended';

/** Why a session ended: who stopped it, `idle` when nothing was heard for too long, `left` when the page was left and no other
 *  followed; `closed` and `transferred` when the conversation that it belonged to was; before it began `declined`, `expired`, `cancelled`; `failed` when it could not go on. */
export type EndReason =
  | 'customer' | 'agent' | 'controller' | 'idle' | 'shutdown' | 'protocol' | 'left' | 'declined' | 'expired' | 'cancelled' | 'closed' | 'transferred' | 'failed' | 'unknown';

/** What the agent may do: act, only scroll, nothing. */
export type Mode = 'shared' | 'view' | 'follow';

export interface StartOptions {
  /** The relay's address. This, `onFrame` or `record` is needed; with several, each gets every frame. */
  relay?: string;
  /** A session that was created at the relay already (`POST /api/sessions`, or Genesys' calls). Default: one is created. */
  session?: { token: string; secret: string };
  /** Takes each frame of the page: a sink with no server at all. */
  onFrame?: (frame: Uint8Array) => void;
  /** Keeps the frames in the browser's storage, across reloads and pages of the site in this tab, until `session.recording()` hands them
   *  out with `clear`, for a week at most, 256 MiB at most. Enough by itself; with a relay or `onFrame` both happen. */
  record?: boolean;
  /** Default `shared`; of an invitation what the agent asked for, where that is less. */
  mode?: Mode;
  /** With a relay: the nine digits of an agent's invitation. Nobody is asked where it is over; the question names the agent. */
  invitation?: string;
  /** With a relay: what another system calls this, such as a conversation's id, by which an agent's page finds the session. 16 to 200
   *  visible ASCII characters, as hard to guess as a UUID. */
  reference?: string;
  /** Selectors of elements whose text and values are masked. */
  mask?: string | string[];
  /** Selectors of elements that are not, although `mask` names them or something above. */
  unmask?: string | string[];
  /** Selectors of elements of which only a box of their size is shown. */
  block?: string | string[];
  /** Selectors of elements that are not reported at all. */
  ignore?: string | string[];
  /** Selectors of elements that the agent may do nothing to. */
  deny?: string | string[];
  /** Rules for some pages only. */
  rules?: Rule[];
  /** All text and all fields are masked, but for what is unmasked. Default `false`. */
  private?: boolean;
  /** What is masked keeps its shape (`shape`), or has always the same length (`fixed`). Default `shape`. */
  maskLength?: 'shape' | 'fixed';
  /** Of addresses, values are masked of parameters that prove who somebody is (`secrets`), or all, and fragments
   *  (`mask-query`). Default `secrets`; with `private` it is `mask-query`. */
  urls?: 'secrets' | 'mask-query';
  /** Origins of frames that may say themselves what they hold, such as `https://forms.example`. Their pages have the script too, with
   *  this page's origin in its attribute `data-frame-of`. Frames of other origins are boxes. */
  frames?: string | string[];
  /** Origins of the same site on which the session may go on, such as `https://pay.example.com`; their pages list this one in the attribute
   *  `data-sites` of their script tag (docs/session.md). Default: those of the attribute in this page. */
  sites?: string | string[];
  /** How long the recorder works in one go by itself, in milliseconds; what takes longer goes on when the page has had its
   *  turn, and comes in several frames. `flush()` does not wait for turns. At least 1. Default 8. */
  budgetMs?: number;
  /** What is carried with the stream as the agent could not load it: with `auto` pictures behind `blob:` addresses, fonts
   *  of the page's own origin and those that scripts make, and what an agent's page has found it could not load; with `inline` every
   *  picture, font and style sheet that may be read; with `reference` nothing. At most
   *  4 MiB, 1 MiB each; what was left out is in the statistics. Default `auto`; with `record` and without a relay `inline`. */
  resources?: 'auto' | 'reference' | 'inline';
  /** Page and agents share a key that the relay never gets: what it hands on is sealed (docs/security.md). Agents join by a link with the
   *  key, or by a code that the customer reads out. Needs a secure context. Default `false`. */
  sealed?: boolean;
  /** `false` leaves out the question before the session, for sites that ask by themselves. */
  consent?: boolean;
  /** How long the customer may take to answer it, in milliseconds; then `start` rejects. Default 120000. */
  invitationMs?: number;
  /** Withdraws the question. */
  signal?: AbortSignal;
  /** Whether the bar is there that shows that a session runs. Default: with a relay; `false` for sites that show it by themselves. */
  overlay?: boolean;
  /** `false`: agents may show the customer no pictures of theirs (docs/control.md). Default: they may. */
  documents?: false;
  /** `only`: the session shows a tab, a window or the screen, as the customer chooses, and nothing of the page is read; `false`: agents may
   *  not ask for that in a session that shows the page (docs/screen-sharing.md). Default: they may. */
  screen?: 'only' | false;
  /** Whom the customer's browser may ask for a way to the agents' for the screen. Default: what the relay's operator lists. */
  iceServers?: RTCIceServer[];
  /** `relay`: no way but by a TURN server, so that agents learn no address of the customer's. Default `all`. */
  iceTransportPolicy?: 'all' | 'relay';
  /** Whether agents may submit forms: by buttons that do, by Enter in a field. Default `false`. */
  allowSubmit?: boolean;
  /** `each`: what an agent would do in `shared` is shown to the customer first, who accepts or declines it (docs/control.md). */
  confirm?: 'each';
  /** The language of the question and the bar: `en`, `de`, `nl`, `fr`, `es`. Default: the page's, otherwise the browser's, otherwise
   *  English. */
  language?: string;
  /** Other words for some of what the customer reads, by the keys of `capture/js/words.js`, `documents-words.js` and `screen-words.js` there;
   *  `{who}` stands for the agents’ names. */
  words?: Record<string, string>;
}

/** What lets agents into a sealed session. */
export interface Sealed {
  /** The key for links: who has it may join, as long as the session lasts. */
  readonly key: string;
  /** The code for the next agent, eight digits, of one use; `null` where too many were wrong. */
  readonly code: string | null;
  /** The address of an agent's page with the session's number and the key behind `#`. */
  link(address: string): string;
}

/** Selectors that are for pages with certain addresses; without `url` and `urlRegex` for all. */
export interface Rule {
  /** A whole address, with `*` for anything in it; one that begins with `/` is for every site. What follows behind `?` or `#` need not
   *  be named. */
  url?: string;
  /** Found anywhere in the address. */
  urlRegex?: string;
  mask?: string | string[];
  unmask?: string | string[];
  block?: string | string[];
  ignore?: string | string[];
  deny?: string | string[];
}

/** What is kept from the agent, and why. Holds nothing that the page says. */
export interface Report {
  private: boolean;
  maskLength: 'shape' | 'fixed';
  urls: 'secrets' | 'mask-query';
  nodes: ReportedNode[];
}

export interface ReportedNode {
  kind: 'element' | 'text' | 'comment';
  /** Where the node is, by names and numbers of elements: `html[1] > body[1] > p[2]`. */
  path: string;
  /** Its number in the stream; `null` where it is not told. */
  id: number | null;
  /** Not told at all, told as a box, masked, only its value masked, or nothing kept. */
  kept: 'ignored' | 'blocked' | 'masked' | 'value' | null;
  /** Which rule keeps it; `null` where none does. */
  rule: Cause | null;
  /** Which rule keeps the agent from acting on it; `null` where none does. */
  denied: Cause | null;
}

/** A rule that keeps something. */
export interface Cause {
  /** An option, a rule of the option `rules`, of the relay, an attribute in the page, what always holds (passwords, cards, files,
   *  scripts, what proves who somebody is, what nobody sees), or that the session is private by default. */
  source: 'option' | 'rule' | 'relay' | 'attribute' | 'password' | 'card' | 'file' | 'script' | 'proof' | 'private' | 'unknown';
  /** The selector that matches. */
  selector?: string;
  /** The number of the rule, from 1 on. */
  rule?: number;
  /** The attribute that is there. */
  name?: string;
  /** What a field was known by. */
  by?: string;
  /** The path of the element that it names: the node itself, or one above. */
  at?: string;
}

export interface Session {
  /** The nine digits an agent joins with; `null` without a relay. */
  readonly token: string | null;
  readonly mode: Mode;
  readonly state: State;
  /** Ends the session; the page is left as it was found. */
  stop(): Promise<void>;
  /** Resolves when every change made so far has been handed to the sink. */
  flush(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Those who watch. */
  /** Of a sealed session what lets agents in; otherwise `null`. */
  readonly sealed: Sealed | null;
  readonly agents: { user: number; name: string; inControl: boolean }[];
  /** Resolves to the mode that holds then. Where more is to be allowed than now, the customer is asked, unless the session was started
   *  with `consent: false`. */
  setMode(mode: Mode): Promise<Mode>;
  /** Asks the customer to show a tab, a window or the screen to the agents, who can only look; resolves to whether it is shown. Where the
   *  site asks by itself (`consent: false`), and this is called in a click, the browser's own picker is all that is asked. */
  shareScreen(): Promise<boolean>;
  /** Ends that. */
  stopScreen(): Promise<void>;
  /** Makes a keyframe now. */
  keyframe(): void;
  /** Answers what a player without a relay asks for (its event `request`): with a frame of what it lacks, or a keyframe. */
  answer(request: Uint8Array): void;
  /** Compares the whole page with what was told of it, and tells what differs; resolves to how much did. It is done a little at a
   *  time while the page is idle, too; a page that does not hide its changes from observers gives 0. */
  verify(): Promise<number>;
  /** Says of each node which rule keeps what of it, or that none does, as things stand now. */
  report(): Promise<Report>;
  /** With `record`: all that was recorded in this tab, as a file for `cobrowse` and `CobrowseReplay.open`; `null` for nothing. With `clear` it is
   *  not kept any longer, and what follows is another recording: for who has uploaded it. */
  recording(options?: { clear?: boolean }): Promise<Blob | null>;
  stats(): Stats;
  /** Returns a function that removes the listener. */
  on(event: 'agent-joined' | 'agent-left', fn: (agent: { user: number; name?: string }) => void): () => void;
  on(event: 'controller', fn: (agent: { user: number; name: string } | null) => void): () => void;
  on(event: 'mode', fn: (mode: Mode) => void): () => void;
  on(event: 'paused' | 'resumed', fn: () => void): () => void;
  on(event: 'state', fn: (state: State) => void): () => void;
  /** The screen is shown to agents, or no longer. */
  on(event: 'screen', fn: (state: 'shown' | 'ended') => void): () => void;
  /** The relay has let the page in, for the first time or again. */
  on(event: 'connected', fn: () => void): () => void;
  /** The code is another, or an agent waits for one. */
  on(event: 'sealed', fn: (sealed: Sealed) => void): () => void;
  on(event: 'ended', fn: (reason: EndReason) => void): () => void;
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
  /** What made it begin anew last. */
  why?: string;
  /** Entries of the table of nodes. */
  table: number;
  /** How often the whole page was compared with what was told of it, and how many differences that has found. */
  rounds: number;
  found: number;
  /** With a relay: bytes of frames that are kept until they have arrived there, and how often the page was let in. */
  kept?: number;
  connections?: number;
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
