/** What `cobrowse-controller.js` puts on an agent's desktop as `window.CobrowseController`: the controller's end of a session. */

export interface ControllerOptions {
  /** The server's URL with `/cobrowse`, such as `https://relay.example/cobrowse`. */
  url: string;
  /** The name by which the others see the desktop. Default: none. */
  name?: string;
  /** What is attached to the interaction already, so that its sessions are counted on. */
  data?: Partial<AttachedData>;
  /** `include` where the desktop is of another origin than the server, which lists it, and servers are found by the cookie. Default
   *  `same-origin`. */
  credentials?: RequestCredentials;
}

/** What an interaction has attached. */
export interface AttachedData {
  CoBrowseAssociated: 'Yes';
  /** How many sessions there were with this interaction, as digits. */
  CoBrowseSessionsQuantity: string;
  /** The id of the last one's history. */
  CoBrowseSessionId: string;
  /** When it became active: `2026-01-31T12:00:00.000Z`. */
  CoBrowseStartTime: string;
}

export interface User {
  userId: number;
  /** 1 the customer, 2 an agent, 3 a controller. */
  role: 1 | 2 | 3;
  name: string;
}

/** Why a session ended. Those that a desktop gives come first. */
export type Reason =
  | 'controller' | 'closed' | 'transferred' | 'idle' | 'customer' | 'agent' | 'left' | 'shutdown' | 'protocol' | 'declined' | 'expired' | 'cancelled' | 'unknown';

export interface JoinedSession {
  token: string;
  /** The server that has the session. */
  server: string;
  userId: number;
  /** Who has come so far, the controller itself left out. */
  users: User[];
  historyId: string;
  /** Milliseconds since 1970; `null` before it is so. */
  activationTime: number | null;
  deactivationTime: number | null;
  reason: Reason | null;
}

export interface Times {
  activationTime: number | null;
  deactivationTime: number;
}

export interface History extends Times {
  id: string;
  sessionToken: string;
  creationTime: number;
  /** Where the customer was; the duration is in seconds. */
  pages: { url: string; enteredTimestamp: number; duration: number }[];
}

export class CobrowseController {
  constructor(options: ControllerOptions);
  /** The token in a message of a chat, `{start:123456789}`, or `null` for any other message. */
  static tokenOf(message: string): string | null;
  readonly state: 'idle' | 'joining' | 'joined' | 'active' | 'ended';
  readonly session: JoinedSession | null;
  /** Finds the session, and joins it. */
  join(token: string): Promise<JoinedSession>;
  /** What the interaction has attached, by now. */
  attachedData(): Partial<AttachedData>;
  /** The address of the agent's page, for an iframe: `…/slave.html#nosidinput=1&sid=…`. `base` is where a proxy has the server's pages. */
  agentPage(options?: { base?: string; name?: string; debug?: boolean }): string;
  /** Ends the session for everyone, who are told the reason. */
  stop(reason?: 'controller' | 'closed' | 'transferred' | 'idle'): Promise<Times | null>;
  /** Leaves the session, which goes on. */
  exit(): Promise<void>;
  history(): Promise<History>;
  /** Returns a function that removes the listener. Each thing is told once, whatever the network does. */
  on(event: 'joined', fn: (user: User) => void): () => void;
  on(event: 'activated', fn: (times: { activationTime: number }) => void): () => void;
  on(event: 'deactivated', fn: (times: Times & { reason: Reason }) => void): () => void;
  /** These are to be attached to the interaction now. */
  on(event: 'attach', fn: (data: Partial<AttachedData>) => void): () => void;
  on(event: 'connection', fn: (state: 'open' | 'closed') => void): () => void;
}

declare global {
  interface Window {
    CobrowseController: typeof CobrowseController;
  }
}
