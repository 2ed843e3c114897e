// The customer's screen, shown to agents: a tab, a window or all of it, as the customer chooses in the browser's own picker. Fetched
// when somebody asks for it; exposes itself under a symbol, not a name, on the page. The whole of it: docs/screen-sharing.md.

import { Blind } from './blind.js';
import { element } from './overlay.js';
import { Peers } from './peers.js';
import { SCREEN_WORDS } from './screen-words.js';
import { signalFrame } from './signal.js';
import { stageOf } from './stage.js';

// Tags of protocol/src/control.rs, and what is said with them.
const SCREEN = 72;
const ASKS = { FOR_IT: 0, END: 1, ANSWER: 2, CANDIDATE: 3, AGAIN: 4 };
const SAYS = { OFF: 0, ASKED: 1, DECLINED: 2, SHOWN: 3, PAUSED: 4, FULL: 5, OFFER: 6, CANDIDATE: 7, ONLY: 8 };
const PAUSED = 6, CONTROL = 8, UNFIT = 9;
const EVERYONE = 0;
// How long the customer has to answer.
const ANSWER_MS = 60_000;
const ICE_MS = 5000;

const CSS = `
.card p.warning { padding: 10px 14px; border-radius: 10px; background: #fff3cd; color: #5c4400; font-weight: 600; }
.screen { position: absolute; top: 16px; left: 16px; right: 16px; width: fit-content; max-width: calc(100% - 32px); margin: 0 auto; display: flex; gap: 8px; align-items: center;
  padding: 6px 6px 6px 14px; border-radius: 26px; box-sizing: border-box; flex-wrap: wrap; background: #7a1f2b; color: #fff; pointer-events: auto; box-shadow: 0 8px 30px #0006; }
.screen .text { flex: 1 1 auto; min-width: 0; padding-right: 6px; }
.screen .text small { display: block; color: #f3d5d9; font-size: 13px; }
.screen button { padding: 6px 14px; }
.screen.down { top: auto; bottom: 96px; }
.screen .dot { background: #fff; }
.screen.paused { background: #4a5672; }
`;

class Screen {
  constructor(session) {
    this.session = session;
    this.isOnly = session.options.screen === 'only';
    session.on('agent-joined', ({ user }) => this.joined(user));
    session.on('agent-left', ({ user }) => (this.peers?.leave(user), this.update()));
    session.on('connected', () => this.told());
    session.on('paused', () => this.paused(true));
    session.on('resumed', () => this.paused(false));
    session.on('ended', () => this.end(null));
    // The tab that has the session now shows nothing of this one.
    session.on('state', (state) => state === 'elsewhere' && this.end(null));
    addEventListener('pagehide', (this.onHide = () => this.stop()));
  }

  say(user, step, data = '') {
    const { session } = this;
    if (!session.ended && session.link) session.tell(signalFrame(user, step, data));
  }

  // What an agent asks for, or its browser says.
  heard(user, [step, data]) {
    const { session } = this;
    const { agents } = session;
    const refuse = (reason) => agents.refuse(user, SCREEN, reason);
    switch (step) {
      case ASKS.FOR_IT:
        if (this.stream) return void this.joined(user);
        if (session.options.screen === false) return this.say(user, SAYS.DECLINED, 'site');
        if (user !== agents.controller) return refuse(CONTROL);
        if (session.recorder.paused) return refuse(PAUSED);
        return void this.start(agents.nameOf(user));
      case ASKS.END:
        return user === agents.controller ? this.end('agent') : refuse(CONTROL);
      case ASKS.ANSWER:
      case ASKS.CANDIDATE:
        this.peers?.heard(user, step === ASKS.ANSWER, data).catch(({ message }) => {
          console.warn('cobrowse: screen: ' + message);
          if (!session.ended) refuse(UNFIT);
        });
        return undefined;
      case ASKS.AGAIN:
        return this.stream ? void this.joined(user) : this.say(user, SAYS.OFF);
      default:
        return refuse(UNFIT);
    }
  }

  // Asks the customer, and shows what is chosen. Resolves to whether it is shown. `who`: the agent who asks.
  async start(who) {
    if (this.stream) return true;
    if (this.asking) return this.asking.then(Boolean);
    this.say(EVERYONE, SAYS.ASKED);
    this.asking = this.obtain(who).finally(() => (this.asking = null));
    const stream = await this.asking;
    if (!stream) {
      this.say(EVERYONE, SAYS.DECLINED, navigator.mediaDevices?.getDisplayMedia ? '' : 'unsupported');
      return false;
    }
    await this.share(stream);
    return Boolean(this.stream);
  }

  // The customer's agreement and choice; null for neither. `time`: how long the customer has. A site that asks by itself is not asked
  // for while its own button's click counts.
  async obtain(who, time = ANSWER_MS) {
    const { session } = this;
    const { mediaDevices } = navigator;
    if (!mediaDevices?.getDisplayMedia) {
      console.warn('cobrowse: this browser shows no screen: it needs getDisplayMedia, and a page over https');
      return null;
    }
    const isAsked = who === undefined && session.options.consent === false && navigator.userActivation?.isActive;
    if (!isAsked && !(await this.question(who, time))) return null;
    if (session.ended) return null;
    try {
      // In the click on our own button, which the browser wants to see.
      const stream = await mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } }, audio: false, selfBrowserSurface: 'include', surfaceSwitching: 'include' });
      if (!session.ended) return stream;
      for (const track of stream.getTracks()) track.stop();
    } catch (error) {
      if (error.name !== 'NotAllowedError') console.warn('cobrowse: the screen is not shown: ' + error.message);
    }
    return null;
  }

  async question(who, time) {
    const stage = await this.onStage();
    const name = who === undefined ? this.names() : who;
    const answer = stage.overlay.question({ title: stage.say('screenTitle'), text: stage.say('screenAbout', name), yes: stage.say('screenYes'), no: stage.say('screenNo'), time });
    // In words of its own, not among others: it is what is different from sharing the page.
    stage.root.querySelector('.backdrop:last-of-type #d')?.after(element('p', { className: 'warning', textContent: stage.say('screenWarning') }));
    return answer;
  }

  onStage() {
    return (this.stage ??= stageOf(this.session, CSS, SCREEN_WORDS));
  }

  names() {
    return (this.session.agents?.names() ?? []).join(', ');
  }

  async share(stream) {
    const { session } = this;
    this.stream = stream;
    const [track] = stream.getVideoTracks();
    track.contentHint = 'detail';
    // The browser's own button.
    track.onended = () => this.end('customer');
    const { iceServers, iceTransportPolicy = 'all' } = session.options;
    const servers = iceServers ?? (await serversOf(session));
    if (this.stream !== stream) return;
    const say = (user, what, data) => this.say(user, what === 'offer' ? SAYS.OFFER : SAYS.CANDIDATE, JSON.stringify(data));
    this.peers = new Peers({ servers, policy: iceTransportPolicy, say });
    track.enabled = !session.recorder.paused;
    await this.showBar();
    this.told();
    session.emit('screen', 'shown');
    for (const user of session.agents.list.keys()) this.joined(user);
  }

  // What is true, to all: when it begins to be, and to a connection that is taken up.
  told() {
    if (this.isOnly) this.say(EVERYONE, SAYS.ONLY);
    if (this.stream) this.say(EVERYONE, this.session.recorder.paused ? SAYS.PAUSED : SAYS.SHOWN);
  }

  // An agent is there who is to see it.
  async joined(user) {
    if (this.isOnly) this.say(user, SAYS.ONLY);
    this.update();
    if (!this.peers || !this.stream) return;
    this.say(user, this.session.recorder.paused ? SAYS.PAUSED : SAYS.SHOWN);
    try {
      if (!(await this.peers.connect(user, this.stream))) this.say(user, SAYS.FULL);
    } catch (error) {
      this.session.emit('error', new Error('cobrowse: screen: ' + error.message));
    }
    this.update();
  }

  paused(isPaused) {
    const [track] = this.stream?.getVideoTracks() ?? [];
    if (!track) return;
    track.enabled = !isPaused;
    this.told();
    this.update();
  }

  // Ended by the site's or the customer's own hand.
  stop() {
    if (this.isOnly) this.session.stop();
    else this.end('customer');
  }

  // `by`: whose hand it was; `null` where nobody is left to be told, or the session's end tells it.
  end(by) {
    const { stream, session } = this;
    if (session.ended) removeEventListener('pagehide', this.onHide);
    if (!stream) return;
    this.stream = null;
    for (const track of stream.getTracks()) {
      track.onended = null;
      track.stop();
    }
    if (by !== null) this.say(EVERYONE, SAYS.OFF);
    this.peers?.close();
    this.peers = null;
    this.bar?.remove();
    this.bar = null;
    session.emit('screen', 'ended');
    // There is nothing else in it.
    if (this.isOnly && !session.ended) session.stop();
  }

  async showBar() {
    const stage = await this.onStage();
    if (!this.stream) return;
    this.text = element('span', { className: 'text', attributes: { role: 'status' } });
    const { session } = this;
    this.pause = element('button', { onclick: () => (session.recorder.paused ? session.unpause() : session.pause()), hidden: !this.isOnly });
    const stop = element('button', { textContent: stage.say('screenStop'), onclick: () => this.stop() });
    this.bar = element('div', { className: 'screen', attributes: { role: 'region', 'aria-label': stage.say('screenRegion') } }, element('span', { className: 'dot' }), this.text, this.pause, stop);
    this.bar.onkeydown = (event) => event.stopPropagation();
    // Not over what the page has at its top.
    this.bar.ondblclick = () => this.bar.classList.toggle('down');
    stage.root.append(this.bar);
    this.said = stage.say;
    this.overlaySays = (key, what) => stage.overlay.say(key, what);
    this.update();
  }

  update() {
    if (!this.bar) return;
    const { session } = this;
    const { paused } = session.recorder;
    const isWatched = session.agents.list.size > 0;
    const text = this.said(paused ? 'screenPaused' : isWatched ? 'screenShown' : 'screenWaiting', this.names());
    const code = !isWatched && session.token ? this.overlaySays('code', session.token.replace(/(...)(?=.)/g, '$1\u00a0')) : '';
    this.bar.classList.toggle('paused', paused);
    this.text.replaceChildren(text, ...(code && this.isOnly ? [element('small', { textContent: code })] : []));
    this.pause.textContent = this.overlaySays(paused ? 'resume' : 'pause');
  }
}

// Whom the browsers may ask for a way to each other. Without an answer they try without.
async function serversOf({ link }) {
  try {
    const response = await fetch(link.sessionUrl + '/ice', { cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout?.(ICE_MS) });
    const { iceServers } = await response.json();
    return Array.isArray(iceServers) ? iceServers : [];
  } catch {
    return [];
  }
}

const all = new WeakMap(); // session → its screen

function screenOf(session) {
  if (!all.has(session)) all.set(session, new Screen(session));
  return all.get(session);
}

const refused = (what) => new TypeError('cobrowse: screen: ' + what);

// A session of the screen alone: the page is neither read nor recorded. The customer is asked as before any other session, by another
// question. It ends with the page, as what the browser has lent to the page does.
async function open(session, ready, part) {
  if (!session.options.relay) throw refused('expected `relay`, as agents are shown the screen, found none');
  session.options = { ...session.options, sites: undefined };
  session.mode = 'follow';
  session.setMode = async () => session.mode;
  session.changeMode = () => undefined;
  const loading = ready();
  loading.catch(() => undefined);
  // The next page knows nothing of it.
  session.live = { ...(await part('live')()), save: () => undefined };
  session.overlay = await session.live.Overlay.make(session, part('translations'));
  const screen = screenOf(session);
  let stream = null;
  const obtain = async () => {
    const chosen = await screen.obtain(undefined, undefined);
    // The time for an answer may be over.
    if (session.ended) for (const track of chosen?.getTracks() ?? []) track.stop();
    else stream = chosen;
    return stream !== null;
  };
  session.recorder = { options: { part }, paused: false, stop: () => undefined };
  session.overlay.ask = obtain;
  await session.live.ask(session);
  const wasm = await loading;
  if (session.ended) throw new Error('cobrowse: the session was stopped before it began');
  try {
    session.recorder = new Blind(wasm, part);
    session.seal = await (await session.live.sealOf(session, part))?.open(session);
    const { token, secret } = await session.live.admit(session);
    // Whatever was offered: nothing of the page is shown.
    Object.assign(session, { token, secret, mode: 'follow' });
    session.live.connect(session);
    await screen.share(stream);
  } catch (error) {
    for (const track of stream.getTracks()) track.stop();
    throw error;
  }
  session.become('shared');
}

window[Symbol.for('cobrowse.screen')] = {
  heard: (session, user, fields) => screenOf(session).heard(user, fields),
  start(session) {
    if (!session.link || session.ended) return Promise.reject(refused('expected a session over a relay that runs, as agents are shown the screen'));
    return screenOf(session).start();
  },
  stop: (session) => screenOf(session).end('customer'),
  open,
};
