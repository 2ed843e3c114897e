// One recording of one page: notes changes, states them, and hands frames to a sink.

import { Changes, whenIdle } from './changes.js';
import * as dom from './dom.js';
import { noteOpen } from './layers.js';
import { markupOf, readCensus, readMarkup } from './markup.js';
import { Reader } from './reader.js';

// How long a frame may wait for an animation frame, which a hidden tab never gets.
const FALLBACK_MS = 100;
// A frame that comes so long after the last one does not wait for an animation frame.
const QUIET_MS = 16;
// How often controls are looked at for what scripts set without an event.
const POLL_MS = 500;
// How often agents get what they ask for.
const REQUEST_MS = 1000;
// How far into a recording the page is first compared with the mirror.
const WALK_MS = 5000;
// The share of a slice's time that reading may take, at first: the engine needs the rest.
const READING = 0.4;
// A tag of protocol/src/control.rs, and modes by their numbers.
const MODE_CHANGED = 16;
const MODES = ['', 'follow', 'view', 'shared'];
// A page that cannot be read is read afresh, this often at most.
const MAX_RESTARTS = 5;

export class PageRecorder {
  // `page`: the document, its window, and where the prototypes are that are patched: `scope`. `sink(bytes)` takes each frame; `isBusy()` says that the last ones have not left yet, and frames are to wait.
  constructor(page, wasm, options) {
    this.page = page;
    this.wasm = wasm;
    this.options = options;
    this.started = performance.now();
    this.ignored = [];
    this.restarts = 0;
    this.loads = {}; // of parts
    this.frames = 0;
    this.bytes = 0;
    this.writtenAt = -Infinity;
    this.paused = false;
    this.wanted = false; // a keyframe is, or what a player lacks of one
    this.whole = false;
    this.reading = READING;
    this.slices = 0;
    this.longest = 0;
    this.begin();
    this.poll = setInterval(() => {
      if (this.paused || dom.hidden(this.page.document)) return;
      this.changes.poll(false);
      if (this.content) this.content.poll();
      else if (this.needsContent() || this.seeks?.(this)) this.loadContent();
      if (this.motion) this.motion.poll();
      else if (!this.looked) this.lookForMotion();
      this.schedule();
    }, POLL_MS);
  }

  renew() {
    const key = crypto.getRandomValues(new Uint32Array(2));
    this.engine?.free();
    this.engine = new this.wasm.Engine(key[0], key[1]);
    if (this.options.policy) this.engine.policy(...this.options.policy);
  }

  begin() {
    this.renew();
    this.reader = new Reader(this.options);
    for (const node of this.ignored) this.reader.ignored.add(node);
    this.reader.ignoredNodes = this.ignored;
    this.changes?.disconnect();
    this.changes = new Changes(this.page, this.reader, () => this.schedule());
    this.changes.onTopLayer = this.options.onTopLayer;
    this.changes.content = this.content;
    this.changes.motion = this.motion;
    this.changes.guests = this.guests;
    this.changes.features = this.features;
    this.changes.slots = this.slots;
    this.changes.onAnimated = (node) => (this.motion ? this.motion.note(node) : this.loadMotion());
    this.reader.onCanvas = (canvas) => this.content?.canvases.add(canvas);
    this.content?.restart();
    this.walk?.restart();
    this.motion?.restart();
    this.restarted = true; // frames that have joined begin anew behind the first frame
    this.reader.ids.set(this.page.document, 0);
    this.changes.connect();
    this.reader.withScroll = true;
    for (let node = dom.firstChild(this.page.document); node !== null; node = dom.nextSibling(node)) this.changes.touched.add(node);
    this.changes.documentChanged = true;
    this.unpatched = true;
    // A page that could not be taken in one way is read in the other.
    this.unread = this.restarts === 0;
  }

  // Reads what there is before the first frame, if it can be read at once; otherwise it is read as if it were new.
  readPage() {
    this.unread = false;
    // What has changed so far is in what is read.
    this.changes.note(this.changes.observer.takeRecords());
    const markup = markupOf(this.page);
    for (const read of markup === null ? [] : [readCensus, readMarkup]) {
      if (read(this, markup)) return;
      this.renew();
      this.reader.start();
    }
    noteOpen(this.page.document, [...dom.all(this.page.document, 'dialog[open],[popover]')]);
  }

  // The node of an id, `undefined` when there is none.
  nodeOf(id) {
    this.changes.note(this.changes.observer.takeRecords());
    try {
      return this.reader.ids.nodeOf(id);
    } catch (error) {
      this.changes.lose(error);
    }
  }

  // The id of a node, `undefined` when it has none.
  idOf(node) {
    this.changes.note(this.changes.observer.takeRecords());
    try {
      return this.reader.ids.find(node);
    } catch (error) {
      this.changes.lose(error);
    }
  }

  // Keeps a node of ours out of the recording.
  ignore(node) {
    this.ignored.push(node);
    this.reader.ignored.add(node);
  }

  time() {
    return Math.max(0, Math.round(performance.now() - this.started));
  }

  // The message that tells the mode tells the time, too: a player that comes late has only old frames to go by.
  modeFrame(mode) {
    return this.engine.say(MODE_CHANGED, [MODES.indexOf(mode)], this.time());
  }

  // Whether an element is kept from agents' hands (1), and what is in it from their eyes (2).
  kept(node) {
    const id = this.idOf(node);
    return id !== undefined ? this.engine.kept(id) : this.reader.secrets.has(node) ? 3 : 0;
  }

  // The mode gate's table for kinds of elements.
  verdicts() {
    return this.wasm.Engine.verdicts();
  }

  schedule() {
    if (this.scheduled || this.paused || this.ended) return;
    this.scheduled = true;
    let frame, timer;
    const run = () => {
      if (!this.scheduled) return;
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      this.scheduled = false;
      if (this.ended) return;
      if (this.options.isBusy()) {
        // The net diff at a later moment says it all: frames get rarer, the queue does not get longer.
        setTimeout(() => this.schedule(), FALLBACK_MS);
        return;
      }
      this.write();
    };
    if (performance.now() - this.writtenAt >= QUIET_MS) {
      nextTask(run);
      return;
    }
    frame = requestAnimationFrame(run);
    timer = setTimeout(run, FALLBACK_MS);
  }

  // Everything that changed so far goes to the sink now, however long it takes: as one frame or, after a change of privacy
  // rules, several.
  flush() {
    if (this.paused || this.ended) return;
    this.changes.poll(true);
    this.write(Infinity);
  }

  // Names of custom elements that were told for the first time.
  noteCustoms(names) {
    if (names === undefined) return;
    for (const name of names.split(' ')) this.reader.customNames.add(name);
    this.changes.documentChanged = true;
  }

  // Whether the page shows what markup does not say: pixels, pictures that only it can load. Of what no frame waits for, the
  // part for idle time knows.
  needsContent() {
    const { part, resources } = this.options;
    const { canvases, pictures } = this.reader;
    return part && (canvases.size > 0 || resources === 'inline' || resources !== 'reference' && pictures.size > 0);
  }

  // Fetches what only some pages need, once; `made(part)` runs with it, unless this is over by then.
  load(name, made) {
    return (this.loads[name] ??= this.options.part?.(name)().then(
      (part) => this.ended || made(part),
      (error) => console.warn(error.message),
    ));
  }

  loadContent() {
    return this.load('content', (Content) => (this.content = this.changes.content = new Content(this, this.options.resources)));
  }

  // Whether something moves that was begun before this session.
  lookForMotion() {
    this.looked = true;
    const animations = this.page.document.getAnimations?.() ?? [];
    if (animations.some((animation) => !('transitionProperty' in animation))) this.loadMotion();
  }

  loadMotion() {
    return this.load('motion', (Motion) => (this.motion = this.changes.motion = new Motion(this)));
  }

  // What frames of other origins join by.
  loadGuests() {
    const { frames, selectors, budget, submit } = this.options;
    const rules = () => ({ selectors: selectors?.plain(), budget, submit, verdicts: this.verdicts() });
    if (frames) this.load('hosts', (Hosts) => (this.guests = this.changes.guests = new Hosts(this, frames, rules)));
  }

  // What is there for idle time: the customer's media features are told, and later the page is compared with the mirror.
  loadIdle() {
    return this.load('idle', ({ Faces, Features, Slots, Walk, seeksContent }) => {
      this.faces = new Faces(this.page.scope);
      this.seeks = seeksContent;
      this.features = this.changes.features = new Features(this.page.window, () => this.changes.noteDocument());
      this.slots = this.changes.slots = new Slots(this);
      this.changes.noteDocument();
      this.walk = new Walk(this, WALK_MS);
    });
  }

  // As `flush()`, with what takes a while to be read.
  async flushAll() {
    if (this.paused || this.ended) return;
    await this.loads.motion;
    if (this.guests) {
      // A frame has to be told before it can say what it holds.
      this.flush();
      await this.guests.flush();
    }
    if (this.content || this.needsContent()) {
      // What is not told yet is told first.
      this.flush();
      await (this.content ?? this.loadContent());
      await this.content?.flush();
    }
    this.flush();
  }

  // The next slice, when the page has had its turn.
  continueSoon() {
    if (this.goesOn) return;
    this.goesOn = true;
    nextTask(() => {
      if (!this.goesOn) return;
      if (this.paused || this.ended || !this.options.isBusy()) this.write();
      else {
        this.goesOn = false;
        setTimeout(() => this.schedule(), FALLBACK_MS);
      }
    });
  }

  // The next frame is a keyframe, and goes now.
  keyframe() {
    this.whole = true;
    this.repair();
  }

  // An agent asks for a keyframe, or for what it lacks of one. Nobody gets more than one a second, nor what would only wait.
  requested(whole) {
    this.asksWhole ||= whole; // Kept apart until then: a frame in between has neither.
    if (this.requestTimer) return;
    const give = () => {
      this.requestTimer = undefined;
      if (this.ended) return;
      if (this.options.isBusy()) {
        this.requestTimer = setTimeout(give, FALLBACK_MS);
        return;
      }
      this.requestedAt = performance.now();
      this.whole ||= this.asksWhole;
      this.asksWhole = false;
      this.repair();
    };
    this.requestTimer = setTimeout(give, Math.max(0, (this.requestedAt ?? -REQUEST_MS) + REQUEST_MS - performance.now()));
  }

  // The next frame has all that the player lacks that asked last.
  repair() {
    this.wanted = true;
    this.write();
  }

  // What a player without a relay asks for (`request` of its events).
  answer(request) {
    const [name, , text] = this.engine.control(request, 'follow', this.paused, 0);
    if (name === 'Missing') this.missing(text);
    else if (name === 'RepairRequest') this.repair();
    else if (name === 'KeyframeRequest') this.keyframe();
  }

  // What an agent's page could not load.
  missing(addresses) {
    this.loadContent()?.then(() => this.content?.missing(addresses));
  }

  write(budget = this.options.budget) {
    if (this.paused || this.ended) return;
    this.goesOn = false;
    const start = performance.now();
    this.reader.deadline = start + budget * this.reading;
    try {
      for (let pass = 0; pass < 4 && this.writeFrame(); pass++);
      if (this.reader.isCut) this.continueSoon();
      this.writtenAt = performance.now();
      const spent = this.writtenAt - start;
      this.slices++;
      if (budget < Infinity) this.longest = Math.max(this.longest, spent);
      // Where the engine took longer or less long than was left to it, the next slice reads less or more.
      if (this.reader.isCut) this.reading = Math.min(0.8, Math.max(0.1, (this.reading * budget) / spent));
      this.restartsLeft = MAX_RESTARTS;
      if (this.changes.sheets.isHot()) {
        this.changes.sheets.poll(false);
        this.schedule();
      }
      this.options.onWritten?.();
    } catch (error) {
      this.restart(error, budget);
    }
  }

  restart(error, budget) {
    this.restarts++;
    this.why = String(error?.message ?? error);
    this.restartsLeft = (this.restartsLeft ?? MAX_RESTARTS) - 1;
    if (this.restartsLeft < 0) {
      this.options.onError(error);
      return;
    }
    this.begin();
    this.wanted = this.whole = true;
    this.write(budget);
  }

  // One frame; true when another has to follow at once.
  writeFrame() {
    const isFirst = this.unread;
    if (this.unread) this.readPage();
    const { changes, engine, reader } = this;
    if (!isFirst) reader.start();
    changes.state();
    // The focused element may only now have got its id.
    const focus = dom.activeElement(this.page.document);
    const { words, text, units } = reader.finish();
    if (words.length > 0) engine.read(words.length, this.handOver(words, text, units), units);
    this.guests?.hand(engine);
    const frame = this.wanted ? engine.keyframe(this.time(), this.whole) : engine.delta(this.time());
    this.noteCustoms(engine.customs());
    const retells = engine.retells();
    const freed = engine.freed();
    reader.settle(freed, engine.fresh());
    this.guests?.settle(freed, retells);
    if (this.restarted) {
      this.restarted = false;
      this.guests?.restart();
    }
    engine.settle();
    if (freed.length > 0) changes.noteFreed();
    for (const node of reader.fresh) {
      if (reader.closed.has(node) && reader.ids.has(node)) changes.sizes.observe(node);
    }
    if (reader.withScroll && !reader.isCut) reader.withScroll = false;
    if (reader.fresh.includes(focus)) changes.documentChanged = true;
    this.wanted = this.whole = false;
    if (this.unpatched) {
      this.unpatched = false;
      this.loadGuests();
      whenIdle(() => this.ended || this.loadIdle());
      changes.patchAll();
      changes.sheets.verifyLater([...reader.controls].filter((node) => node.localName === 'style'));
    }
    if (frame !== undefined) {
      this.frames++;
      this.bytes += frame.length;
      this.options.sink(frame);
    }
    for (const id of retells) changes.retell(id);
    // A cut off frame is followed by the next slice; but what is kept back from now on goes at once.
    if (reader.isCut) return retells.length > 0;
    return retells.length > 0 || changes.documentChanged || changes.hosts.size > 0 || changes.scrolled.size > 0 ||
      changes.sheets.isPending;
  }

  handOver(words, text, units) {
    return handOver(this.wasm, this.engine, words, text, units);
  }

  // Compares the whole page with the mirror, and tells what differs; resolves to how much did.
  async verify() {
    await this.loadIdle();
    if (!this.walk) throw new Error('cobrowse: the page cannot be compared: capture-idle.js was not loaded, or the session is over');
    return this.walk.run();
  }

  // Which rule keeps what of each node.
  async report() {
    return (await this.options.part('report')())(this);
  }

  pause() {
    this.flush();
    this.paused = true;
  }

  resume() {
    this.paused = false;
    this.flush();
  }

  stats() {
    const { engine, frames, bytes, restarts, why, slices, longest } = this;
    return { ...this.content?.stats(), seq: engine.seq(), hash: engine.hash(), nodes: engine.nodes(), memory: engine.memory(), table: this.reader.ids.nodes.length, text: engine.text_bytes(), frames, bytes, restarts, why, slices, longest, rounds: this.walk?.rounds ?? 0, found: this.walk?.found ?? 0 };
  }

  stop() {
    this.ended = true;
    this.content?.stop();
    this.walk?.stop();
    this.guests?.stop();
    this.features?.disconnect();
    this.faces?.stop();
    clearInterval(this.poll);
    clearTimeout(this.requestTimer);
    this.changes.disconnect();
  }
}

// Behind the page's input, before its painting: what is under way is soon done.
function nextTask(run) {
  if (window.scheduler?.postTask) window.scheduler.postTask(run, { priority: 'user-blocking' });
  else {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port2.close();
      run();
    };
    port2.postMessage(0);
  }
}

const ENCODER = new TextEncoder();

// Gives numbers and strings to the engine, and returns the strings' length in bytes. A view is taken afresh for each
// use: the memory may have grown.
export function handOver(wasm, engine, words, text, units) {
  const at = engine.words(words.length);
  new Uint32Array(wasm.memory.buffer, at, words.length).set(words);
  let read = 0, written = 0;
  // Most text takes a byte a unit; what takes more gets more room.
  for (let room = units + (units >> 3) + 64; ; room = written + (units - read) * 3) {
    const textAt = engine.text(room);
    const rest = read === 0 ? text : text.slice(read);
    const done = ENCODER.encodeInto(rest, new Uint8Array(wasm.memory.buffer, textAt + written, room - written));
    read += done.read;
    written += done.written;
    if (read === text.length) return written;
    if (done.read === 0) throw new Error('cobrowse: a string could not be encoded');
  }
}
