// `player.js`: a classic script that defines `<cobrowse-player>`. What it can do is in player.d.ts.

import { Changes } from './changes.js';
import { engine } from './engine.js';
import { whereItEnds, whyNotOpened, whyNotShown } from './failures.js';
import { Keyboard } from './keyboard.js';
import { make, nameTool, picture, tool } from './make.js';
import { Moments, survey } from './moments.js';
import { Opener } from './opener.js';
import { Overlay, scrollTo } from './overlay.js';
import { Panel } from './panel.js';
import { Playback, SPEEDS } from './playback.js';
import { Search } from './search.js';
import STYLES from './styles.css';
import { Timeline } from './timeline.js';
import { clock, exactClock, inAddress, readTime, roughly, spoken } from './times.js';
import { Trail } from './trail.js';

// A time is said to who listens when it stays for so long.
const SAY_MS = 400;
// `timeupdate` comes so often while it plays.
const UPDATE_MS = 200;
// A recording of less than that shows parts of a second.
const SHORT_MS = 60_000;
// How far a small page is enlarged.
const MOST_SCALE = 1.5;

let sheet;

export class CobrowsePlayer extends HTMLElement {
  static observedAttributes = ['src', 't', 'speed', 'skip-idle', 'trail'];

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    if (!sheet) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLES);
    }
    root.adoptedStyleSheets = [sheet];
    this.recording = null;
    this.playback = null;
    this.failure = null;
    this.rate = 1;
    this.build(root);
    this.setState('empty');
  }

  build(root) {
    const go = (at) => this.seekTo(at);
    this.opener = new Opener((source) => this.open(source).catch(() => undefined));
    this.opener.takeDrops(this);
    this.overlay = new Overlay();
    this.changes = new Changes((node) => this.outline(node));
    this.finder = new Search({ go: (hit) => this.showHit(hit), found: () => this.mark() });
    this.moments = new Moments(go);
    this.panelView = new Panel([
      { name: 'changes', title: 'Changes', element: this.changes.element },
      { name: 'search', title: 'Search', element: this.finder.element },
      { name: 'moments', title: 'Moments', element: this.moments.element },
    ], (name, hadFocus) => this.panelChanged(name, hadFocus));
    this.timeline = new Timeline({ go, dragging: (isIt) => this.dragged(isIt) });
    this.keyboard = new Keyboard(this);

    this.name = make('b', { class: 'name' });
    this.url = make('span', { class: 'url' });
    this.facts = make('span', { class: 'facts' });
    this.again = make('button', { type: 'button', class: 'button head-button', onclick: () => this.opener.picker.click(), title: 'Open another recording' }, picture('open'), make('span', {}, 'Open'));
    const head = make('header', { class: 'head' }, this.name, this.url, this.facts, this.again);

    this.page = make('div', { class: 'view' });
    this.glass = make('div', { class: 'glass', tabindex: '0', role: 'group', 'aria-label': 'The recorded page. Space plays and pauses, question mark lists all keys', onclick: () => this.toggle() });
    this.skipped = make('p', { class: 'skipped', role: 'status' });
    this.doing = make('p', { class: 'loading', role: 'status' });
    this.warning = make('p');
    this.warningBox = make('div', { class: 'warning', role: 'alert', hidden: true }, this.warning,
      make('button', { type: 'button', class: 'tool', 'aria-label': 'Close this message', onclick: () => (this.warningBox.hidden = true) }, picture('close')));
    const stage = make('div', { class: 'stage' }, this.page, this.overlay.element, this.glass, this.skipped, this.doing, this.warningBox, this.opener.element);

    this.buttons = {
      back: tool('back', 'One frame back', ',', () => this.stepBack()),
      play: tool('play', 'Play', 'Space', () => this.toggle(), { class: 'tool main' }),
      forward: tool('forward', 'One frame on', '.', () => this.step()),
      idle: tool('idle', 'Skip stretches without a change', 'I', () => (this.skipIdle = !this.skipIdle), { 'aria-pressed': 'false' }),
      trail: tool('trail', 'Trail of pointers', 'T', () => (this.trail = !this.trail), { 'aria-pressed': 'true' }),
      changes: tool('changes', 'What changed', 'C', () => this.togglePanel('changes'), { 'aria-expanded': 'false' }),
      search: tool('search', 'Search the text', '/', () => this.togglePanel('search'), { 'aria-expanded': 'false' }),
      link: tool('link', 'Copy a link to this moment', '', () => this.link()),
      keys: tool('keys', 'Keys', '?', () => this.keyboard.show()),
      full: tool('full', 'Full screen', 'F', () => this.toggleFullScreen(), { 'aria-pressed': 'false' }),
    };
    this.time = make('output', { class: 'time', 'aria-label': 'Time' });
    this.speed = make('select', { class: 'speed', 'aria-label': 'Speed', title: 'Speed (< and >)', onchange: () => (this.playbackRate = Number(this.speed.value)) },
      ...SPEEDS.map((rate) => make('option', { value: String(rate) }, `${rate}×`)));
    this.speed.value = '1';
    const { back, play, forward, idle, trail, changes, search, link, keys, full } = this.buttons;
    const controls = make('div', { class: 'controls', role: 'group', 'aria-label': 'Controls' },
      make('div', { class: 'tools' }, back, play, forward, this.time),
      make('div', { class: 'tools end' }, this.speed, idle, trail, changes, search, link, keys, full));
    this.status = make('p', { class: 'unseen', role: 'status' });
    this.frame = make('div', { class: 'player', role: 'region', 'aria-label': 'Recording player' },
      head, make('div', { class: 'middle' }, stage, this.panelView.element), make('footer', { class: 'foot' }, this.timeline.element, controls),
      this.status, this.keyboard.dialog);
    root.append(this.frame);
    this.addEventListener('fullscreenchange', () => this.showFullScreen());
    this.sizes = new ResizeObserver(() => this.paintSoon());
    this.sizes.observe(stage);
  }

  connectedCallback() {
    if (this.isStarted) return;
    this.isStarted = true;
    const src = this.getAttribute('src');
    if (src) this.open(src).catch(() => undefined);
  }

  attributeChangedCallback(name, before, value) {
    if (before === value) return;
    if (name === 'src' && this.isStarted) {
      if (value) this.open(value).catch(() => undefined);
      else this.close();
    } else if (name === 't' && this.isReady) this.seekTo(readTime(value ?? '') ?? NaN);
    else if (name === 'speed' && value !== null) this.playbackRate = Number(value);
    else if (name === 'skip-idle') this.skipIdle = value !== null;
    else if (name === 'trail') this.trail = value !== 'off';
  }

  // What a page asks and tells. Times are in seconds, as those of media are.

  // The only origins that may be asked for what pages load, where there are some.
  get loads() { return this.hasAttribute('assets') ? { assets: this.getAttribute('assets').split(/\s+/).filter(Boolean) } : {}; }
  get src() { return this.getAttribute('src') ?? ''; }
  set src(src) { this.setAttribute('src', src); }
  get isReady() { return this.frame.dataset.state === 'ready'; }
  get currentTime() { return this.playback ? this.playback.position / 1000 : 0; }
  set currentTime(seconds) { this.seek(seconds); }
  get duration() { return this.recording ? this.recording.end / 1000 : NaN; }
  get paused() { return this.playback?.isPaused ?? true; }
  get ended() { return this.playback?.isEnded ?? false; }
  get seeking() { return Boolean(this.playback?.seeking); }
  get error() { return this.failure; }
  get document() { return this.recording?.document ?? null; }
  get playbackRate() { return this.rate; }
  set playbackRate(rate) {
    if (!SPEEDS.includes(rate)) throw new TypeError(`cobrowse: playbackRate: expected one of ${SPEEDS.join(', ')}, found ${rate}`);
    this.rate = rate;
    if (this.playback) this.playback.rate = rate;
    this.speed.value = String(rate);
    this.emit('ratechange');
  }
  get skipIdle() { return this.buttons.idle.getAttribute('aria-pressed') === 'true'; }
  set skipIdle(skips) {
    this.buttons.idle.setAttribute('aria-pressed', String(Boolean(skips)));
    if (this.playback) this.playback.skipsIdle = Boolean(skips);
  }
  get trail() { return this.overlay.isOn; }
  set trail(isOn) {
    this.overlay.isOn = Boolean(isOn);
    this.buttons.trail.setAttribute('aria-pressed', String(Boolean(isOn)));
    this.paintSoon();
  }
  get panel() { return this.panelView.shown; }
  set panel(name) { this.panelView.show(String(name ?? '')); }

  // Where keys are the player's.
  focus(options) {
    (this.isReady ? this.glass : this.opener.picker).focus(options);
  }

  // Opens a file, bytes, or an address; resolves when its first page is shown.
  async open(source) {
    this.close();
    const turn = (this.opened = {});
    const isStale = () => this.opened !== turn;
    const isFile = source instanceof Blob;
    const name = isFile ? source.name ?? '' : typeof source === 'string' || source instanceof URL ? lastPart(String(source)) : '';
    this.setState('loading');
    this.emit('loadstart');
    let recording = null;
    try {
      const from = isFile || !name ? source : readable(source);
      const api = await engine();
      const reopen = () => api.open(from);
      recording = await reopen();
      if (isStale()) throw new DOMException('another recording was opened', 'AbortError');
      this.attach(recording, reopen, name);
      const asked = readTime(this.getAttribute('t') ?? '');
      await this.playback.seek(asked ?? recording.begin);
      if (isStale()) throw new DOMException('another recording was opened', 'AbortError');
      if (!recording.document && this.failure) throw this.failure;
    } catch (error) {
      if (recording && this.recording !== recording) recording.close();
      if (!isStale()) this.notOpened(error, name, isFile ? source.size : recording?.size);
      throw error;
    }
    this.setState('ready');
    this.emit('ready');
    this.lookThrough(recording);
    if (this.hasAttribute('autoplay')) this.play();
  }

  attach(recording, reopen, name) {
    const { about, begin, end, problem } = recording;
    this.recording = recording;
    this.failure = null;
    recording.mount(this.page, { maxScale: MOST_SCALE, ...this.loads });
    recording.player.on('url', ({ url }) => (this.url.textContent = url));
    recording.player.on('rebuilt', () => this.paintSoon());
    this.playback = new Playback(recording, (what, detail) => this.told(what, detail));
    this.playback.rate = this.rate;
    this.playback.skipsIdle = this.skipIdle;
    this.playback.before = () => this.changes.beforeFrames();
    this.points = new Trail(recording, () => this.paintSoon());
    this.timeline.attach(recording, reopen);
    this.changes.attach(recording, reopen);
    this.finder.attach(recording);
    this.name.textContent = name || 'Recording';
    this.url.textContent = about.url ?? '';
    const made = about.created ? new Date(about.created).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }) : '';
    this.facts.textContent = [made, about.viewport?.replace('x', ' × '), clock(end - begin)].filter(Boolean).join(' · ');
    this.warn(problem ? whereItEnds(problem, end) : '');
    this.playback.set(begin);
    // A panel that was open shows what is new.
    this.changes.setShown(this.panel === 'changes');
  }

  // Marks and stretches come when all was looked through.
  async lookThrough(recording) {
    try {
      this.looking = new AbortController();
      const { moments, idle, names } = await survey(recording, this.looking.signal);
      if (this.recording !== recording) return;
      this.playback.idle = idle;
      this.overlay.names = names;
      this.happened = moments;
      this.timeline.setIdle(idle);
      this.moments.show(moments);
      this.mark();
      this.paintSoon();
      this.emit('surveyed');
    } catch (error) {
      if (this.recording === recording) this.moments.note.textContent = `Not all could be looked through: ${error.message}`;
    }
  }

  notOpened(error, name, size) {
    this.close();
    this.failure = error;
    this.opener.show(whyNotOpened(error, name, size));
    this.emit('error', { error, message: error.message });
  }

  close() {
    this.opened = null;
    this.looking?.abort();
    this.playback?.close();
    this.points?.close();
    this.timeline.close();
    this.changes.close();
    this.finder.close();
    this.moments.close();
    this.recording?.close();
    const had = this.recording !== null;
    this.recording = this.playback = this.points = this.failure = null;
    this.happened = [];
    this.outlined = null;
    this.overlay.outline(null);
    this.page.replaceChildren();
    this.name.textContent = this.url.textContent = this.facts.textContent = this.time.textContent = '';
    this.skipped.textContent = '';
    this.warn('');
    this.opener.show(null);
    this.setState('empty');
    if (had) this.emit('emptied');
  }

  play() { return this.playback ? this.playback.play() : Promise.resolve(); }
  pause() { this.playback?.pause(); }
  toggle() { return this.paused ? this.play() : this.pause(); }
  async seek(seconds) { await this.seekTo(seconds * 1000); }
  async step() { return this.playback ? this.playback.step() : false; }
  async stepBack() { return this.playback ? this.playback.stepBack() : false; }
  search(text) { return this.panelView.show('search'), this.finder.find(String(text)); }

  move(by) { return this.playback && this.seekTo((this.playback.wanted ?? this.playback.position) + by); }
  changeSpeed(by) {
    const rate = SPEEDS[SPEEDS.indexOf(this.rate) + by];
    if (rate === undefined) return;
    this.playbackRate = rate;
    this.say(`Speed ${rate}`);
  }

  async seekTo(at) {
    if (!this.playback || !Number.isFinite(at)) return;
    this.outline(null);
    await this.playback.seek(at);
  }

  // The time line is held: it plays on from where it is let go.
  dragged(isIt) {
    if (!this.playback) return;
    if (isIt) {
      this.wasPlaying = !this.paused;
      this.pause();
    } else if (this.wasPlaying) this.play();
  }

  async showHit(hit) {
    await this.seekTo(hit.from);
    const node = this.recording?.element(hit.node);
    if (!node) return;
    scrollTo(node);
    this.outline(node);
  }

  outline(node) {
    this.overlay.outline(node);
    this.paintSoon();
  }

  mark() {
    const hits = this.finder.hits.map(({ from, text }) => ({ at: from, kind: 'hit', label: `“${text}”` }));
    this.timeline.setMarks([...(this.happened ?? []), ...hits]);
  }

  // What the clock tells.
  told(what, detail) {
    switch (what) {
      case 'time':
        this.timeline.show(this.playback.position);
        this.showTime();
        this.paintSoon();
        if (performance.now() - (this.updatedAt ?? 0) > UPDATE_MS || this.paused) {
          this.updatedAt = performance.now();
          this.emit('timeupdate');
        }
        return;
      case 'play':
      case 'pause':
        this.showPlaying();
        if (what === 'pause') this.changes.look();
        break;
      case 'skip':
        this.skipped.textContent = detail ? `Skipping ${roughly(detail.to - detail.from)} without a change` : '';
        return;
      case 'frame':
        if (this.paused) this.changes.look();
        this.paintSoon();
        return;
      case 'seeked':
        this.say(`${spoken(this.playback.position)} of ${spoken(this.recording.end)}`);
        break;
      case 'error':
        this.failure = detail;
        if (this.frame.dataset.state === 'loading') return; // `open` tells it.
        this.warn(whyNotShown(detail, this.recording.now));
        this.emit('error', { error: detail, message: detail.message });
        return;
    }
    this.emit(what);
  }

  showTime() {
    const { end, begin } = this.recording;
    const form = end - begin < SHORT_MS ? (at) => exactClock(at).slice(0, -2) : clock;
    this.time.textContent = `${form(this.playback.position)} / ${form(end)}`;
  }

  showPlaying() {
    const { play } = this.buttons;
    const name = this.paused ? 'play' : 'pause';
    play.dataset.tool = name;
    nameTool(play, this.paused ? 'Play' : 'Pause', 'Space');
    play.replaceChildren(picture(name));
  }

  // Draws the overlay before the next picture, and goes on as long as something moves in it.
  paintSoon() {
    if (!this.recording || this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      if (!this.recording) return;
      this.overlay.draw(this.recording, this.points, this.playback.position);
      if (this.overlay.outlined) this.paintSoon();
    });
  }

  panelChanged(name, hadFocus) {
    for (const key of ['changes', 'search']) this.buttons[key].setAttribute('aria-expanded', String(name === key));
    this.changes.setShown(name === 'changes');
    if (name === 'search') this.finder.field.focus();
    else if (name === '') {
      this.outline(null);
      if (hadFocus) (this.buttons[this.panelBefore] ?? this.buttons.changes).focus();
    }
    this.panelBefore = name;
  }

  togglePanel(name) {
    this.panel = this.panel === name ? '' : name;
  }

  // A page may do something of its own with it; otherwise it is this page's address with the time, in the clipboard.
  async link() {
    const hash = `#t=${inAddress(this.playback.position)}`;
    const event = new CustomEvent('link', { detail: { time: this.currentTime, hash }, cancelable: true, bubbles: true, composed: true });
    if (!this.dispatchEvent(event)) {
      this.tell(event.detail.said ?? 'Done');
      return;
    }
    try {
      await navigator.clipboard.writeText(location.href.split('#')[0] + hash);
      this.tell(`The link to ${clock(this.playback.position)} is copied`);
    } catch {
      this.tell(`The browser does not let this page copy. The end of the link is ${hash}`);
    }
  }

  toggleFullScreen() {
    if (document.fullscreenElement === this) return document.exitFullscreen();
    return this.requestFullscreen?.().catch(() => this.tell('The browser does not let this page fill the screen'));
  }

  showFullScreen() {
    const isFull = document.fullscreenElement === this;
    this.buttons.full.setAttribute('aria-pressed', String(isFull));
  }

  setState(state) {
    this.frame.dataset.state = state;
    this.doing.textContent = state === 'loading' ? 'Opening …' : '';
    const isReady = state === 'ready';
    for (const button of Object.values(this.buttons)) button.disabled = !isReady;
    this.buttons.keys.disabled = false;
    this.speed.disabled = !isReady;
    this.again.hidden = !isReady;
    this.opener.element.hidden = state !== 'empty';
    this.glass.hidden = !isReady;
    this.timeline.slider.setAttribute('aria-disabled', String(!isReady));
    this.timeline.slider.tabIndex = isReady ? 0 : -1;
    if (!isReady) {
      this.timeline.slider.setAttribute('aria-valuenow', '0');
      this.timeline.slider.setAttribute('aria-valuetext', 'nothing is open');
    }
  }

  warn(text) {
    this.warning.textContent = text;
    this.warningBox.hidden = text === '';
  }

  // Said to who listens, once it stays.
  say(text) {
    clearTimeout(this.saying);
    this.saying = setTimeout(() => (this.status.textContent = text), SAY_MS);
  }

  // Shown to who sees, too.
  tell(text) {
    this.skipped.textContent = text;
    clearTimeout(this.telling);
    this.telling = setTimeout(() => (this.skipped.textContent = ''), 4_000);
  }

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

// A page's player reads what the page may: from elsewhere only what is asked for by http.
function readable(address) {
  const url = new URL(address, document.baseURI);
  if (location.protocol === 'file:' && url.protocol === 'file:') {
    throw new Error(`cobrowse: ${url.href}: a page from the disk may read no other file by its address; choose the file or drop it here`);
  }
  if (!/^(https?|blob):$/.test(url.protocol)) throw new Error(`cobrowse: ${url.href}: expected an address that begins with http:// or https://`);
  return url.href;
}

function lastPart(address) {
  try {
    const { pathname } = new URL(address, document.baseURI);
    return decodeURIComponent(pathname.split('/').pop()) || address;
  } catch {
    return address;
  }
}

if (!customElements.get('cobrowse-player')) customElements.define('cobrowse-player', CobrowsePlayer);
