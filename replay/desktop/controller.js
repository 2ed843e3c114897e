// The controller's end of a session, for agents' desktops that are web applications: Genesys Co-browse's REST calls and CometD channels
// over long polling, with nothing but `fetch` (docs/integrations/genesys.md). What is told is told once, whatever the network does.

import { Line } from './line.js';

const ROLE = 3;
const CHAT = /^\{start:(\d{9})\}$/;
const REASONS = ['controller', 'closed', 'transferred', 'idle'];
// How long a service may take to answer.
const ANSWER_MS = 20_000;
// When a session is joined once more that could not be just now.
const AGAIN_MS = 3_000;

const checkToken = (token) => {
  if (!/^\d{9}$/.test(token ?? '')) throw new TypeError(`cobrowse: token: expected nine digits, found ${JSON.stringify(token)}`);
  return token;
};

class CobrowseController {
  #url;
  #name;
  #credentials;
  #listeners = new Map();
  #line = null;
  #data;
  #answers = [];
  #known = new Set();

  /** `url`: that of the server with `/cobrowse`; `data`: what is attached to the interaction already. */
  constructor({ url, name = '', data = {}, credentials = 'same-origin' }) {
    this.#url = String(url).replace(/\/+$/, '');
    this.#name = name;
    this.#credentials = credentials;
    this.#data = { ...data };
    this.state = 'idle';
    this.session = null;
  }

  /** The token in a message of a chat, or `null`. */
  static tokenOf(message) {
    return CHAT.exec(message)?.[1] ?? null;
  }

  /** Finds the session, and joins it as its controller. */
  async join(token) {
    checkToken(token);
    if (this.state === 'joining' || this.state === 'joined' || this.state === 'active') throw new Error('cobrowse: a session has been joined already');
    this.state = 'joining';
    this.#known.clear();
    this.session = { token, server: this.#url, userId: null, users: [], historyId: null, activationTime: null, deactivationTime: null, reason: null };
    try {
      const found = await this.#get(`${this.#url}/rest/live/sessions/${token}`);
      // From now on everything goes to the server that has the session: by its URL, or by the cookie that came.
      if (found.sessionServerUrl) this.session.server = found.sessionServerUrl.replace(/\/+$/, '');
      this.#line = new Line(this.session.server + '/cometd', this.#credentials, {
        message: (name, data) => this.#hear(name, data),
        state: (state) => this.#emit('connection', state),
        anew: () => this.#enter(true),
      });
      await this.#line.open();
      await this.#enter(false);
    } catch (error) {
      this.#line?.close();
      this.#line = null;
      this.state = 'idle';
      throw error;
    }
    return this.session;
  }

  // `again`: the server has forgotten this client, and the session is joined once more.
  async #enter(again) {
    const { session } = this;
    const line = this.#line;
    const answer = this.#answer('join');
    // Where it does not come, nobody may be waiting for it yet.
    answer.catch(() => undefined);
    const reply = await line.say('join', { sessionToken: session.token, role: ROLE, name: this.#name });
    if (!reply.successful) {
      if (!again) throw new Error('cobrowse: ' + reply.error);
      // It has ended meanwhile.
      if (/^404/.test(reply.error)) await this.#missed();
      else setTimeout(() => this.#line === line && this.#enter(true).catch(() => undefined), AGAIN_MS);
      return;
    }
    const { userToken, userId, users, sessionHistoryId } = await answer;
    Object.assign(session, { userToken, userId, historyId: sessionHistoryId });
    this.#known.add(userId);
    for (const user of users) {
      if (again) this.#joined(user);
      else this.#add(user);
    }
    if (again) return;
    this.state = 'joined';
    const before = Number(this.#data.CoBrowseSessionsQuantity ?? 0) || 0;
    this.#attach({ CoBrowseAssociated: 'Yes', CoBrowseSessionsQuantity: String(before + 1), CoBrowseSessionId: sessionHistoryId });
  }

  /** What an interaction has attached: names and strings. */
  attachedData() {
    return { ...this.#data };
  }

  #attach(data) {
    Object.assign(this.#data, data);
    this.#emit('attach', data);
  }

  #add(user) {
    if (this.#known.has(user.userId)) return false;
    this.#known.add(user.userId);
    this.session.users = [...this.session.users, user];
    return true;
  }

  #joined(user) {
    if (this.#add(user)) this.#emit('joined', user);
  }

  #hear(name, data) {
    const waiting = this.#answers.findIndex((answer) => answer.name === name);
    if (waiting >= 0) this.#answers.splice(waiting, 1)[0].resolve(data);
    if (name === 'joined') this.#joined(data);
    else if (name === 'activated') this.#activated(data.activationTime);
    else if (name === 'deactivated') this.#ended(data);
  }

  #activated(time) {
    if (this.session.activationTime !== null) return;
    this.session.activationTime = time;
    if (this.state !== 'ended') this.state = 'active';
    this.#emit('activated', { activationTime: time });
    this.#attach({ CoBrowseStartTime: new Date(time).toISOString() });
  }

  #ended({ activationTime = null, deactivationTime, reason = 'unknown' }) {
    const { session } = this;
    if (this.state === 'ended') return;
    if (activationTime) this.#activated(activationTime);
    this.state = 'ended';
    Object.assign(session, { deactivationTime, reason });
    this.#line?.close();
    this.#line = null;
    this.#emit('deactivated', { activationTime: session.activationTime, deactivationTime, reason });
  }

  // What was told while nothing could be heard is in the history.
  async #missed() {
    const { activationTime, deactivationTime } = await this.history().catch(() => ({}));
    this.#ended({ activationTime: activationTime ?? null, deactivationTime: deactivationTime ?? Date.now() });
  }

  /** Ends the session for everyone. Resolves to its times. */
  async stop(reason = 'controller') {
    if (!REASONS.includes(reason)) throw new TypeError(`cobrowse: reason: expected ${REASONS.join(', ')}, found ${JSON.stringify(reason)}`);
    const { session } = this;
    if (!session?.userToken || this.state === 'ended') return session && { activationTime: session.activationTime, deactivationTime: session.deactivationTime };
    const times = await this.#get(`${session.server}/rest/live/users/${session.userToken}/session/stop?reason=${reason}`);
    this.#ended({ ...times, reason });
    return times;
  }

  /** Leaves the session, which goes on. */
  async exit() {
    const line = this.#line;
    this.#line = null;
    if (this.state !== 'ended') this.state = 'idle';
    await line?.leave();
  }

  /** What is known of the session afterwards. */
  async history() {
    return this.#get(`${this.session.server}/rest/history/sessions/${this.session.historyId}`);
  }

  /** The address of the agent's page for the session, for an iframe. `base`: where a proxy of the desktop's own has it. */
  agentPage({ base = this.session?.server ?? this.#url, name, debug = false } = {}) {
    const params = new URLSearchParams({ nosidinput: '1', sid: this.session?.token ?? '' });
    if (name) params.set('name', name);
    if (debug) params.set('debug', '1');
    return `${base.replace(/\/+$/, '')}/slave.html#${params}`;
  }

  /** Returns a function that removes the listener. */
  on(event, fn) {
    const fns = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, fns.add(fn));
    return () => fns.delete(fn);
  }

  #emit(event, detail) {
    for (const fn of this.#listeners.get(event) ?? []) {
      try {
        fn(detail);
      } catch (error) {
        console.error(error);
      }
    }
  }

  #answer(name) {
    return new Promise((resolve, reject) => {
      const answer = { name, resolve };
      this.#answers.push(answer);
      setTimeout(() => {
        this.#answers = this.#answers.filter((other) => other !== answer);
        reject(new Error(`cobrowse: ${name}: the server did not answer within ${ANSWER_MS / 1000} s`));
      }, ANSWER_MS);
    });
  }

  async #get(url) {
    const response = await fetch(url, { credentials: this.#credentials, cache: 'no-store' });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(`cobrowse: ${answer.error ?? 'the server answered ' + response.status}`);
    return answer;
  }
}

globalThis.CobrowseController = CobrowseController;
