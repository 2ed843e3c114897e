// Frames of another origin that have the script, too: each reads its own document, and says what it reads to the page around
// it, which has the one recorder, with the one gate. A site lists the origins of its frames (`frames`), and a frame's script tag those of
// the pages that may have it (`data-frame-of`): only then is there a port between the two. A frame in such a frame has a port of its own
// to the page; the frame around it says only where it is, and sees nothing of it. Fetched where a page lists origins;
// exposes itself under a symbol, not a name, on the page. The other end is `guest.js`.

import { Announcements, offsetIn } from './announcements.js';
import * as dom from './dom.js';

const INVITATION = 'cobrowse:frame';
// So long is waited for a frame that does not answer.
const PATIENCE_MS = 2000;

class Hosts {
  // `origins`: those of frames that may join; `rules()`: the options that they get now.
  constructor(recorder, origins, rules) {
    this.recorder = recorder;
    this.origins = new Set(origins);
    this.rules = rules;
    this.links = new Map(); // a frame of the page, or the window of one in a frame that has joined → its link
    this.waiting = new Map(); // by the same: those who were invited last
    this.tables = 0; // of names: each reader has one, the page's own is 0
    this.goneRoots = new Set(); // documents of frames that have left, told and not told to be gone
    this.refused = new WeakSet(); // frames that said what the engine does not take
    this.going = new Set(); // what the page itself says to be gone, in the frame that is being made
    this.watch();
    // A frame that comes later than the session says so.
    this.announcements = new Announcements((source, origin) => {
      if (!this.origins.has(origin)) return;
      for (const root of recorder.changes.roots) {
        for (const node of dom.all(root, 'iframe, frame')) if (node.contentWindow === source) this.invite({ node }, origin);
      }
    });
    this.announcements.look(recorder.changes);
  }

  // Notes what the page says to be gone. Each beginning has a reader of its own.
  watch() {
    const { reader } = this.recorder;
    if (this.reader === reader) return;
    this.reader = reader;
    const { gone } = reader;
    reader.gone = (id) => {
      this.going.add(id);
      gone.call(reader, id);
    };
  }

  // Whether a node is, or is in, another.
  isIn(id, other) {
    const { engine } = this.recorder;
    let at = id;
    while (at !== undefined && at !== other) at = engine.parent(at);
    return at === other;
  }

  // Whether an element goes in this frame, or what it is in.
  isGoing(id) {
    if (this.going.size === 0) return false;
    for (let at = id; at !== undefined; at = this.recorder.engine.parent(at)) if (this.going.has(at)) return true;
    return false;
  }

  // `place`: a frame of the page, `node`; or of one that has joined, `outer`, the window of a frame in it.
  invite(place, origin) {
    const window = place.window ?? place.node.contentWindow;
    const key = place.node ?? window;
    if (this.refused.has(key)) return;
    const { port1, port2 } = new MessageChannel();
    const link = new Link(this, place, port1);
    // WebKit forgets a port that nobody holds while the other end has nobody who listens: the frame's script is on its way.
    this.waiting.set(key, [link, this.waiting.get(key)?.[0]]);
    port1.onmessage = ({ data }) => {
      if (data[0] === 'hello') {
        const before = this.links.get(key);
        if (this.ended || this.refused.has(key) || place.outer?.hasLeft) {
          port1.postMessage(['stop']);
          return;
        }
        if (before !== link) before?.leave();
        this.links.set(key, link);
        link.begin();
      } else if (this.links.get(key) === link) {
        link.take(data);
      }
    };
    window.postMessage(INVITATION, origin, [port2]);
  }

  // A frame that has joined says which of its elements one in it is; none any more where `id` is undefined.
  place(outer, epoch, token, id) {
    if (epoch !== outer.epoch) return; // Numbers of another beginning.
    // It may have gone meanwhile, and the number be another's.
    if (id !== undefined && (outer.root === undefined || !this.isIn(id, outer.root))) return;
    for (const link of this.links.values()) {
      if (link.outer !== outer) continue;
      if (link.token === token) link.place = id;
      // Another page was in it.
      else if (id !== undefined && link.place === id) link.leave();
    }
    this.recorder.schedule();
  }

  // The recorder has begun anew: nobody was told anything.
  restart() {
    this.goneRoots.clear();
    for (const link of this.links.values()) {
      link.root = link.place = undefined;
      link.begin();
    }
  }

  // Other rules are for the page now: frames say everything anew by them.
  renew() {
    for (const link of this.links.values()) link.begin();
  }

  // States what the page itself says of frames that have joined: whose document has gone.
  state(reader) {
    this.announcements.look(this.recorder.changes);
    for (const [key, link] of this.links) {
      const { node } = link;
      if (node === undefined) {
        if (link.hasLeft) this.links.delete(key);
        else if (link.place !== link.id) link.begin();
        continue;
      }
      const id = reader.ids.find(node);
      if (link.hasLeft || !dom.isConnected(node)) {
        if (id === undefined || !dom.isConnected(node)) link.root = undefined; // It goes with its frame.
        link.leave();
        this.links.delete(key);
      } else if (id !== undefined && id !== link.id) {
        link.begin(); // Told anew, or for the first time.
      } else if (link.isNew && id !== undefined) {
        link.isNew = false;
        reader.attr(id, reader.prop('outside'), null);
      }
      if (link.blank > 0 && !this.recorder.changes.frames.has(node)) link.blank--;
    }
    // What comes in their place comes in a later frame.
    this.isClearing = this.goneRoots.size > 0;
    for (const root of this.goneRoots) reader.gone(root);
    this.goneRoots.clear();
  }

  // Gives the engine what frames have said.
  hand(engine) {
    // Behind a new beginning no number holds. What has gone is told before what comes in its place.
    if (this.recorder.restarted || this.isClearing || this.goneRoots.size > 0) {
      this.recorder.continueSoon();
      return;
    }
    const due = [...this.links.values()].filter((link) => link.batch !== null);
    for (const link of due) {
      if (link.blank > 0) {
        this.recorder.continueSoon();
        continue;
      }
      // What a frame says may take away the place of one in it: that comes in a later frame.
      // What is in a place that goes now has nothing to say there: it is to say all anew, or has gone.
      if (this.isGoing(link.id) || due.some((inner) => inner.isIn(link))) this.recorder.continueSoon();
      else link.hand(engine);
    }
  }

  // Behind a frame.
  settle(freed, retells) {
    this.going.clear();
    this.watch();
    for (const id of freed) this.goneRoots.delete(id); // With its frame: the number may be another's soon.
    for (const link of this.links.values()) link.settle(freed, retells);
  }

  // The link of the frame that a node is in; undefined for what is in none.
  of(id) {
    const { engine } = this.recorder;
    for (let at = id; at !== undefined; at = engine.parent(at)) {
      for (const link of this.links.values()) if (link.root === at) return link;
    }
  }

  // Resolves when all have said what there was to say.
  async flush() {
    await Promise.all([...this.links.values()].map((link) => link.flush()));
  }

  stop() {
    this.announcements.stop();
    this.ended = true;
    for (const link of this.links.values()) link.leave();
    this.links.clear();
  }
}

class Link {
  constructor(hosts, { node, outer, window }, port) {
    this.hosts = hosts;
    this.node = node; // of a frame of the page itself
    this.outer = outer; // the link of the frame around it
    this.inner = window;
    this.port = port;
    this.epoch = 0;
    this.id = undefined; // of the frame's element
    this.place = undefined; // the same, as the frame around says
    this.root = undefined; // of its document
    this.batch = null; // what it has said, and the engine has not got
    this.fresh = null; // ids for the nodes of the batch that the engine got last
    this.flushes = [];
    this.asked = new Map(); // what is asked where a frame in it is → who waits for the answer
    this.acts = Promise.resolve();
    // The frame says it to the window around it: so the frame around knows which of its frames this is.
    if (outer !== undefined) this.token = crypto.getRandomValues(new Uint32Array(4)).join();
  }

  get window() {
    return this.inner ?? this.node.contentWindow;
  }

  isIn(link) {
    return this.outer !== undefined && (this.outer === link || this.outer.isIn(link));
  }

  // It is to say everything anew.
  begin() {
    const { hosts } = this;
    this.epoch++;
    this.table = ++hosts.tables;
    for (const link of hosts.links.values()) if (link.outer === this) link.place = undefined; // It says them anew, too.
    this.batch = this.fresh = null;
    this.dropRoot();
    this.isNew = true;
    // A new frame has a document of the page's origin for a moment. Where that was told, it goes in a frame before what comes.
    this.blank = this.node !== undefined && hosts.recorder.changes.frames.has(this.node) ? 2 : 0;
    this.id = this.node === undefined ? this.place : hosts.recorder.idOf(this.node);
    if (this.id === undefined) { // It is not told itself yet.
      if (this.token !== undefined) this.port.postMessage(['place', this.token]);
      return;
    }
    if (this.node !== undefined) hosts.recorder.reader.joined.add(this.node);
    this.port.postMessage(['start', this.epoch, this.id, 'f' + this.table + '.', hosts.rules()]);
    hosts.recorder.schedule();
  }

  take([type, ...fields]) {
    const { recorder } = this.hosts;
    switch (type) {
      case 'facts':
        if (fields[0] !== this.epoch) return;
        this.batch = fields.slice(1);
        if (this.flushes.length > 0) recorder.write(Infinity);
        else recorder.schedule();
        break;
      case 'flushed':
        for (const done of this.flushes.splice(0)) done();
        break;
      case 'refused':
        recorder.options.onRefused?.(fields[0]);
        break;
      case 'left':
        this.leave();
        recorder.schedule();
        break;
      case 'frame':
        this.invite(...fields);
        break;
      case 'place':
        this.hosts.place(this, ...fields);
        break;
      case 'where':
        for (const done of this.asked.get(fields[0])?.splice(0) ?? []) done(fields.slice(1));
    }
  }

  // A frame in it, by the numbers of the windows on the way to it, may join, too.
  invite(path, origin) {
    if (!this.hosts.origins.has(origin)) return;
    let { window } = this;
    try {
      for (const number of path) window = window[number >>> 0];
    } catch {
      return; // It has gone meanwhile.
    }
    if (window) this.hosts.invite({ outer: this, window }, origin);
  }

  // The document that was told goes.
  dropRoot() {
    if (this.root !== undefined) this.hosts.goneRoots.add(this.root);
    this.root = undefined;
  }

  leave() {
    if (this.hasLeft) return;
    this.hasLeft = true;
    this.dropRoot();
    this.port.postMessage(['stop']);
    this.hosts.recorder.reader.joined.delete(this.node);
    this.outer?.port.postMessage(['apart', this.token]);
    for (const done of this.flushes.splice(0)) done();
    for (const link of this.hosts.links.values()) if (link.outer === this) link.leave();
    this.port.close();
  }

  hand(engine) {
    if (this.hasLeft || this.id === undefined) return;
    if ((this.node === undefined ? this.place : this.hosts.recorder.reader.ids.get(this.node)) !== this.id) return;
    const [words, text, units] = this.batch;
    this.batch = null;
    const before = engine.fresh().length;
    engine.select(this.table);
    try {
      engine.read(words.length, this.hosts.recorder.handOver(words, text, units), units);
    } catch (error) {
      // All is read anew, without this frame.
      this.hosts.refused.add(this.node ?? this.inner);
      this.leave();
      throw error;
    } finally {
      engine.select(0);
    }
    this.fresh = engine.fresh().slice(before);
    this.root ??= this.fresh[0];
  }

  settle(freed, retells) {
    if (freed.includes(this.root)) this.root = undefined;
    if (freed.includes(this.place)) this.place = undefined; // Until the frame around says another.
    if (this.fresh === null && freed.length === 0 && retells.length === 0) return;
    this.port.postMessage(['told', this.fresh, freed, retells]);
    this.fresh = null;
  }

  flush() {
    if (this.id === undefined) return undefined;
    return new Promise((done) => {
      this.flushes.push(done);
      setTimeout(done, PATIENCE_MS);
      this.port.postMessage(['flush']);
    });
  }

  // An agent's action. Where the hand drags to is told as the page has it; every other place, as the frame has it.
  act(name, fields, user, command) {
    this.acts = this.acts.then(async () => {
      if (name === 'DragMove' || name === 'DragEnd') {
        const [left, top] = await this.offset();
        fields.splice(0, 2, fields[0] - left, fields[1] - top);
      }
      if (!this.hasLeft) this.port.postMessage(['act', name, fields, user, command]);
    });
  }

  // Where its viewport is in that of the page.
  async offset() {
    if (this.node !== undefined) return offsetIn(window, this.node);
    const around = await this.outer.offset();
    const inside = await new Promise((done) => {
      const { asked, port } = this.outer;
      asked.set(this.token, [...(asked.get(this.token) ?? []), done]);
      setTimeout(done, PATIENCE_MS, [0, 0]);
      port.postMessage(['where', this.token]);
    });
    return around.map((length, at) => length + inside[at]);
  }
}

window[Symbol.for('cobrowse.hosts')] = Hosts;
