// A recording that is open: played into a container, searched, looked into. One thing at a time is done with its page; what is
// asked for meanwhile comes after it.

import * as glue from 'cobrowse-replay-wasm';
import { PlayerView } from './player.js';
import { openSource } from './source.js';

// Frames that a search or the like goes through before the browser has its turn.
const FRAMES_A_TURN = 400;
// And so long, in milliseconds.
const TURN_MS = 12;
// What is patient waits no longer than so many milliseconds for its turn.
const whenIdle = (resolve) => requestIdleCallback(resolve, { timeout: 500 });

export class Recording {
  constructor(source) {
    this.source = source;
    this.engine = new glue.Recording(source.size);
    this.view = null;
    this.work = Promise.resolve();
    this.closed = false;
    this.isMarking = false;
  }

  static async open(from) {
    const recording = new Recording(await openSource(from));
    try {
      await recording.fill(recording.engine);
    } catch (error) {
      recording.close();
      throw error;
    }
    const [version, created, url, userAgent, viewport, rules] = recording.engine.known();
    recording.about = { version, created, url, userAgent, viewport, rules };
    return recording.makeHandle();
  }

  // What the page gets.
  makeHandle() {
    const recording = this;
    const { engine } = this;
    const [begin, end] = engine.times();
    const [part, ...changes] = engine.activity();
    const problem = engine.problem();
    return Object.freeze({
      about: Object.freeze(this.about),
      begin,
      end,
      frames: engine.frames(),
      activity: Object.freeze({ part, changes }),
      problem: problem ? { offset: problem[0], message: problem[1] } : null,
      size: this.source.size,
      get now() { return engine.now(); },
      get document() { return recording.view?.page?.document ?? null; },
      get player() { return recording.view?.handle ?? null; },
      mount: (container, options) => recording.mount(container, options),
      seek: (at) => recording.seek(at),
      step: (until) => recording.step(until),
      stepBack: () => recording.stepBack(),
      watchChanges: (on) => (recording.isMarking = on),
      changes: () => recording.changes(),
      trail: (from, to, signal) => recording.trail(from, to, signal),
      search: (text, options) => recording.search(text, options),
      survey: (options) => recording.survey(options),
      element: (node) => recording.view?.page?.nodes[node] ?? null,
      stats: () => ({ seq: engine.seq(), hash: engine.hash(), nodes: engine.nodes(), time: engine.time() }),
      flush: () => recording.flush(),
      close: () => recording.close(),
    });
  }

  // Reads what is wanted until nothing is.
  async fill(wants) {
    for (let want = wants.want(); want !== undefined; want = wants.want()) {
      const bytes = await this.source.read(want[0], want[1]);
      if (this.closed) throw new Error('cobrowse: the recording was closed');
      wants.supply(bytes);
    }
  }

  // One behind the other.
  then(what) {
    const done = this.work.then(() => {
      if (this.closed) throw new Error('cobrowse: the recording was closed');
      return what();
    });
    this.work = done.catch(() => undefined);
    return done;
  }

  mount(container, options = {}) {
    this.view?.destroy();
    this.view = new PlayerView(container, options, this.engine);
    return this.view.handle;
  }

  seek(at) {
    return this.then(() => this.go(Math.max(0, Math.min(Math.round(at), 0xffffffff))));
  }

  // The tree first; then the page once.
  async go(at) {
    const { engine, view } = this;
    if (this.isMarking) engine.mark();
    let failed = null;
    try {
      engine.seek(at);
      await this.fill(engine);
    } catch (error) {
      failed = error; // Up to there it is right.
    }
    if (engine.outcome() !== undefined || (view && !view.page)) view?.took('rebuilt', true);
    if (failed) throw failed;
    return this.told();
  }

  // The next frame of the page, if it is not later than `until`; null where there is none.
  step(until = 0xffffffff) {
    return this.then(async () => {
      const { engine } = this;
      if (this.isMarking) engine.mark();
      engine.step(Math.max(0, Math.min(Math.round(until), 0xffffffff)));
      await this.fill(engine);
      const outcome = engine.outcome();
      if (outcome === undefined) return null;
      this.view?.took(outcome, false);
      return this.told();
    });
  }

  stepBack() {
    return this.then(() => this.go(this.engine.before()));
  }

  told() {
    const { engine } = this;
    const said = Array.from(engine.said(), ([at, user, name, ...fields]) => ({ at, user, name, fields }));
    return { at: engine.now(), outcome: engine.outcome() ?? null, said };
  }

  changes() {
    return Array.from(this.engine.changes(), ([what, node, path, name, before, after]) => ({
      what, node, path, name, before, after, element: this.view?.page?.nodes[node] ?? null,
    }));
  }

  // Goes through the recording with what `scan` is, a turn at a time; `each` is called behind each turn, `last` behind the last.
  // One that is patient lets whatever else the page has to do go first.
  async scan(scan, each, signal, { last = each, isPatient = false } = {}) {
    let left = FRAMES_A_TURN, since = performance.now();
    try {
      for (;;) {
        signal?.throwIfAborted();
        if (scan.work(20)) break;
        await this.fill(scan);
        left -= 20;
        if (left <= 0 || performance.now() - since > TURN_MS) {
          each();
          await new Promise(isPatient && window.requestIdleCallback ? whenIdle : (resolve) => setTimeout(resolve));
          [left, since] = [FRAMES_A_TURN, performance.now()];
          if (this.closed) throw new Error('cobrowse: the recording was closed');
        }
      }
      last();
    } finally {
      scan.free();
    }
  }

  // Where pointers were: `[{ at, user, x, y, click }]`, `user` 0 for the customer.
  async trail(from, to, signal) {
    const scan = this.engine.trail(Math.max(0, Math.round(from)), Math.max(0, Math.round(to)));
    let points = [];
    await this.scan(scan, () => (points = scan.points()), signal);
    const out = [];
    for (let at = 0; at < points.length; at += 5) {
      out.push({ at: points[at], user: points[at + 1], x: points[at + 2], y: points[at + 3], click: points[at + 4] === 1 });
    }
    return out;
  }

  // When a text is to be read: `[{ from, to, node, text }]`. `onProgress(hits, time)` is called as the search goes on.
  async search(text, { onProgress, signal } = {}) {
    const scan = this.engine.search(String(text));
    let hits = [];
    const told = () => {
      hits = Array.from(scan.hits(), ([from, to, node, around]) => ({ from, to: to ?? null, node, text: around }));
      onProgress?.(hits, scan.now());
    };
    await this.scan(scan, told, signal);
    return hits;
  }

  // What happened when: `{ moments: [{ at, name, fields }], idle: [{ from, to }] }`.
  async survey({ signal } = {}) {
    const scan = this.engine.survey();
    let moments = [], idle = [];
    const told = () => {
      moments = Array.from(scan.moments(), ([at, name, ...fields]) => ({ at, name, fields }));
      const times = scan.idle();
      idle = Array.from({ length: times.length / 2 }, (_, index) => ({ from: times[2 * index], to: times[2 * index + 1] }));
    };
    await this.scan(scan, () => undefined, signal, { last: told, isPatient: true });
    return { moments, idle };
  }

  async flush() {
    await this.work;
    await this.view?.flush();
  }

  close() {
    if (this.closed) return;
    this.closed = true;
    // A view frees the engine that it was given.
    if (this.view) this.view.destroy();
    else this.engine.free();
  }
}
