// Pictures that an agent shows the customer, over the page: JPG, PNG or GIF, by what they hold and not by their names. Fetched when the
// first one comes; exposes itself under a symbol, not a name, on the page. Who may: docs/control.md, "Documents".

import * as dom from './dom.js';
import { DOCUMENT_WORDS } from './documents-words.js';
import { element } from './overlay.js';
import { lookAt } from './pictures.js';
import { stageOf } from './stage.js';

// Tags of protocol/src/control.rs.
const DOCUMENT = 71, DOCUMENT_STATE = 23;
const STATE = { ARRIVED: 0, SHOWN: 1, CLOSED: 2, REFUSED: 3, REPLACED: 4, TAKEN_BACK: 5 };
// As docs/wire-format.md has it.
const PIECE_BYTES = 16 << 10;
const WHY = { KIND: 1, LARGE: 2, BROKEN: 3, SITE: 4, PIECES: 5 };
const PAUSED = 6, CONTROL = 8;
// The most bytes, and the most pixels that are made of them; what is shown has at most so many.
const MOST_BYTES = 10 * 2 ** 20;
const MOST_PIXELS = 40e6;
const SHOWN_PIXELS = 16e6;
const NAME_CHARS = 120;
// A picture of which nothing more comes is forgotten.
const STALL_MS = 60_000;

const CSS = `
.document { display: grid; place-items: center; box-sizing: border-box; padding: 12px; }
.document .card { display: flex; flex-direction: column; box-sizing: border-box; margin: 0; padding: 0; max-width: min(960px, 100%); max-height: 100%; min-width: min(320px, 100%);
  min-height: 0; overflow: hidden; box-shadow: 0 12px 50px #0009; }
.document header { display: flex; gap: 8px 12px; align-items: center; padding: 12px 12px 12px 18px; flex-wrap: wrap; }
.document .text { flex: 1 1 180px; min-width: 0; }
.document .tools { display: flex; gap: 8px; margin-inline-start: auto; }
.document h2 { margin: 0; font-size: 17px; }
.document small { display: block; color: #4a5672; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.document .sheet { flex: 0 1 auto; min-height: 0; overflow: auto; background: #eef1f7; display: grid; justify-items: safe center; align-items: safe center; overscroll-behavior: contain; }
.document .sheet:focus-visible { outline: 3px solid #ffb703; outline-offset: -3px; }
.document canvas { display: block; }
.document .fit canvas { max-width: 100%; height: auto; }
.document .fit { overflow: hidden; } .document .fit canvas { object-fit: contain; }
`;

class Documents {
  constructor(session) {
    this.session = session;
    this.incoming = null;
    this.shown = null;
    this.closed = new Set(); // by the customer
    session.on('ended', () => this.drop());
    // The tab that has the session now is asked to show it.
    session.on('state', (state) => state === 'elsewhere' && this.drop());
  }

  say(user, document, state, value = 0) {
    const { session } = this;
    if (!session.ended) session.tell(session.recorder.engine.say(DOCUMENT_STATE, [user, document, state, value], 0));
  }

  refuse(user, document, why) {
    if (this.incoming?.document === document) this.forget();
    this.say(user, document, STATE.REFUSED, why);
  }

  heard(user, [document, size, at, name, bytes]) {
    const { session, shown } = this;
    if (size === 0) {
      this.takeBack(user, document);
      return;
    }
    if (session.options.documents === false) return this.refuse(user, document, WHY.SITE);
    if (shown?.document === document) {
      shown.user = user; // Who sent it may have come again.
      return this.say(user, document, STATE.SHOWN);
    }
    if (this.closed.has(document)) return this.say(user, document, STATE.CLOSED);
    if (session.recorder.paused) return session.agents.refuse(user, DOCUMENT, PAUSED);
    if (user !== session.agents.controller) return session.agents.refuse(user, DOCUMENT, CONTROL);
    if (this.incoming?.document !== document) {
      if (size > MOST_BYTES) return this.refuse(user, document, WHY.LARGE);
      // This page has not seen its begin.
      if (at !== 0) return this.say(user, document, STATE.ARRIVED, 0);
      if (this.incoming) this.say(this.incoming.user, this.incoming.document, STATE.REPLACED);
      this.incoming = { document, size, name: name.slice(0, NAME_CHARS), bytes: new Uint8Array(size), arrived: 0 };
    }
    const { incoming } = this;
    incoming.user = user;
    clearTimeout(this.timer);
    if (incoming.arrived === size) return; // It is being looked at.
    this.timer = setTimeout(() => this.forget(), STALL_MS);
    if (size !== incoming.size || at + bytes.length > size || bytes.length > PIECE_BYTES) return this.refuse(user, document, WHY.PIECES);
    if (at === incoming.arrived) {
      incoming.bytes.set(bytes, at);
      incoming.arrived += bytes.length;
    }
    // What came twice, or too soon, is asked for by what there is.
    this.say(user, document, STATE.ARRIVED, incoming.arrived);
    if (incoming.arrived === size) {
      clearTimeout(this.timer);
      this.open(incoming);
    }
  }

  // Its bytes are here: they are looked at, made a picture, and shown.
  async open(incoming) {
    const { document, bytes } = incoming;
    const found = lookAt(bytes);
    const refuse = (why) => this.incoming === incoming && this.refuse(incoming.user, document, why);
    if (found === null) return refuse(WHY.KIND);
    if (found.width === 0 || found.height === 0) return refuse(WHY.BROKEN);
    if (found.width * found.height > MOST_PIXELS) return refuse(WHY.LARGE);
    let bitmap, stage;
    try {
      bitmap = await createImageBitmap(new Blob([bytes], { type: found.type }));
      stage = this.stage ??= await stageOf(this.session, CSS, DOCUMENT_WORDS);
    } catch {
      return refuse(WHY.BROKEN);
    }
    if (this.incoming !== incoming || this.session.ended) return bitmap.close();
    if (bitmap.width * bitmap.height > MOST_PIXELS) return refuse(WHY.LARGE);
    this.forget();
    if (this.shown) {
      this.say(this.shown.user, this.shown.document, STATE.REPLACED);
      this.drop();
    }
    this.shown = { ...incoming, bytes: null };
    this.show(stage, bitmap, found.type === 'image/gif' ? bytes : null);
    this.say(incoming.user, document, STATE.SHOWN);
  }

  show(stage, bitmap, gif) {
    const { shown } = this;
    const scale = Math.min(1, Math.sqrt(SHOWN_PIXELS / (bitmap.width * bitmap.height)));
    const canvas = element('canvas', { width: Math.max(1, Math.round(bitmap.width * scale)), height: Math.max(1, Math.round(bitmap.height * scale)) });
    // A canvas and not an image: no page's policy says what may be drawn.
    const context = canvas.getContext('2d');
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const who = this.session.agents.nameOf(shown.user);
    const title = element('h2', { id: 'dt', textContent: stage.say('documentTitle', who) });
    const name = element('small', { textContent: shown.name, title: shown.name });
    const sheet = element('div', { className: 'sheet fit', tabIndex: 0, attributes: { role: 'img', 'aria-label': shown.name } }, canvas);
    const size = element('button', { textContent: stage.say('documentLarger'), onclick: () => this.resize(sheet, size, stage) });
    const close = element('button', { className: 'yes', textContent: stage.say('documentClose'), onclick: () => this.close() });
    const header = element('header', {}, element('div', { className: 'text' }, title, name), element('div', { className: 'tools' }, size, close));
    const card = element('div', { className: 'card', attributes: { role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': 'dt' } }, header, sheet);
    card.onkeydown = (event) => {
      event.stopPropagation();
      if (event.key === 'Escape') this.close();
      if (event.key !== 'Tab') return;
      event.preventDefault();
      const stops = [size, close, sheet].filter((node) => !node.hidden);
      const step = event.shiftKey ? stops.length - 1 : 1;
      stops[(stops.indexOf(stage.root.activeElement) + step) % stops.length].focus();
    };
    const backdrop = element('div', { className: 'backdrop document' }, card);
    Object.assign(shown, { backdrop, before: dom.activeElement(document) });
    // Below the bar, which can be used meanwhile.
    stage.root.prepend(backdrop);
    const fit = () => {
      const bar = stage.overlay.bar?.node;
      const room = bar?.isConnected ? bar.offsetHeight + 28 : 12;
      const isUp = bar?.classList.contains('up');
      // Beside the page's scroll bar, not under it.
      const bars = Math.max(0, innerWidth - dom.documentElement(document).clientWidth);
      Object.assign(backdrop.style, { paddingRight: 12 + bars + 'px', paddingTop: (isUp ? room : 12) + 'px', paddingBottom: (isUp ? 12 : room) + 'px' });
      canvas.style.maxHeight = sheet.classList.contains('fit') ? Math.max(80, innerHeight - room - 24 - header.offsetHeight) + 'px' : '';
      // What fits as it is cannot be larger.
      if (sheet.classList.contains('fit')) size.hidden = canvas.clientWidth >= canvas.width && canvas.clientHeight >= canvas.height;
    };
    shown.fit = fit;
    addEventListener('resize', fit);
    shown.sizes = new ResizeObserver(fit);
    if (stage.overlay.bar) shown.sizes.observe(stage.overlay.bar.node);
    fit();
    close.focus();
    if (gif && !matchMedia('(prefers-reduced-motion: reduce)').matches) this.play(shown, gif, canvas, context);
  }

  resize(sheet, button, stage) {
    const fits = sheet.classList.toggle('fit');
    button.textContent = stage.say(fits ? 'documentLarger' : 'documentFit');
    this.shown.fit();
  }

  // The pictures of a GIF that moves, where the browser hands them out; elsewhere it is the first one.
  async play(shown, data, canvas, context) {
    if (typeof ImageDecoder !== 'function') return;
    try {
      const decoder = new ImageDecoder({ data, type: 'image/gif' });
      await Promise.all([decoder.tracks.ready, decoder.completed]);
      const { frameCount, repetitionCount } = decoder.tracks.selectedTrack;
      let at = 0;
      for (let left = frameCount * (repetitionCount + 1); frameCount > 1 && left > 0 && this.shown === shown; left--) {
        const { image } = await decoder.decode({ frameIndex: at });
        if (this.shown === shown) {
          context.clearRect(0, 0, canvas.width, canvas.height);
          context.drawImage(image, 0, 0, canvas.width, canvas.height);
        }
        const time = Math.max(20, (image.duration ?? 100_000) / 1000);
        image.close();
        at = (at + 1) % frameCount;
        await new Promise((resolve) => setTimeout(resolve, time));
      }
      decoder.close();
    } catch (error) {
      console.warn('cobrowse: a GIF does not move: ' + error.message);
    }
  }

  close() {
    const { user, document } = this.shown;
    this.closed.add(document);
    this.drop();
    this.say(user, document, STATE.CLOSED);
  }

  takeBack(user, document) {
    if (this.incoming?.document === document) this.forget();
    if (this.shown?.document === document) this.drop();
    this.say(user, document, STATE.TAKEN_BACK);
  }

  forget() {
    clearTimeout(this.timer);
    this.incoming = null;
  }

  drop() {
    this.forget();
    const { shown } = this;
    if (!shown) return;
    this.shown = null;
    removeEventListener('resize', shown.fit);
    shown.sizes.disconnect();
    const hadFocus = shown.backdrop.contains(this.stage.root.activeElement);
    shown.backdrop.remove();
    // The keyboard goes back to where it was.
    if (hadFocus && shown.before?.isConnected && shown.before !== dom.body(document)) HTMLElement.prototype.focus.call(shown.before, { preventScroll: true });
  }
}

const all = new WeakMap(); // session → its documents

window[Symbol.for('cobrowse.documents')] = {
  heard(session, user, fields) {
    if (!all.has(session)) all.set(session, new Documents(session));
    all.get(session).heard(user, fields);
  },
};
