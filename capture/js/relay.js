// The connection to a relay: one WebSocket, taken up again when it breaks, so that nothing is lost by it.

// What may be on the way to the relay before frames wait: so much, or what it took lately in so many milliseconds. What
// has left the socket may still stand in the buffers of a slow network.
const BUSY_BYTES = 16 * 1024;
const BUSY_MS = 400;
// What is kept of frames that the relay has not told of, to be sent again; what they say beyond that is in a keyframe. Not more
// than half of it is on the way, so that there is none but where a single frame is that large.
const KEPT_BYTES = 256 * 1024;
const RETRY_MS = [250, 500, 1000, 2000, 5000];
// How long a connection may take until the relay lets it in, and how often it is looked at whether it lives.
const OPENING_MS = 10000;
const WATCH_MS = 5000;
// So many times in a row the relay may miss to say that it is there.
const MISSED_BEATS = 3;
// The relay's close codes (relay/src/close.rs) after which there is nothing to come back to; and the one for another tab.
const FINAL_CODES = new Set([4000, 4001, 4002, 4003]);
const REPLACED = 4004;
// Kinds of frames (docs/wire-format.md, §2).
const KEYFRAME = 1;
const CONTROL = 3;

// A request to the relay, and its answer. `wrong` says in words what an error is about, by its status.
async function request(relay, path, init, wrong) {
  const url = new URL(path, withSlash(relay));
  let response;
  try {
    response = await fetch(url, { credentials: 'omit', ...init });
  } catch (error) {
    throw new Error(`cobrowse: the relay at ${url.origin} cannot be reached; does the CSP allow it (connect-src)? ${error.message}`);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error('cobrowse: ' + (wrong[response.status] ?? `the relay refused a session: ${answer.error ?? response.status}`));
  return answer;
}

export const createSession = (relay, mode, reference, sealed) =>
  request(relay, 'api/sessions', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ mode, reference, sealed }) }, {});

// What an agent invites to, by its nine digits; and to be its customer, which one page may once.
const GONE = { 404: 'the invitation has expired or was withdrawn, or its number is wrong', 409: 'the invitation was taken already' };

// `made`: a session that is nobody's invitation.
export async function findInvitation(relay, token, made) {
  const found = await request(relay, 'api/sessions/' + token, { cache: 'no-store' }, made ? {} : GONE);
  if (!found.open && !made) throw new Error('cobrowse: ' + GONE[409]);
  return found;
}

export const takeInvitation = (relay, token) => request(relay, `api/sessions/${token}/take`, { method: 'POST' }, GONE);

export const declineInvitation = (relay, token) => request(relay, `api/sessions/${token}/decline`, { method: 'POST' }, GONE);

// What the relay's operator keeps from agents; null for nothing. Without an answer nothing is shared.
export async function fetchRules(relay) {
  const url = new URL('api/rules', withSlash(relay));
  let answer, reason;
  try {
    const response = await fetch(url, { cache: 'no-store', credentials: 'omit' });
    answer = await response.json();
    if (!response.ok) reason = answer.error ?? response.status;
    else if (!Array.isArray(answer.rules)) reason = 'it answered with something else';
  } catch (error) {
    reason = error.message;
  }
  if (reason !== undefined) throw new Error(`cobrowse: the privacy rules of the relay at ${url.origin} could not be read, so nothing is shared: ${reason}`);
  return answer.rules.length > 0 || Object.keys(answer).length > 1 ? answer : null;
}

const withSlash = (url) => new URL(String(url).replace(/\/?$/, '/'), location.href);

export class RelayLink {
  constructor(relay, token, secret, handlers) {
    this.relay = withSlash(relay);
    this.token = token;
    this.secret = secret;
    this.handlers = handlers;
    this.attempt = 0;
    this.kept = []; // frames of the page that the relay may lack, oldest first
    this.keptBytes = 0;
    this.isFirst = true; // no connection has been open
    this.isReady = false; // frames may go
    this.sent = 0; // bytes, on this connection
    this.taken = null; // of them, those that the relay has told of; null where it never has
    this.pace = 0; // bytes that it takes in a millisecond
    this.connections = 0;
    this.onOnline = () => this.look(true);
    addEventListener('online', this.onOnline);
    this.watch = setInterval(() => this.look(false), WATCH_MS);
    this.connect();
  }

  get sessionUrl() {
    return new URL('api/sessions/' + this.token, this.relay);
  }

  connect() {
    if (this.closed || this.sleeps || this.socket) return;
    clearTimeout(this.timer);
    const url = new URL('ws/customer', this.relay);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('token', this.token);
    const socket = new WebSocket(url);
    let opened = false;
    this.socket = socket;
    this.heardAt = Date.now(); // goes on while the device sleeps
    this.silence = Infinity;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      if (this.socket !== socket) return;
      opened = true;
      // Not in the address: addresses end up in logs.
      socket.send(JSON.stringify({ secret: this.secret, taken: true, tells: true }));
      this.sent = 0;
      this.taken = null;
      // A relay that has not met this page has nothing to say of what it lacks.
      if (this.isFirst) this.goOn();
    };
    socket.onmessage = ({ data }) => {
      if (this.socket !== socket) return;
      this.heardAt = Date.now();
      if (typeof data === 'string') this.told(JSON.parse(data));
      else this.handlers.message(new Uint8Array(data));
    };
    socket.onclose = async ({ code, reason }) => {
      if (this.socket !== socket) return;
      this.drop();
      if (this.closed) return;
      if (code === REPLACED) this.handlers.replaced();
      else if (FINAL_CODES.has(code)) this.handlers.ended();
      else if (!opened && (await this.isGone())) this.handlers.ended();
      else this.retry();
    };
  }

  // What the relay says as text: first of all who this is and what it waits for, then how much has arrived, and that it is there.
  told({ user, next, taken, connection, beat, agents }) {
    if (taken !== undefined) this.took(taken);
    if (user === undefined) return;
    this.attempt = 0;
    this.connection = connection;
    this.connections++;
    if (beat) this.silence = beat * MISSED_BEATS;
    const isWhole = this.isReady || this.settle(next);
    if (!this.isReady) this.goOn();
    this.handlers.ready(isWhole, agents);
  }

  // Keeps of the frames those that the relay lacks; false where they do not begin with what it waits for.
  settle(next) {
    const { kept } = this;
    let from = next === this.following ? kept.length : kept.findLastIndex(({ seq }) => seq === next);
    if (from < 0) from = kept.findLastIndex(({ kind }) => kind === KEYFRAME);
    this.forget(from < 0 ? kept.length : from);
    return from >= 0;
  }

  goOn() {
    this.isFirst = false;
    this.isReady = true;
    for (const frame of this.kept) this.put(frame.bytes, frame);
  }

  retry() {
    clearTimeout(this.timer);
    const wait = RETRY_MS[Math.min(this.attempt++, RETRY_MS.length - 1)];
    this.timer = setTimeout(() => this.connect(), wait);
  }

  // Whether the connection lives: a network that is gone tells nothing. `now`: it has just come back.
  look(now) {
    if (this.closed || this.sleeps) return;
    const quiet = Date.now() - this.heardAt;
    const limit = !this.isReady ? (now ? 0 : OPENING_MS) : now ? this.silence / MISSED_BEATS : this.silence;
    if (!this.socket && !now || quiet < limit) return;
    this.drop();
    if (now) this.attempt = 0;
    this.connect();
  }

  // A refused connection tells a page nothing; the session's own address does.
  async isGone() {
    try {
      return (await fetch(this.sessionUrl, { credentials: 'omit', signal: AbortSignal.timeout?.(OPENING_MS) })).status === 404;
    } catch {
      return false;
    }
  }

  // Frames of the page are kept until the relay has them; messages that find no connection are not.
  send(bytes) {
    const kind = bytes[0] & 3;
    let frame;
    if (kind !== CONTROL) {
      const seq = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, true);
      frame = { kind, seq, bytes, end: Infinity };
      this.following = seq + 1;
      this.kept.push(frame);
      this.keptBytes += bytes.length;
    }
    if (this.isReady) this.put(bytes, frame);
    let most = 0;
    // What has never been sent is not given up: nothing comes after it before it has.
    for (let { keptBytes } = this; !this.isFirst && keptBytes > KEPT_BYTES; most++) keptBytes -= this.kept[most].bytes.length;
    this.forget(most);
  }

  put(bytes, frame) {
    this.socket.send(bytes);
    this.sent += bytes.length;
    if (frame) frame.end = this.sent;
  }

  forget(count) {
    for (const { bytes } of this.kept.splice(0, count)) this.keptBytes -= bytes.length;
  }

  took(taken) {
    const now = performance.now();
    if (taken > this.taken) this.pace += ((taken - this.taken) / Math.max(now - this.tookAt, 1) - this.pace) / 4;
    this.taken = taken;
    this.tookAt = now;
    const left = this.kept.findIndex(({ end }) => end > taken);
    this.forget(left < 0 ? this.kept.length : left);
  }

  isBusy() {
    // What changes meanwhile is in the frame that follows.
    if (!this.isReady) return !this.isFirst || this.keptBytes > KEPT_BYTES / 2;
    const onTheWay = this.taken === null ? 0 : this.sent - this.taken;
    return Math.max(onTheWay, this.socket.bufferedAmount) > Math.min(KEPT_BYTES / 2, Math.max(BUSY_BYTES, this.pace * BUSY_MS));
  }

  // Resolves when all that was sent has been given to the network, or there is no connection; after so many milliseconds at
  // the latest.
  async drained(most = Infinity) {
    const start = performance.now();
    const isWaiting = () => this.isFirst || this.socket?.readyState === WebSocket.CONNECTING || this.socket?.bufferedAmount > 0;
    while (!this.closed && isWaiting() && performance.now() - start < most) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  stats() {
    return { kept: this.keptBytes, connections: this.connections };
  }

  drop() {
    const { socket } = this;
    this.socket = null;
    this.isReady = false;
    socket?.close();
  }

  // The page's last word on this connection: it is left on purpose. A beacon has no headers, and may arrive late.
  leave() {
    if (this.connection === undefined || this.sleeps) return;
    navigator.sendBeacon?.(this.sessionUrl + '/leaving', JSON.stringify({ secret: this.secret, connection: this.connection }));
  }

  // No connection until `wake()`; meanwhile another page may have gone on with the session.
  sleep() {
    this.sleeps = true;
    clearTimeout(this.timer);
    this.drop();
  }

  wake() {
    this.sleeps = this.isFirst = false;
    this.following = undefined;
    this.forget(this.kept.length);
    this.connect();
  }

  // With the secret, the session is ended at the relay too.
  close(secret) {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.watch);
    removeEventListener('online', this.onOnline);
    this.sleep();
    if (secret) {
      fetch(this.sessionUrl, {
        method: 'DELETE',
        headers: { authorization: 'Bearer ' + secret },
        credentials: 'omit',
        keepalive: true,
      }).catch(() => undefined);
    }
  }
}
