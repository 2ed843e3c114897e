// A document in a frame of another origin: what it holds is read here and said to the page around it, a batch at a time; the
// next one waits for the answer to the last, which has the ids of the nodes. The other end is `hosts.js`. Frames of other origins in it
// have ports of their own: of them, only where they are is said here. Fetched when a page that may have this frame asks for it; exposes
// itself under a symbol, not a name, on the page.

import { Announcements, offsetIn } from './announcements.js';
import { Canvases } from './canvases.js';
import * as dom from './dom.js';

const POLL_MS = 500, FALLBACK_MS = 100;
const FRAME = 21;
// What a frame that has joined says to the windows around it.
const PLACE = 'cobrowse:place';
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
    this.places = new Map(); // frame of another origin that has joined → the page's name for it, and the id that the page has been told
    this.canvases = null; // once there are any
    this.options = { isBusy: () => this.isWaiting && !this.wantsFlush };
    port.onmessage = ({ data: [type, ...fields] }) => this[type]?.(...fields);
    this.onHide = () => port.postMessage(['left']);
    addEventListener('pagehide', this.onHide);
    this.announcements = new Announcements((source, origin) => this.offer(source, origin));
    this.onMessage = ({ data, source }) => {
      if (Array.isArray(data) && data[0] === PLACE) this.placed(source, data[1]);
    };
    addEventListener('message', this.onMessage);
    port.postMessage(['hello']);
  }

  // Everything is to be said, as what is in the frame of this id. Numbers of sheets begin with `prefix`: the page around has some, too.
  async start(epoch, home, prefix, { selectors, budget, verdicts, submit }) {
    this.end();
    Object.assign(this, { epoch, home, isFirst: true, isWaiting: false, isDue: false, wantsFlush: false, wantsPoll: false, wantsPixels: false });
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
    this.reader.onCanvas = (canvas) => this.canvases?.add(canvas);
    this.changes = new Changes(this.page, this.reader, () => this.schedule());
    this.changes.sheets.prefix = prefix;
    this.changes.guests = { renew() {}, state: (reader) => this.statePlaces(reader) };
    for (const [node, place] of this.places) {
      place.id = undefined;
      this.reader.joined.add(node);
    }
    this.changes.connect();
    this.poll = setInterval(() => {
      // What was told and has no number yet would count as gone.
      if (dom.hidden(document) || this.isWaiting) return;
      this.changes.poll(false);
      this.drawn()?.poll();
      this.schedule();
    }, POLL_MS);
    this.write();
  }

  // What tells pixels, where there are any. Behind the first batch: it wraps functions of the page.
  drawn() {
    if (this.canvases === null && this.changes && !this.isFirst && this.reader.canvases.size > 0) {
      const canvases = (this.canvases = new Canvases(this));
      this.changes.content = { loaded() {}, state: (reader) => canvases.state(reader) };
    }
    return this.canvases;
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
    if (this.wantsPoll && !this.isFirst) {
      this.wantsPoll = false;
      changes.poll(true);
    }
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
    if (!isAnswer) {
      this.tellPlaces();
      return;
    }
    this.isWaiting = false;
    this.tellPlaces();
    if (this.isFirst) {
      this.isFirst = false;
      changes.patchAll();
      changes.sheets.verifyLater([...reader.controls].filter((node) => node.localName === 'style'));
      this.drawn();
      this.announcements.look(changes);
    }
    const isOpen = reader.isCut || this.isDue || this.wantsFlush || retells.length > 0 || changes.documentChanged || changes.hosts.size > 0 || changes.scrolled.size > 0 || changes.sheets.isPending;
    if (!reader.isCut) reader.withScroll = false;
    if (isOpen) this.write();
  }

  flush() {
    this.wantsFlush = this.wantsPixels = this.wantsPoll = true;
    this.write();
  }

  // All that was noted is told; pixels are read now.
  flushed() {
    if (!this.wantsFlush || this.wantsPoll) return;
    const canvases = this.wantsPixels ? this.drawn() : null;
    this.wantsPixels = false;
    if (canvases !== null) {
      canvases.flush().then(() => this.write());
      return;
    }
    this.wantsFlush = false;
    this.port.postMessage(['flushed']);
  }

  // A frame of another origin in here may have the script: the page around is told how it gets to its window.
  offer(frame, origin) {
    const path = [];
    try {
      for (let at = frame; at !== window; at = at.parent) {
        if (at === null || at === at.parent) return; // It is in no frame of this page.
        let number = at.parent.length - 1;
        while (number >= 0 && at.parent[number] !== at) number--;
        if (number < 0) return; // It has gone.
        path.unshift(number);
      }
    } catch {
      return;
    }
    this.port.postMessage(['frame', path, origin]);
  }

  // A frame in here has joined; `token` is what the page calls it.
  placed(frame, token) {
    const node = this.frameOf(frame);
    if (node === undefined || !this.changes) return;
    this.places.set(node, { token, id: undefined, isNew: true });
    this.reader.joined.add(node);
    this.tellPlaces();
    this.schedule();
  }

  frameOf(frame) {
    for (const root of this.changes?.roots ?? []) {
      for (const node of dom.all(root, 'iframe, frame')) if (node.contentWindow === frame) return node;
    }
  }

  // Those that have joined are no boxes any more.
  statePlaces(reader) {
    this.announcements.look(this.changes);
    for (const [node, place] of this.places) {
      if (!place.isNew || place.id === undefined) continue;
      place.isNew = false;
      reader.attr(place.id, reader.prop('outside'), null);
    }
  }

  // Says which of the elements told frames are that have joined. A new frame has a document of this page's origin for a moment: where
  // that was told, it has to be known to be gone.
  tellPlaces() {
    if (this.isWaiting) return;
    for (const [node, place] of this.places) {
      if (this.changes.frames.has(node)) continue;
      const id = dom.isConnected(node) ? this.reader.ids.get(node) : undefined;
      if (id === place.id) continue;
      place.id = id;
      this.port.postMessage(['place', this.epoch, place.token, id]);
    }
  }

  // The page says: this is what it calls this frame. A window around knows where it is.
  place(token) {
    for (let at = window; at !== at.parent; at = at.parent) at.parent.postMessage([PLACE, token], '*');
  }

  // The page says: the one that it calls so has gone from the frame.
  apart(token) {
    for (const [node, place] of this.places) {
      if (place.token !== token) continue;
      this.places.delete(node);
      this.reader?.joined.delete(node);
      this.changes?.hosts.add(node);
      if (this.changes) this.schedule();
    }
  }

  // Where the viewport of a frame in here is.
  where(token) {
    const node = [...this.places].find(([, place]) => place.token === token)?.[0];
    this.port.postMessage(['where', token, ...(node ? offsetIn(window, node) : [0, 0])]);
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
    this.canvases?.stop();
    this.canvases = null;
    this.changes?.disconnect();
    this.changes = null;
  }

  stop() {
    if (this.ended) return;
    this.ended = true;
    this.end();
    this.leaveHand?.();
    removeEventListener('pagehide', this.onHide);
    removeEventListener('message', this.onMessage);
    this.announcements.stop();
    this.port.close();
  }
}

window[Symbol.for('cobrowse.guest')] = Guest;
