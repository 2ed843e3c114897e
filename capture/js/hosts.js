// Frames of another origin that have the script, too: each reads its own document, and says what it reads to the page around
// it, which has the one recorder, with the one gate. A site lists the origins of its frames (`frames`), and a frame's script tag those of
// the pages that may have it (`data-frame-of`): only then is there a port between the two. Fetched where a page lists origins;
// exposes itself under a symbol, not a name, on the page. The other end is `guest.js`.

import * as dom from './dom.js';

const INVITATION = 'cobrowse:frame', ANNOUNCEMENT = 'cobrowse:here';
// So long is waited for a frame that does not answer.
const PATIENCE_MS = 2000;

class Hosts {
  // `origins`: those of frames that may join; `rules()`: the options that they get now.
  constructor(recorder, origins, rules) {
    this.recorder = recorder;
    this.origins = new Set(origins);
    this.rules = rules;
    this.links = new Map(); // frame → its link
    this.tables = 0; // of names: each reader has one, the page's own is 0
    this.goneRoots = new Set(); // documents of frames that have left, told and not told to be gone
    this.refused = new WeakSet(); // frames that said what the engine does not take
    // A frame that comes later than the session says so.
    this.onMessage = ({ data, origin, source }) => {
      if (data !== ANNOUNCEMENT || !this.origins.has(origin)) return;
      for (const root of recorder.changes.roots) {
        for (const node of dom.all(root, 'iframe, frame')) if (node.contentWindow === source) this.invite(node, origin);
      }
    };
    window.addEventListener('message', this.onMessage);
    for (const root of recorder.changes.roots) {
      for (const node of dom.all(root, 'iframe, frame')) {
        const origin = originOf(node);
        if (dom.frameDocument(node) === null && this.origins.has(origin)) this.invite(node, origin);
      }
    }
  }

  invite(node, origin) {
    if (this.refused.has(node)) return;
    const { port1, port2 } = new MessageChannel();
    const link = new Link(this, node, port1);
    port1.onmessage = ({ data }) => {
      if (data[0] === 'hello') {
        const before = this.links.get(node);
        if (this.ended || this.refused.has(node)) {
          port1.postMessage(['stop']);
          return;
        }
        if (before !== link) before?.leave();
        this.links.set(node, link);
        link.begin();
      } else if (this.links.get(node) === link) {
        link.take(data);
      }
    };
    node.contentWindow.postMessage(INVITATION, origin, [port2]);
  }

  // The recorder has begun anew: nobody was told anything.
  restart() {
    this.goneRoots.clear();
    for (const link of this.links.values()) {
      link.root = undefined;
      link.begin();
    }
  }

  // Other rules are for the page now: frames say everything anew by them.
  renew() {
    for (const link of this.links.values()) link.begin();
  }

  // States what the page itself says of frames that have joined: whose document has gone.
  state(reader) {
    for (const [node, link] of this.links) {
      const id = reader.ids.find(node);
      if (link.hasLeft || !dom.isConnected(node)) {
        if (id === undefined || !dom.isConnected(node)) link.root = undefined; // It goes with its frame.
        link.leave();
        this.links.delete(node);
      } else if (id !== undefined && id !== link.id) {
        link.begin(); // Told anew, or for the first time.
      } else if (link.isNew && id !== undefined) {
        link.isNew = false;
        reader.attr(id, reader.prop('outside'), null);
      }
    }
    // What comes in their place comes in a later frame.
    this.isClearing = this.goneRoots.size > 0;
    for (const root of this.goneRoots) reader.gone(root);
    this.goneRoots.clear();
  }

  // Gives the engine what frames have said.
  hand(engine) {
    if (this.isClearing) this.recorder.continueSoon();
    else for (const link of this.links.values()) link.hand(engine);
  }

  // Behind a frame.
  settle(freed, retells) {
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
    window.removeEventListener('message', this.onMessage);
    this.ended = true;
    for (const link of this.links.values()) link.leave();
    this.links.clear();
  }
}

class Link {
  constructor(hosts, node, port) {
    this.hosts = hosts;
    this.node = node;
    this.port = port;
    this.epoch = 0;
    this.id = undefined; // of the frame's element
    this.root = undefined; // of its document
    this.batch = null; // what it has said, and the engine has not got
    this.fresh = null; // ids for the nodes of the batch that the engine got last
    this.flushes = [];
  }

  // It is to say everything anew.
  begin() {
    const { hosts } = this;
    this.epoch++;
    this.table = ++hosts.tables;
    this.batch = this.fresh = null;
    this.dropRoot();
    this.isNew = true;
    this.id = hosts.recorder.idOf(this.node);
    if (this.id === undefined) return; // It is not told itself yet.
    hosts.recorder.reader.joined.add(this.node);
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
    }
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
    for (const done of this.flushes.splice(0)) done();
    this.port.close();
  }

  hand(engine) {
    if (this.batch === null || this.hasLeft || this.id === undefined || this.hosts.recorder.reader.ids.get(this.node) !== this.id) return;
    const [words, text, units] = this.batch;
    this.batch = null;
    const before = engine.fresh().length;
    engine.select(this.table);
    try {
      engine.read(words.length, this.hosts.recorder.handOver(words, text, units), units);
    } catch (error) {
      // All is read anew, without this frame.
      this.hosts.refused.add(this.node);
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

  // An agent's action; a place is told as the frame has it.
  act(name, fields, user, command) {
    const { left, top } = dom.getBoundingClientRect(this.node);
    const place = { Click: 1, DoubleClick: 1, DragStart: 1, DragMove: 0, DragEnd: 0 }[name];
    if (place !== undefined) fields.splice(place, 2, fields[place] - left - this.node.clientLeft, fields[place + 1] - top - this.node.clientTop);
    this.port.postMessage(['act', name, fields, user, command]);
  }
}

function originOf(node) {
  try {
    return new URL(dom.getAttribute(node, 'src') ?? '', dom.baseURI(node)).origin;
  } catch {
    return '';
  }
}

window[Symbol.for('cobrowse.hosts')] = Hosts;
