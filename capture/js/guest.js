// A document in a frame of another origin: what it holds is read here and said to the page around it, a batch at a time; the
// next one waits for the answer to the last, which has the ids of the nodes. The other end is `hosts.js`. Fetched when a page that may
// have this frame asks for it; exposes itself under a symbol, not a name, on the page.

import * as dom from './dom.js';

const POLL_MS = 500, FALLBACK_MS = 100;
const FRAME = 21;
// What a page keeps from agents by itself.
const KEPT = ['mask', 'block', 'deny'].map((rule) => `[data-cobrowse-${rule}], [data-cobrowse-${rule}] *`).join();

class Guest {
  // `port` leads to the page around; `live()` gives what carries out an agent's actions, `rules()` what reads selectors; `engine`: what reads a page.
  constructor(port, live, rules, engine) {
    this.port = port;
    this.live = live;
    this.rules = rules;
    this.engine = engine;
    this.page = { document, window, scope: window };
    port.onmessage = ({ data: [type, ...fields] }) => this[type]?.(...fields);
    this.onHide = () => port.postMessage(['left']);
    addEventListener('pagehide', this.onHide);
    port.postMessage(['hello']);
  }

  // Everything is to be said, as what is in the frame of this id. Numbers of sheets begin with `prefix`: the page around has some, too.
  async start(epoch, home, prefix, { selectors, budget, verdicts, submit }) {
    this.end();
    Object.assign(this, { epoch, home, isFirst: true, isWaiting: false, isDue: false, wantsFlush: false });
    // What they keep is known before anything is read.
    const kept = selectors ? (await this.rules()).adopt(selectors) : null;
    if (this.ended || this.epoch !== epoch || this.changes) return;
    const { Changes, Reader, hearOnly } = this.engine;
    kept?.update(location.href);
    this.gate = { verdicts, submit };
    this.reader = new Reader({ selectors: kept, budget });
    // What is secret in any case is not said to the page around either.
    hearOnly((node, value) => (this.reader.secrets.has(node) ? '*'.repeat(value.length) : value));
    this.reader.withScroll = true;
    this.changes = new Changes(this.page, this.reader, () => this.schedule());
    this.changes.sheets.prefix = prefix;
    this.changes.connect();
    this.poll = setInterval(() => {
      if (dom.hidden(document)) return;
      this.changes.poll(false);
      this.schedule();
    }, POLL_MS);
    this.write();
  }

  schedule() {
    if (this.isScheduled) return;
    this.isScheduled = true;
    const run = () => {
      if (!this.isScheduled) return;
      this.isScheduled = false;
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      this.write();
    };
    const frame = requestAnimationFrame(run);
    const timer = setTimeout(run, FALLBACK_MS);
  }

  write() {
    if (!this.changes) return;
    this.isDue = this.isWaiting;
    if (this.isWaiting) return;
    const { changes, reader } = this;
    reader.start();
    reader.deadline = this.wantsFlush ? Infinity : performance.now() + this.reader.options.budget / 2;
    try {
      if (this.isFirst) this.tellAll();
      else changes.state();
    } catch {
      this.port.postMessage(['hello']); // From the beginning.
      return;
    }
    const { words, text, units } = reader.finish();
    if (words.length === 0) {
      this.flushed();
      return;
    }
    this.isWaiting = true;
    this.port.postMessage(['facts', this.epoch, words.slice(), text, units]);
  }

  tellAll() {
    const { changes, reader } = this;
    const props = [];
    this.engine.reportDocument(document, (name, value) => value !== null && props.push(name, value));
    reader.beginRun(this.home, null);
    reader.tellRoot(FRAME, document, props);
    reader.endRun();
    for (const node of reader.cuts) changes.later.add(node);
  }

  // The answer to what was said last.
  told(fresh, freed, retells) {
    const { changes, reader } = this;
    if (!changes) return;
    const isAnswer = fresh !== null;
    // Most of what goes is the page's around.
    const own = freed.filter((id) => reader.ids.nodes[id] !== undefined);
    if (isAnswer) reader.settle(own, fresh);
    else for (const id of own) reader.ids.free(id);
    if (own.length > 0) changes.noteFreed();
    for (const id of retells) changes.retell(id);
    if (!isAnswer) return;
    this.isWaiting = false;
    if (this.isFirst) {
      this.isFirst = false;
      changes.patchAll();
    }
    const isOpen = reader.isCut || this.isDue || this.wantsFlush || retells.length > 0 || changes.documentChanged || changes.hosts.size > 0 || changes.scrolled.size > 0 || changes.sheets.isPending;
    if (!reader.isCut) reader.withScroll = false;
    if (isOpen) this.write();
  }

  flush() {
    this.wantsFlush = true;
    this.changes?.poll(true);
    this.write();
  }

  flushed() {
    if (!this.wantsFlush) return;
    this.wantsFlush = false;
    this.port.postMessage(['flushed']);
  }

  // What an agent does in this frame, behind the page's gate; the table of kinds of elements came with the rules.
  async act(name, fields, user, command) {
    const { act, makeGate, watchHand } = await this.live();
    if (this.ended) return;
    this.leaveHand ??= watchHand();
    const { reader } = this;
    const page = {
      nodeOf: (id) => reader.ids.nodeOf(id),
      isKept: (node) => reader.secrets.has(node) || reader.marks(node) !== 0 || dom.matches(node, KEPT),
      gate: makeGate(this.gate.verdicts, this.gate.submit),
      overlay: null,
    };
    const reason = await act(name, fields, page);
    if (reason) this.port.postMessage(['refused', { user, command, reason }]);
  }

  end() {
    clearInterval(this.poll);
    this.changes?.disconnect();
    this.changes = null;
  }

  stop() {
    if (this.ended) return;
    this.ended = true;
    this.end();
    this.leaveHand?.();
    removeEventListener('pagehide', this.onHide);
    this.port.close();
  }
}

window[Symbol.for('cobrowse.guest')] = Guest;
