// The connection to a relay: one WebSocket, taken up again when it breaks.

// What may be on the way to the relay before frames wait: so much, or what it took lately in so many milliseconds. What
// has left the socket may still stand in the buffers of a slow network.
const BUSY_BYTES = 16 * 1024;
const BUSY_MS = 400;
const RETRY_MS = [250, 500, 1000, 2000, 5000];
// The relay's close codes (relay/src/close.rs) after which there is nothing to come back to.
const FINAL_CODES = new Set([4000, 4001, 4002, 4003, 4004]);

export async function createSession(relay, mode) {
  const url = new URL('api/sessions', withSlash(relay));
  let response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ mode }),
      credentials: 'omit',
    });
  } catch (error) {
    throw new Error(`cobrowse: the relay at ${url.origin} cannot be reached; does the CSP allow it (connect-src)? ${error.message}`);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(`cobrowse: the relay refused a session: ${answer.error ?? response.status}`);
  return answer;
}

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
    this.early = []; // what there is before the first connection is open
    this.sent = 0; // bytes, on this connection
    this.taken = null; // of them, those that the relay has told of; null where it never has
    this.pace = 0; // bytes that it takes in a millisecond
    this.connect();
  }

  connect() {
    if (this.closed || this.socket) return;
    const url = new URL('ws/customer', this.relay);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('token', this.token);
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      // Not in the address: addresses end up in logs.
      socket.send(JSON.stringify({ secret: this.secret, taken: true }));
      const early = this.early ?? [];
      this.first = this.early !== null;
      this.early = null;
      this.sent = 0;
      this.taken = null;
      for (const bytes of early) this.send(bytes);
    };
    socket.onmessage = ({ data }) => {
      if (typeof data !== 'string') {
        this.handlers.message(new Uint8Array(data));
        return;
      }
      this.attempt = 0;
      const { user, next, taken } = JSON.parse(data);
      if (taken !== undefined) this.took(taken);
      if (user === undefined) return;
      // What the relay is waiting for; what was sent early is on its way.
      if (!this.first) this.handlers.open(next);
    };
    socket.onclose = ({ code, reason }) => {
      if (this.socket !== socket) return;
      this.socket = null;
      if (this.closed) return;
      if (FINAL_CODES.has(code)) this.handlers.ended(reason || 'closed by the relay');
      else this.retry();
    };
  }

  retry() {
    const wait = RETRY_MS[Math.min(this.attempt++, RETRY_MS.length - 1)];
    this.timer = setTimeout(() => this.connect(), wait);
  }

  send(bytes) {
    // While there is no connection nothing is kept: what it missed is in the keyframe that follows.
    if (this.early !== null) this.early.push(bytes);
    else if (this.socket?.readyState === WebSocket.OPEN) {
      this.socket.send(bytes);
      this.sent += bytes.length;
    }
  }

  took(taken) {
    const now = performance.now();
    if (taken > 0) this.pace += ((taken - this.taken) / Math.max(now - this.tookAt, 1) - this.pace) / 4;
    this.taken = taken;
    this.tookAt = now;
  }

  isBusy() {
    const onTheWay = this.taken === null ? 0 : this.sent - this.taken;
    return Math.max(onTheWay, this.socket?.bufferedAmount ?? 0) > Math.max(BUSY_BYTES, this.pace * BUSY_MS);
  }

  // Resolves when all that was sent has been given to the network, or there is no connection.
  async drained() {
    while (this.early !== null && !this.closed || this.socket?.readyState === WebSocket.CONNECTING || (this.socket?.bufferedAmount ?? 0) > 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  suspend() {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  // With the secret, the session is ended at the relay too.
  close(secret) {
    if (this.closed) return;
    this.closed = true;
    this.suspend();
    if (secret) {
      fetch(new URL('api/sessions/' + this.token, this.relay), {
        method: 'DELETE',
        headers: { authorization: 'Bearer ' + secret },
        credentials: 'omit',
        keepalive: true,
      }).catch(() => undefined);
    }
  }
}
