/** What `cobrowse-genesys.js` puts on the page: `_genesys.cobrowse`, as pages made for Genesys Co-browse use it. */

/** An event that callbacks are added to. A callback that comes late is told at once what has happened already. */
export interface Signal<Arguments extends unknown[]> {
  add(fn: (...args: Arguments) => void): void;
  addOnce(fn: (...args: Arguments) => void): void;
  remove(fn: (...args: Arguments) => void): void;
}

export interface GenesysSession {
  /** The nine digits that the agent joins with. */
  readonly token: string;
  /** The agents who are there; there is nothing in each. */
  readonly agents: object[];
}

export interface EndDetails {
  reason: 'self' | 'external' | 'timeout' | 'inactivityTimeout' | 'serverUnavailable' | 'error';
  /** The reason as this engine has it (`EndReason` in capture.d.ts). */
  cobrowseReason: string;
}

/** What a page gives to have the token sent to the agent. */
export interface PrimaryMedia {
  /** Called once; `done` says that the medium is ready. */
  initializeAsync?(done: () => void): void;
  /** Without it, or where it is not `false`, the token is sent. */
  isAgentConnected?(): boolean;
  sendCbSessionToken(token: string): void;
}

/** What a page sets before the script comes. */
export interface GenesysConfig {
  /** Before: a function, or a list of them. Behind the start it is `GenesysApi.onReady`. */
  onReady?: GenesysReady | GenesysReady[] | GenesysApi['onReady'];
  primaryMedia?: PrimaryMedia;
  /** Leaves out the bar. Default `false`. */
  disableBuiltInUI?: boolean;
  /** Says on the console what happens. Default `false`. */
  debug?: boolean;
  /** Options of `Cobrowse.start` (capture.d.ts): what is masked, the mode and the rest. */
  options?: object;
  /** Whether the relay is told which pages the customer is on, for the session's history: without queries and fragments. Default `true`. */
  pages?: boolean;
}

export type GenesysReady = (api: GenesysApi, isTopContext: boolean) => void;

/** In frames of the page only what comes first is there. */
export interface GenesysApi {
  readonly isTopContext: boolean;
  /** While a session runs: each element whose text or value is kept from the agent. */
  readonly onMaskedElement: Signal<[element: Element]>;
  /** The element is not shown to agents. */
  markServiceElement(element: Element): void;

  /** With the session that goes on from the page before, or `null`. */
  readonly onInitialized: Signal<[session: GenesysSession | null]>;
  readonly onSessionStarted: Signal<[session: GenesysSession]>;
  readonly onAgentJoined: Signal<[agent: object, session: GenesysSession]>;
  readonly onSessionEnded: Signal<[details: EndDetails]>;
  /** Asks the customer, and starts a session. Resolves to it, or to `null`: then `onSessionEnded` says why. */
  startSession(): Promise<GenesysSession | null>;
  exitSession(): Promise<void>;
  isBrowserSupported(): boolean;
  readonly session: GenesysSession | null;
  /** Behind the start, too: calls the function at once. */
  onReady: ((fn: GenesysReady) => void) & { push(fn: GenesysReady): void };
}

declare global {
  interface Window {
    _genesys?: { cobrowse?: GenesysConfig & Partial<Omit<GenesysApi, 'onReady'>> };
  }
}
