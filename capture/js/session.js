// A session on the customer's page: consent, recording, relay, control, end.

import { PageRecorder } from './recorder.js';

// How long the recorder works in one go, in milliseconds, where the page does not say.
const BUDGET_MS = 8;
// How long what was said last may take to leave the page when the customer stops.
const STOP_MS = 500;
const MODES = ['follow', 'view', 'shared']; // the least that an agent may do first
const RESOURCES = ['auto', 'reference', 'inline'];
// Tags of protocol/src/control.rs, and the reason of an end.
const SAY = { Paused: 18, Resumed: 19, Ended: 34 };
const BY_CUSTOMER = 1;
// Options that say what is kept from the agent.
const RULES = ['mask', 'unmask', 'block', 'ignore', 'deny', 'rules', 'private', 'maskLength', 'urls'];

export class Session {
  constructor(options, resumed) {
    this.options = checked(options);
    this.resumed = resumed;
    this.mode = resumed?.mode ?? options.mode ?? 'shared';
    this.token = resumed?.token ?? null;
    this.listeners = new Map();
    this.agents = null; // those at the relay
    this.life = 'created';
    this.handle = this.makeHandle();
  }

  // What the page gets.
  makeHandle() {
    const session = this;
    return Object.freeze({
      get token() { return session.token; },
      get mode() { return session.mode; },
      get sealed() { return session.seal?.about ?? null; },
      get agents() { return session.agents?.shown() ?? []; },
      get state() { return session.live ? session.life : session.ended ? 'ended' : session.recorder?.paused ? 'paused' : 'active'; },
      stop: () => session.stop(),
      flush: () => session.flush(),
      pause: () => session.pause(),
      resume: () => session.unpause(),
      setMode: (mode) => session.setMode(mode),
      shareScreen: () => session.onScreen('start'),
      stopScreen: () => session.onScreen('stop'),
      keyframe: () => session.recorder?.keyframe(),
      verify: () => session.recorder?.verify(),
      report: () => session.recorder?.report(),
      answer: (request) => session.recorder?.answer(request),
      recording: async (options) => session.tape?.handOut(options) ?? null,
      stats: () => session.recorder && { ...session.recorder.stats(), ...session.link?.stats() },
      on: (event, fn) => session.on(event, fn),
    });
  }

  // `ready()` gives the compiled engine, `part(name)()` what only some sessions need: `live` those with people in them.
  async open(ready, part) {
    const { options } = this;
    if (options.screen === 'only') return (await part('screen')()).open(this, ready, part);
    const rules = part('rules');
    // A rule that is none is refused before anybody is asked.
    let kept = RULES.some((name) => (options[name] ?? null) !== null) ? (await rules()).keep(options, null) : {};
    const asks = options.consent !== false && !this.resumed;
    // With a sink of the page's own nobody watches but who the page lets watch.
    const shows = (this.shows = options.overlay ?? Boolean(options.relay));
    // While the customer is asked the engine is on its way.
    const loading = ready();
    loading.catch(() => undefined);
    if (asks || shows || options.relay || options.sealed) this.live = await part('live')();
    if (asks || shows) this.overlay = await this.live.Overlay.make(this, part('translations'));
    if (asks) await this.live.ask(this);
    else this.become('accepted');
    const wasm = await loading;
    if (this.ended) throw new Error('cobrowse: the session was stopped before it began');
    if (options.relay || options.sealed) await this.live.join(this, part);
    if (this.rules) kept = (await rules()).keep(options, this.rules);
    kept.selectors?.update(location.href);
    this.recorder = new PageRecorder({ document, window, scope: window }, wasm, {
      selectors: kept.selectors ?? null,
      policy: kept.policy,
      budget: options.budgetMs ?? BUDGET_MS,
      resources: options.resources ?? (options.record && !options.relay ? 'inline' : 'auto'),
      part,
      submit: options.allowSubmit === true,
      frames: options.frames ? [options.frames].flat() : null,
      onRefused: ({ user, command, reason }) => this.agents?.refuse(user, command, reason),
      sink: (frame) => this.send(frame),
      isBusy: () => this.link?.isBusy() ?? false,
      onError: (error) => this.fail(error),
      onTopLayer: (opened) => this.overlay?.raise(opened),
      onWritten: () => this.overlay?.keep(),
    });
    if (this.overlay) this.recorder.ignore(this.overlay.host);
    if (options.record) this.tape = await (await part('tape')()).begin(this);
    this.recorder.paused = Boolean(this.resumed?.paused);
    // Behind it comes what is ours: a page without it is read faster.
    this.recorder.keyframe();
    if (shows) this.overlay.show();
    if (this.link) this.tell(this.recorder.modeFrame(this.mode));
    this.become('shared', ...(this.recorder.paused ? ['paused'] : []));
  }

  become(...events) {
    this.live?.become(this, ...events);
  }

  send(frame) {
    this.tape?.push(frame);
    this.options.onFrame?.(frame);
    this.link?.send(frame);
  }

  // Messages are for agents at the relay; a sink without one takes frames of the page only.
  tell(frame) {
    this.link?.send(frame);
  }

  async flush() {
    await this.recorder?.flushAll();
    await this.link?.drained();
  }

  pause() {
    if (!this.recorder || this.recorder.paused) return;
    this.recorder.pause();
    this.tell(this.recorder.engine.say(SAY.Paused, [], 0));
    this.agents?.changed();
    this.turned('paused');
  }

  unpause() {
    if (!this.recorder?.paused || this.dormant) return;
    this.tell(this.recorder.engine.say(SAY.Resumed, [], 0));
    this.recorder.resume();
    this.turned('resumed', ...(this.agents?.list.size > 0 ? ['joined'] : []));
  }

  async onScreen(what) {
    return (await this.recorder.options.part('screen')())[what](this);
  }

  turned(event, ...more) {
    if (this.link) this.live.save(this);
    this.overlay?.update();
    this.emit(event);
    this.become(event, ...more);
  }

  // Resolves to the mode that holds then. Where more is to be allowed than before, the customer is asked: by who asks the customer at
  // all, and whenever it is an agent's wish.
  async setMode(mode, isAgents = false) {
    if (!MODES.includes(mode)) throw new TypeError(`cobrowse: mode: expected "shared", "view" or "follow", found ${JSON.stringify(mode)}`);
    const isMore = MODES.indexOf(mode) > MODES.indexOf(this.mode);
    if (isMore && (isAgents || this.options.consent !== false) && !(await this.overlay?.askMode(mode))) return this.mode;
    if (!this.ended) this.changeMode(mode);
    return this.mode;
  }

  changeMode(mode) {
    if (mode === this.mode) return;
    this.mode = mode;
    if (this.link) this.live.save(this);
    if (this.recorder) this.tell(this.recorder.modeFrame(mode));
    this.agents?.changed();
    this.overlay?.update();
    this.emit('mode', mode);
  }

  async stop() {
    if (this.ended) return;
    if (this.recorder) {
      this.recorder.flush();
      this.tell(this.recorder.engine.say(SAY.Ended, [BY_CUSTOMER], 0));
    }
    await this.link?.drained(STOP_MS);
    this.end('customer');
  }

  fail(error) {
    this.emit('error', error);
    this.end('failed');
  }

  end(reason) {
    if (this.ended) return;
    this.ended = true;
    this.agents?.stop();
    this.overlay?.remove();
    this.recorder?.stop();
    if (this.link) this.live.leave(this, reason);
    this.become('ended');
    this.emit('ended', reason);
  }

  on(event, fn) {
    const fns = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, fns.add(fn));
    return () => fns.delete(fn);
  }

  emit(event, detail) {
    for (const fn of this.listeners.get(event) ?? []) {
      try {
        fn(detail);
      } catch (error) {
        console.error(error);
      }
    }
  }
}

function checked(options) {
  const { relay, onFrame, record, mode, resources, budgetMs, confirm, screen } = options;
  if (!relay && !record && typeof onFrame !== 'function') {
    throw new TypeError('cobrowse: start: expected `relay` (a URL), `onFrame` (a function) or `record`, found none');
  }
  // What was saved for the next page has null for what is without end.
  if (budgetMs !== undefined && budgetMs !== null && !(typeof budgetMs === 'number' && budgetMs >= 1)) {
    throw new TypeError(`cobrowse: budgetMs: expected a number of milliseconds from 1 on, found ${JSON.stringify(budgetMs)}`);
  }
  if (mode !== undefined && !MODES.includes(mode)) {
    throw new TypeError(`cobrowse: mode: expected "shared", "view" or "follow", found ${JSON.stringify(mode)}`);
  }
  // A mistake here must not show the page.
  if (screen && screen !== 'only') throw new TypeError(`cobrowse: screen: expected "only", false or nothing, found ${JSON.stringify(screen)}`);
  if (confirm !== undefined && confirm !== 'each') {
    throw new TypeError(`cobrowse: confirm: expected "each", or nothing, found ${JSON.stringify(confirm)}`);
  }
  if (resources !== undefined && !RESOURCES.includes(resources)) {
    throw new TypeError(`cobrowse: resources: expected "auto", "reference" or "inline", found ${JSON.stringify(resources)}`);
  }
  for (const origin of [options.frames ?? []].flat()) {
    if (URL.canParse?.(origin) !== false && new URL(origin).origin === origin) continue;
    throw new TypeError(`cobrowse: frames: expected origins such as "https://forms.example", found ${JSON.stringify(origin)}`);
  }
  return options;
}
