import type { EndReason, Mode, Session, StartOptions } from './capture';

/** What `cobrowse-liveperson.js` puts on the page as `window.CobrowseLivePerson` (docs/integrations/liveperson.md). */
export interface CobrowseLivePersonApi {
  /** The adapter that listens; `null` where the script tag has `data-manual` and `listen` was not called. */
  readonly adapter: LivePersonAdapter | null;
  /** Listens for offers from now on, in place of an adapter that does so already. */
  listen(options?: LivePersonOptions): LivePersonAdapter;
  /** What a `cqm.ExConversationChangeNotification` says of co-browsing: as an object or JSON; whole, its body, a change's result, its
   *  `conversationDetails`, or a single dialog. Throws a `TypeError` for what is none of them. */
  readNotification(message: unknown): { dialogs: CobrowseDialog[]; problems: string[] };
  /** What keeps a request to `initConnection` from allowing co-browsing, each with its place; empty when it does. */
  checkInitConnection(request: unknown): string[];
}

export interface LivePersonOptions {
  /** Default: the attribute `data-relay` of the script tag, otherwise the place that the script came from. */
  relay?: string;
  /** Options for `Cobrowse.start`, such as what is masked. Default: the attribute `data-options`, as JSON. */
  start?: Partial<StartOptions>;
  /** What the agent may do where an offer does not say it, as an event alone does not. Default `follow`. */
  mode?: Mode;
  /** The name of the visitor that is published. Default: the attribute `data-visitor-name`. */
  visitorName?: string | ((offer: Offer) => string);
  /** The agent's id that is published, where the offer does not say it. */
  agentId?: string | ((offer: Offer) => string);
  /** The agent's name, for the question. */
  agentName?: string | ((offer: Offer) => string);
  /** LivePerson's optional ids, for what is published. */
  ids?: Ids | ((offer: Offer) => Ids);
  /** `false`: the site asks by itself, and publishes `cobrowseAccepted` or `cobrowseDeclined`. */
  ask?: false;
  /** LivePerson's tag. Default `window.lpTag`, also when it comes later. */
  lpTag?: object;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  now?: () => number;
}

export interface Ids {
  ssid?: string;
  svid?: string;
  scid?: string;
  cid?: string;
  eid?: string;
}

export interface CobrowseDialog {
  state: 'INVITED' | 'ACCEPTED' | 'CLOSED';
  dialogId: string | null;
  serviceId: string | null;
  mode: Mode | null;
  /** In milliseconds since 1970; `null` where it is not said. */
  expires: number | null;
  created: number | null;
  agentId: string | null;
  /** The dialog does not say who of its participants is the agent: it is the one whom the service id does not name. */
  isAgentInferred: boolean;
}

export interface Offer {
  serviceId: string;
  dialogId: string | null;
  mode: Mode | null;
  /** When it is over by itself, in milliseconds since 1970. */
  deadline: number;
  state: 'invited' | 'accepted' | 'declined' | 'cancelled' | 'expired' | 'replaced' | 'answered' | 'closed';
}

export interface LivePersonAdapter {
  /** The offer that stands, or the one whose session runs. */
  readonly offer: Offer | null;
  readonly session: Session | null;
  /** Takes a message of LivePerson's, as the site's own connection gets it; others than the one that counts may be given, too. Returns
   *  what it says of co-browsing. */
  notification(message: unknown): CobrowseDialog[];
  configure(options: LivePersonOptions): void;
  /** Listens no longer. A session that runs goes on. */
  stop(): void;
  /** Returns a function that removes the listener. */
  on(event: 'offered' | 'accepted' | 'declined', fn: (offer: Offer) => void): () => void;
  /** The question is taken back. `cancelled` and `expired` look the same in a notification: where `isInferred` says so, the clock has
   *  told them apart. `replaced`: by a newer offer; `answered`: elsewhere. */
  on(event: 'withdrawn', fn: (offer: Offer & { reason: 'cancelled' | 'expired' | 'replaced' | 'answered'; isInferred: boolean }) => void): () => void;
  on(event: 'ended', fn: (offer: Offer & { reason: EndReason }) => void): () => void;
  on(event: 'error', fn: (error: Error) => void): () => void;
}

declare global {
  interface Window {
    CobrowseLivePerson: CobrowseLivePersonApi;
  }
}
