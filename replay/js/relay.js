// The agent's connection to a relay: one WebSocket, taken up again when it breaks.

const RETRY_MS = [250, 500, 1000, 2000, 5000];
// How often it is looked at whether the connection lives; so many times in a row may the relay miss to say that it is there.
const WATCH_MS = 5000;
const MISSED_BEATS = 3;
// The relay's close codes (relay/src/close.rs) after which the connection is taken up again.
const PASSING_CODES = new Set([4005, 4006, 4007, 4008, 4009]);

// What the relay has said no to.
class Refused extends Error {}

const withSlash = (url) => new URL(String(url).replace(/\/?$/, '/'), location.href);

// What a relay says that agents' browsers may load for pages: origins with blanks between; undefined where it says nothing of it.
// One that does not answer allows nothing.
export async function assetsOf(relay) {
  try {
    const response = await fetch(new URL('api/assets', withSlash(relay)), { credentials: 'omit' });
    if (response.status === 404) return undefined;
    const { assets } = await response.json();
    return assets?.join(' ');
  } catch {
    return '';
  }
}

export class RelayLink {
  constructor({ relay, token, name, bearer }, handlers) {
    if (!/^\d{9}$/.test(token ?? '')) throw new TypeError(`cobrowse: token: expected nine digits, found ${JSON.stringify(token)}`);
    this.relay = withSlash(relay);
    this.token = token;
    this.name = name;
    this.bearer = bearer;
    this.handlers = handlers;
    this.attempt = 0;
    this.turns = 0; // how often a connection was begun
    this.onOnline = () => this.look(true);
    addEventListener('online', this.onOnline);
    this.watch = setInterval(() => this.look(false), WATCH_MS);
    this.connect();
  }

  connect() {
    clearTimeout(this.timer);
    const turn = ++this.turns;
    if (this.bearer === undefined) this.open();
    else this.ticket(false).then((ticket) => ticket && turn === this.turns && !this.closed && this.open(['cobrowse', 'ticket.' + ticket]));
  }

  // What lets one socket in, for what says who the agent is: that itself is in no address. `null` where it is asked for again later, or
  // not at all any more.
  async ticket(isRefused) {
    try {
      const { bearer } = this;
      const shown = typeof bearer === 'function' ? await bearer(isRefused) : bearer;
      if (!/^[\x21-\x7e]+$/.test(shown)) throw new Refused('bearer: expected a token or a key');
      const url = new URL(`api/sessions/${this.token}/tickets`, this.relay);
      const answer = await fetch(url, { method: 'POST', headers: { authorization: 'Bearer ' + shown }, credentials: 'omit' });
      const said = await answer.json().catch(() => ({}));
      if (answer.ok) return said.ticket;
      if (answer.status === 401 && !isRefused && typeof bearer === 'function') return this.ticket(true);
      if (answer.status < 500 && answer.status !== 429) throw new Refused(said.error ?? 'the relay answered ' + answer.status);
      this.again();
    } catch (error) {
      // A network that fails says TypeError.
      if (error instanceof TypeError) this.again();
      else if (!this.closed) this.handlers.failed(new Error('cobrowse: ' + error.message));
    }
    return null;
  }

  again() {
    if (!this.closed) this.timer = setTimeout(() => this.connect(), RETRY_MS[Math.min(this.attempt++, RETRY_MS.length - 1)]);
  }

  open(protocols = []) {
    const url = new URL('ws/agent', this.relay);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('token', this.token);
    url.searchParams.set('beat', 'true');
    if (this.name) url.searchParams.set('name', this.name);
    const socket = new WebSocket(url, protocols);
    this.socket = socket;
    this.heardAt = Date.now(); // goes on while the device sleeps
    this.beat = Infinity;
    socket.binaryType = 'arraybuffer';
    let opened = false;
    socket.onopen = () => {
      if (this.socket !== socket) return;
      opened = true;
      this.attempt = 0;
      this.handlers.state('open');
    };
    socket.onmessage = ({ data }) => {
      if (this.socket !== socket) return;
      this.heardAt = Date.now();
      if (typeof data !== 'string') this.handlers.frame(new Uint8Array(data));
      else this.told(JSON.parse(data));
    };
    socket.onclose = async ({ code, reason }) => {
      if (this.closed || this.socket !== socket) return;
      this.handlers.state('closed');
      if (code >= 4000 && !PASSING_CODES.has(code)) {
        this.handlers.failed(new Error('cobrowse: the relay closed the connection: ' + (reason || code)));
        return;
      }
      if (!opened && (await this.isUnknown())) return;
      this.again();
    };
  }

  // First of all the relay says how often it will say that it is there, and whether the session is sealed.
  told({ beat, sealed }) {
    this.beat = beat ?? this.beat;
    if (sealed) this.handlers.sealed();
  }

  // Whether the connection lives: a network that is gone tells nothing. `now`: it has just come back.
  look(now) {
    const { socket } = this;
    if (!socket) return;
    const isOpening = socket.readyState !== WebSocket.OPEN;
    const limit = now ? (isOpening ? 0 : this.beat) : this.beat * MISSED_BEATS;
    if (this.closed || Date.now() - this.heardAt < limit) return;
    if (now) this.attempt = 0;
    else this.handlers.state('closed');
    this.connect();
    socket.close();
  }

  // A refused upgrade tells a page nothing; the session's own address does.
  async isUnknown() {
    try {
      const response = await fetch(new URL('api/sessions/' + this.token, this.relay), { credentials: 'omit' });
      if (response.ok || response.status >= 500) return false;
      const { error } = await response.json().catch(() => ({}));
      this.handlers.failed(new Error('cobrowse: ' + (error ?? 'the relay answered ' + response.status)));
      return true;
    } catch {
      return false;
    }
  }

  send(bytes) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(bytes);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    clearInterval(this.watch);
    removeEventListener('online', this.onOnline);
    this.socket?.close();
  }
}
