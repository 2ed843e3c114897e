// The agent's view of a session: frames in, the page rebuilt; and what the agent may do, out.

import init, * as glue from 'cobrowse-replay-wasm';
import * as dom from './dom.js';
import { Documents, isDocument } from './documents.js';
import { AgentInput } from './input.js';
import { Lists } from './lists.js';
import { makeFrame } from './frame.js';
import { Loading } from './loading.js';
import { wasmOf } from './module.js';
import { Page } from './page.js';
import { RelayLink, assetsOf } from './relay.js';
import { ScreenView } from './screen.js';
import { isHeard } from './waits.js';

const END_REASONS = ['', 'customer', 'agent', 'controller', 'idle', 'shutdown', 'protocol', 'left', 'declined', 'expired', 'cancelled', 'closed', 'transferred'];
const ABSENCES = ['', 'left', 'silent'];
const VISIBLE = ['seen', 'tab', 'window', 'opened'];
const REFUSALS = ['', 'mode', 'element', 'gone', 'customer', 'busy', 'paused', 'declined', 'control', 'unfit'];
const MODES = ['', 'follow', 'view', 'shared'];
// How long what is to be shown waits for an animation frame, which a hidden tab never gets.
const FALLBACK_MS = 100;
const ROLE_CUSTOMER = 1;
const ROLES = ['', 'customer', 'agent', 'controller'];
const BY_AGENT = 2;
// By so much the stream's clock may be other than was thought, without that being seen.
const CLOCK_MS = 50;
// How often a player that lost step asks for what it lacks.
const ASK_MS = 1000;

let compiled, home;

export function ready(base) {
  home = base;
  return (compiled ??= wasmOf(base).then((wasm) => init({ module_or_path: wasm })).catch((error) => {
    compiled = undefined;
    throw new Error('cobrowse: ' + base + 'replay.wasm could not be loaded or compiled: ' + error.message);
  }));
}

export class PlayerView {
  // `engine`: a recording's, which takes its frames by itself.
  constructor(container, options, engine) {
    if (!(container instanceof Element)) throw new TypeError('cobrowse: mount: expected an element as container');
    this.container = container;
    this.options = options;
    this.listeners = new Map();
    this.recorded = engine !== undefined;
    this.engine = engine ?? new glue.Engine();
    this.mode = null;
    this.user = null; // this agent's number
    this.controller = 0; // that of who has control
    this.names = new Map(); // of the other agents
    this.work = Promise.resolve();
    this.errors = 0;
    this.stage = document.createElement('div');
    Object.assign(this.stage.style, { position: 'relative', overflow: 'hidden', width: '100%', height: '100%' });
    container.append(this.stage);
    this.cursor = makeCursor();
    this.ring = makeRing();
    this.stage.append(this.ring, this.cursor);
    this.lists = new Lists(this.stage);
    this.sizes = new ResizeObserver(() => this.fit());
    this.sizes.observe(this.stage);
    this.input = new AgentInput(this);
    this.documents = new Documents(this);
    this.screen = new ScreenView(this);
    // What may be loaded for pages: origins with blanks between.
    this.assets = Promise.resolve(options.assets === undefined ? options.relay && assetsOf(options.relay) : listOf(options.assets));
    if (options.relay) {
      // Known to be sealed: the relay is not told a name, and nothing is taken that comes in the clear.
      const isSealed = Boolean(options.sealed || options.key);
      if (isSealed) this.seals();
      this.link = new RelayLink(isSealed ? { ...options, name: '' } : options, {
        sealed: () => this.seals(),
        frame: (bytes) => this.arrived(bytes),
        state: (state) => this.emit('connection', state),
        failed: (error) => this.fail(error),
      });
    }
    this.handle = this.makeHandle();
  }

  // What the page gets.
  makeHandle() {
    const view = this;
    return Object.freeze({
      get document() { return view.page?.document ?? null; },
      get mode() { return view.mode; },
      get user() { return view.user; },
      get hasControl() { return view.hasControl; },
      get sealed() { return view.sealing ? view.seal?.state ?? 'waiting' : null; },
      offerCode: (code) => view.offerCode(code),
      get tool() { return view.input.tool; },
      set tool(tool) { view.input.setTool(tool); },
      wipe: () => view.input.pen.wipe(),
      back: () => view.input.say('Navigate', 0, ''),
      forward: () => view.input.say('Navigate', 1, ''),
      reload: () => view.input.say('Navigate', 2, ''),
      go: (url) => view.input.say('Navigate', 3, String(url)),
      requestMode: (mode) => view.requestMode(mode),
      requestControl: () => view.input.say('ControlRequest'),
      giveControl: (user) => view.input.say('ControlGive', user),
      end: () => view.input.say('Ended', BY_AGENT),
      shareDocument: (file) => view.documents.share(file),
      takeBackDocument: () => view.documents.takeBack(),
      screen: view.screen.handle,
      push: (frame) => view.push(frame),
      flush: () => view.flush(),
      stats: () => view.stats(),
      on: (event, fn) => view.on(event, fn),
      destroy: () => view.destroy(),
    });
  }

  get hasControl() {
    return this.user !== null && this.controller === this.user;
  }

  requestMode(mode) {
    if (MODES.indexOf(mode) < 1) throw new TypeError(`cobrowse: mode: expected "shared", "view" or "follow", found ${JSON.stringify(mode)}`);
    this.input.say('ModeRequest', MODES.indexOf(mode));
  }

  // The session is sealed: from here on nothing goes by itself.
  seals() {
    this.sealing ??= openSeal(this, this.options).then((seal) => {
      this.seal = seal;
      for (const bytes of this.early.splice(0)) seal.take(bytes);
    }).catch((error) => this.giveUp(error));
    this.early ??= [];
  }

  arrived(bytes) {
    if (this.seal) this.seal.take(bytes);
    else if (this.sealing) this.early.push(bytes);
    else this.receive(bytes);
  }

  offerCode(code) {
    if (!this.seal) throw new Error('cobrowse: sealed: expected a sealed session that waits for its code');
    this.seal.offer(String(code));
  }

  // Bytes as they are.
  put(bytes) {
    this.link?.send(bytes);
  }

  giveUp(error) {
    this.link?.close();
    this.seal?.forget();
    error.isFinal = true;
    this.fail(error);
  }

  receive(bytes) {
    // The kind is in the low two bits of the first byte; messages are kind 3.
    if ((bytes[0] & 3) === 3) this.message(bytes);
    else this.push(bytes);
  }

  // Takes a frame. A frame that is refused is told to the listeners of `error`; the page stays as it was.
  push(frame) {
    if (this.destroyed) return;
    const bytes = frame instanceof Uint8Array ? frame : new Uint8Array(frame);
    let outcome;
    try {
      outcome = this.engine.push(bytes);
    } catch (error) {
      this.errors++;
      this.emit('error', error);
      this.ask();
      return;
    }
    this.asking = this.isBehind = false;
    this.took(outcome, false);
  }

  // The engine has taken frames: what they did is to be seen. `isNow`: the stream's clock shows just their time.
  took(outcome, isNow) {
    this.tick(this.engine.time(), isNow);
    if (outcome === 'rebuilt') this.rebuild();
    else if (outcome !== 'in step') this.change();
    this.emit('frame', { seq: this.engine.seq(), outcome });
  }

  // What the stream's clock shows: it runs on between two frames. The frame that came soonest says best what it shows; a
  // message says it exactly.
  tick(time, isNow) {
    const lag = performance.now() - time;
    const isEarlier = !this.link && time < this.timeBefore; // Another page's, or another place of a recording.
    const before = this.lag;
    this.lag = isNow || isEarlier ? lag : Math.min(this.lag ?? Infinity, lag);
    if (Math.abs(this.lag - before) > CLOCK_MS) this.page?.motion.again();
    this.timeBefore = time;
  }

  // Asks the customer's page for what is wrong here, and, when that was not enough, for all. Not more often than it should make
  // such frames.
  ask() {
    this.isBehind = true;
    const now = performance.now();
    const wait = (this.askedAt ?? -Infinity) + ASK_MS - now;
    if (wait > 0) {
      // Where the page rests, nothing else reminds of it.
      this.askTimer ??= setTimeout(() => {
        this.askTimer = undefined;
        if (this.isBehind && !this.destroyed) this.ask();
      }, wait);
      return;
    }
    this.askedAt = now;
    const request = this.engine.request(this.asking === true);
    this.asking = true;
    this.request(request);
  }

  // Nothing of the page is here.
  askWhole() {
    this.asking = true;
    this.ask();
  }

  // What only the customer's page can give.
  request(request) {
    this.send(request);
    this.emit('request', request);
  }

  // The whole page anew, as soon as there is a document for it.
  rebuild() {
    const [url, base, mode] = this.engine.about();
    this.page?.assets.stop();
    this.page = null;
    const turn = (this.turn = {});
    this.work = this.work.then(async () => {
      if (this.turn !== turn || this.destroyed) return;
      // The page's own <base>, if it has one, makes of this what it makes of the address there.
      const loading = new Loading(await this.assets, url);
      const iframe = await makeFrame(this.stage, mode, url, loading);
      if (this.turn !== turn || this.destroyed) {
        iframe.remove();
        return;
      }
      // Of a recording there is nobody to ask.
      const tell = (addresses) => this.recorded || this.request(this.engine.missing(addresses.join('\n')));
      const page = new Page(iframe.contentDocument, iframe.contentWindow, () => performance.now() - this.lag, loading, tell, (address) => this.emit('blocked', { address }));
      page.assets.isMixed = window.origin.startsWith('https:') && url.startsWith('http:');
      if (dom.baseURI(page.document) !== url) Object.assign(page, { url, base });
      this.engine.rebuild();
      page.apply(this.engine.commands(), []);
      if (base !== url && page.base === null) page.rebase();
      this.lists.clear();
      const before = this.iframe;
      this.iframe = iframe;
      this.page = page;
      before?.remove();
      this.address();
      this.show();
      this.emit('rebuilt', { document: page.document });
      // It may be another page of the customer's, or another tab.
      this.documents.again();
    });
    this.work = this.work.catch((error) => this.fail(error));
  }

  change() {
    if (!this.page) return; // The page is being built; it is taken from the tree once it can be.
    try {
      this.page.apply(this.engine.commands(), this.engine.freed());
      this.address();
      this.showSoon();
    } catch (error) {
      this.emit('error', error);
      this.rebuild();
    }
  }

  // Where the page is now.
  address() {
    const [url, base] = this.engine.about();
    if (url === this.url) return;
    this.url = url;
    // Moved on without a new document: what is relative from now on is so to the new address.
    if (this.page.base !== null || dom.baseURI(this.page.document) !== base) Object.assign(this.page, { url, base });
    this.emit('url', { url, base });
  }

  // Once for all frames that come before the next one is painted: it makes the browser lay out the page.
  showSoon() {
    if (this.showDue) return;
    this.showDue = true;
    const run = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      if (this.showDue && this.page && !this.destroyed) this.show();
    };
    const frame = requestAnimationFrame(run);
    const timer = setTimeout(run, FALLBACK_MS);
  }

  // What concerns the page as a whole: its size, its scroll position, the customer's pointer and focus. What is as it was
  // is left alone: each of these questions makes the browser lay out the page.
  show() {
    this.showDue = false;
    const [, , , viewport, focus, pointer] = this.engine.about();
    const { page } = this;
    const isNew = this.shown?.page !== page;
    if (isNew) {
      this.shown = { page };
      page.window.addEventListener('scroll', () => (this.shown.strayed = true), { passive: true });
    }
    const { shown } = this;
    if (isNew || viewport !== shown.viewport) {
      const [width, height] = viewport.split('x').map(Number);
      this.viewport = { width: width || 1280, height: height || 800 };
      this.fit();
    }
    this.showScroll(shown);
    for (const frame of page.frames.all) frame.showScroll();
    if (pointer !== this.pointerAt) this.showPointer(pointer);
    if (isNew || focus !== shown.focus || (focus !== '' && !this.focused?.isConnected)) {
      this.focused = focus === '' ? null : page.nodes[Number(focus)] ?? null;
      this.showFocus();
    }
    page.states.show();
    this.lists.show(page.lists, (element) => this.placeOf(element));
    Object.assign(shown, { viewport, focus });
  }

  // The page may also be moved by what it loads, or be too short yet.
  showScroll(shown) {
    const { window, state, document } = this.page;
    const scroll = state.get(document);
    const left = Number(scroll?.get('scrollLeft') ?? 0), top = Number(scroll?.get('scrollTop') ?? 0);
    if (left === shown.left && top === shown.top && !shown.strayed && isHeard(document)) return;
    window.scrollTo({ left, top, behavior: 'instant' });
    // A position may be rounded to the device's pixels.
    const strayed = Math.abs(window.scrollX - left) > 1 || Math.abs(window.scrollY - top) > 1;
    Object.assign(shown, { left, top, strayed });
  }

  // Where the customer's focus is, for as long as it is there: drawn over the page, which never has the focus itself.
  showFocus() {
    // While a page is being built there is none.
    const rect = this.page && this.focused?.isConnected ? this.rectOf(this.focused) : null;
    const shown = rect !== null && rect.width > 0 && rect.height > 0;
    this.ring.style.display = shown ? 'block' : 'none';
    if (this.focused === null || this.destroyed) return;
    if (shown) {
      const { x, y } = this.offset, { scale } = this;
      Object.assign(this.ring.style, {
        width: rect.width * scale + 'px',
        height: rect.height * scale + 'px',
        transform: `translate(${x + rect.x * scale}px, ${y + rect.y * scale}px)`,
      });
    }
    this.ringTurn ??= requestAnimationFrame(() => {
      this.ringTurn = undefined;
      this.showFocus();
    });
  }

  // Where an element is in the customer's viewport, also in a frame.
  rectOf(element) {
    const { left, top, width, height } = element.getBoundingClientRect();
    const rect = new DOMRect(left, top, width, height);
    for (let frame = this.page.frames.around(element); frame !== undefined; frame = this.page.frames.around(frame.element)) {
      const outer = frame.element.getBoundingClientRect();
      rect.x += outer.left + frame.element.clientLeft;
      rect.y += outer.top + frame.element.clientTop;
    }
    return rect;
  }

  // Where an element is in the stage, and how much it is scaled.
  placeOf(element) {
    const { x, y, width, height } = this.rectOf(element);
    const { scale, offset } = this;
    return { left: offset.x + x * scale, top: offset.y + y * scale, width: width * scale, height: height * scale, scale };
  }

  // The customer's viewport, scaled to fit the container.
  fit() {
    if (!this.iframe || !this.viewport) return;
    const { width, height } = this.viewport;
    const scale = Math.min(this.stage.clientWidth / width, this.stage.clientHeight / height) || 1;
    this.scale = Math.min(scale, this.options.maxScale ?? 1);
    this.offset = {
      x: Math.max(0, (this.stage.clientWidth - width * this.scale) / 2),
      y: Math.max(0, (this.stage.clientHeight - height * this.scale) / 2),
    };
    Object.assign(this.iframe.style, {
      width: width + 'px',
      height: height + 'px',
      transform: `translate(${this.offset.x}px, ${this.offset.y}px) scale(${this.scale})`,
    });
    this.showPointer(this.pointerAt);
  }

  showPointer(pointer) {
    this.pointerAt = pointer;
    this.cursor.style.display = pointer ? 'block' : 'none';
    if (!pointer || !this.offset) return;
    const [x, y] = pointer.split(',').map(Number);
    this.cursor.style.transform = `translate(${this.offset.x + x * this.scale}px, ${this.offset.y + y * this.scale}px)`;
  }

  message(bytes) {
    let name, fields;
    try {
      [name, ...fields] = this.engine.control(bytes);
    } catch (error) {
      this.emit('error', error);
      return;
    }
    switch (name) {
      case 'ModeChanged':
        // It tells the stream's time (docs/wire-format.md, §2), of which a player that comes late knows no more than old frames.
        this.tick(new DataView(bytes.buffer, bytes.byteOffset).getUint32(5, true), true);
        this.mode = MODES[fields[0]] ?? null;
        this.input.update();
        this.emit('mode', this.mode);
        break;
      case 'Welcome':
        [this.user] = fields;
        this.documents.again();
        break;
      case 'DocumentState':
        this.documents.heard(fields);
        break;
      case 'ScreenSignal':
        this.screen.heard(fields[1], fields[2]);
        break;
      case 'Controller': {
        const [user, asking] = fields;
        this.controller = user;
        this.input.update();
        const about = (user) => (user === 0 ? null : { user, name: this.names.get(user) ?? '' });
        this.emit('controller', { controller: about(user), asking: about(asking), isMine: this.hasControl });
        break;
      }
      // What concerns another agent's command is that one's.
      case 'Refused':
        if (fields[0] !== this.user) break;
        this.input.refused(fields[1]);
        if (isDocument(fields[1])) this.documents.refused(REFUSALS[fields[2]]);
        this.emit('refused', { command: fields[1], reason: REFUSALS[fields[2]] });
        break;
      case 'Proposed':
        if (fields[0] === this.user) this.emit('proposed', { command: fields[1] });
        break;
      case 'Paused':
      case 'Resumed':
        this.emit(name.toLowerCase());
        break;
      case 'Joined':
        this.emit(fields[1] === ROLE_CUSTOMER ? 'customer-joined' : 'joined', { user: fields[0], name: fields[2], role: ROLES[fields[1]] });
        if (fields[1] === ROLE_CUSTOMER) {
          this.customer = fields[0];
          this.page?.assets.again();
          this.documents.again();
        } else {
          this.names.set(fields[0], fields[2]);
        }
        break;
      case 'Left':
        this.names.delete(fields[0]);
        this.emit(fields[0] === this.customer ? 'customer-left' : 'left', { user: fields[0] });
        break;
      case 'Absent':
        this.emit('absent', { reason: ABSENCES[fields[0]], seconds: fields[1] });
        break;
      case 'Visible':
        this.emit('visible', VISIBLE[fields[0]]);
        break;
      case 'Ended':
        this.link?.close();
        this.seal?.forget();
        this.mode = null;
        this.input.update();
        this.documents.stop();
        this.screen.stop();
        this.emit('ended', END_REASONS[fields[0]]);
    }
  }

  send(frame) {
    try {
      if (this.seal) this.seal.send(frame);
      else if (!this.sealing) this.put(frame);
    } catch (error) {
      this.fail(error);
    }
  }

  async flush() {
    let work;
    do {
      work = this.work;
      await work;
    } while (work !== this.work);
    if (this.showDue && this.page) this.show();
    // Pictures that came with the stream are decoded.
    await this.page?.canvases.work;
    await this.page?.resources.work;
  }

  stats() {
    const { engine } = this;
    const [frames, refused, repairs] = engine.counts();
    return { seq: engine.seq(), hash: engine.hash(), nodes: engine.nodes(), frames, errors: refused, repairs };
  }

  fail(error) {
    this.emit('error', error);
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

  destroy() {
    if (this.destroyed) return;
    this.destroyed = true;
    this.seal?.forget();
    this.screen.stop();
    this.link?.close();
    this.sizes.disconnect();
    this.page?.assets.stop();
    this.stage.remove();
    this.engine.free();
  }
}

// Origins that may be asked for what pages load.
function listOf(assets) {
  if (!Array.isArray(assets) || !assets.every((origin) => typeof origin === 'string')) {
    throw new TypeError('cobrowse: assets: expected a list of origins, as "https://cdn.example"');
  }
  return assets.join(' ');
}

// What seals and opens, from where `replay.js` came.
async function openSeal(view, options) {
  const key = Symbol.for('cobrowse.sealed.agent');
  if (!window[key]) {
    const tag = document.createElement('script');
    tag.src = home + 'replay-sealed.js';
    await new Promise((resolve, reject) => {
      tag.onload = resolve;
      tag.onerror = () => reject(new Error(`cobrowse: sealed: ${tag.src} could not be loaded; does the page’s CSP allow it (script-src)?`));
      document.head.append(tag);
    });
    tag.remove();
  }
  return window[key].open(view, options);
}

function makeRing() {
  const ring = document.createElement('div');
  ring.setAttribute('aria-hidden', 'true');
  Object.assign(ring.style, { position: 'absolute', left: '0', top: '0', boxSizing: 'border-box', pointerEvents: 'none', zIndex: '1', display: 'none', borderRadius: '4px', outline: '2px solid #1d4ed8', outlineOffset: '1px', boxShadow: '0 0 0 5px #1d4ed833' });
  return ring;
}

function makeCursor() {
  const namespace = 'http://www.w3.org/2000/svg';
  const cursor = document.createElementNS(namespace, 'svg');
  cursor.setAttribute('viewBox', '0 0 22 22');
  cursor.setAttribute('aria-hidden', 'true');
  Object.assign(cursor.style, { position: 'absolute', left: '0', top: '0', width: '22px', height: '22px', pointerEvents: 'none', zIndex: '2', display: 'none', transition: 'transform 80ms linear' });
  const path = document.createElementNS(namespace, 'path');
  path.setAttribute('d', 'M2 1 L2 17 L6.5 13 L9.5 20 L12.5 18.7 L9.6 12 L15.5 12 Z');
  path.setAttribute('fill', '#e63946');
  path.setAttribute('stroke', '#fff');
  path.setAttribute('stroke-width', '1.5');
  cursor.append(path);
  return cursor;
}
