// A CometD client over long polling: a handshake, then one connect after the other, each with the number of the last batch that has
// arrived, so that what was lost on the way comes again and nothing comes twice.

const SERVICE = '/service/session/';
const RETRY_MS = [0, 250, 500, 1000, 2000, 5000];
// How much longer than the server holds a connect an answer may take.
const NETWORK_MS = 10_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Line {
  constructor(url, credentials, handlers) {
    this.url = url;
    this.credentials = credentials;
    this.handlers = handlers;
    this.count = 0;
    this.timeout = 30_000;
    this.isOpen = false;
    this.state = null;
    this.closing = new AbortController();
  }

  async open() {
    await this.#shake();
    this.isOpen = true;
    this.#poll();
  }

  async #shake() {
    const [reply] = await this.#post([
      {
        channel: '/meta/handshake', version: '1.0', minimumVersion: '1.0', supportedConnectionTypes: ['long-polling'], ext: { ack: true },
        advice: { timeout: 60_000, interval: 0 },
      },
    ]);
    if (!reply?.successful) throw new Error('cobrowse: ' + (reply?.error ?? 'the server did not take the handshake'));
    this.client = reply.clientId;
    this.acknowledges = reply.ext?.ack === true || reply.ext?.ack?.enabled === true;
    this.batch = 0;
    this.timeout = reply.advice?.timeout ?? this.timeout;
  }

  async #poll() {
    let failures = 0, isFirst = true;
    while (this.isOpen) {
      const connect = { channel: '/meta/connect', clientId: this.client, connectionType: 'long-polling' };
      if (this.acknowledges) connect.ext = { ack: this.batch };
      // The first one after a loss is not held: it says that the line stands again.
      if (isFirst || failures) connect.advice = { timeout: 0 };
      try {
        const list = await this.#post([connect], this.timeout + NETWORK_MS);
        if (!this.isOpen) return;
        const reply = list.find(({ channel }) => channel === '/meta/connect');
        // What is lost of this answer comes again: nothing of it has been told.
        if (reply?.successful && this.acknowledges) this.batch = reply.ext?.ack ?? this.batch;
        for (const { channel, data } of list) {
          if (data !== undefined && channel.startsWith(SERVICE)) this.handlers.message(channel.slice(SERVICE.length), data);
          if (!this.isOpen) return;
        }
        if (reply?.successful) {
          failures = 0;
          isFirst = false;
          this.#is('open');
          continue;
        }
        if (reply?.advice?.reconnect === 'handshake') {
          await this.#shake();
          // Not waited for: what is told of it comes by the next connects.
          this.handlers.anew().catch(() => undefined);
          isFirst = true;
          continue;
        }
        failures++;
      } catch {
        if (!this.isOpen) return;
        failures++;
      }
      this.#is('closed');
      await sleep(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]);
    }
  }

  #is(state) {
    if (this.state !== state) this.handlers.state((this.state = state));
  }

  // Resolves to the server's answer to the message itself.
  async say(name, data) {
    const [reply] = await this.#post([{ channel: SERVICE + name, clientId: this.client, data }]);
    return reply ?? { successful: false, error: 'no answer' };
  }

  async #post(messages, most = NETWORK_MS * 2) {
    for (const message of messages) message.id = String(++this.count);
    const aborting = new AbortController();
    const timer = setTimeout(() => aborting.abort(), most);
    const abort = () => aborting.abort();
    this.closing.signal.addEventListener('abort', abort);
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json;charset=UTF-8' },
        body: JSON.stringify(messages),
        credentials: this.credentials,
        cache: 'no-store',
        signal: aborting.signal,
      });
      if (!response.ok) throw new Error('cobrowse: ' + ((await response.json().catch(() => ({}))).error ?? response.status));
      return await response.json();
    } finally {
      clearTimeout(timer);
      this.closing.signal.removeEventListener('abort', abort);
    }
  }

  async leave() {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.#post([{ channel: '/meta/disconnect', clientId: this.client }]).catch(() => undefined);
    this.closing.abort();
  }

  // Behind a session's end: nothing more is heard.
  close() {
    if (this.isOpen) this.leave();
  }
}
