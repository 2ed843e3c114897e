// A session goes on with the next page of the tab, and in whichever tab of the site the customer looks at: what is
// remembered for them, and who of them has it.

import * as dom from './dom.js';
import { become } from './life.js';
import { STORE, read } from './store.js';

// How often the tab that has the session says in the store that it lives (`FRESH_MS` in store.js: for how long it counts).
const RENEW_MS = 10000;
// A tag of protocol/src/control.rs, and what it says.
const SAY_VISIBLE = 22;
const VISIBLE = { SEEN: 0, TAB: 1, WINDOW: 2, OPENED: 3 };
// How soon a window is in front of the page that has opened it.
const OPENS_MS = 3000;

const store = (area, key, value) => {
  try {
    if (value === null) window[area].removeItem(key);
    else window[area].setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false; // Without storage the session ends with the page.
  }
};

export function save(session) {
  if (session.dormant) return;
  const { token, secret, mode, recorder, resumed, agents, rules } = session;
  const { onFrame, signal, session: made, ...options } = session.options;
  const paused = recorder ? recorder.paused : Boolean(resumed?.paused);
  const record = { options, rules, token, secret, mode, paused, controller: agents?.controller, seal: session.seal?.saved() ?? resumed?.seal, at: Date.now() };
  // Two tabs may have a session each; then the other tabs follow the one that was first.
  const other = read('localStorage');
  record.shared = (!other || other.token === token || !other.isFresh) && store('localStorage', STORE, record);
  store('sessionStorage', STORE, record);
  session.hold?.keep(record);
}

// Pages of other origins of the site may go on with it, too: those that the script tag lists.
export function share(session) {
  session.recorder.options.part('sites')().then(({ share }) => {
    if (session.ended) return;
    share(session);
    save(session);
  }, (error) => console.warn(error.message));
}

// The tab that has the session, of those that could have it, is the one that the customer looks at.
export function follow(session) {
  const { signal } = (session.listening = new AbortController());
  const look = () => {
    if (dom.hidden(document)) return;
    claim(session);
    session.link.look(false);
  };
  const told = () => tellVisible(session);
  addEventListener('visibilitychange', () => (look(), told()), { signal });
  addEventListener('focus', () => (look(), told()), { signal });
  // Where the focus goes is known a moment later.
  addEventListener('blur', () => setTimeout(told), { signal });
  addEventListener('pagehide', () => {
    if (session.dormant) return;
    session.link.leave();
    rest(session);
  }, { signal });
  addEventListener('pageshow', ({ persisted }) => persisted && claim(session), { signal });
  addEventListener('storage', ({ key, oldValue, newValue }) => {
    if (key !== STORE || newValue !== null) return;
    const { token, ended } = JSON.parse(oldValue) ?? {};
    if (token !== session.token) return;
    session.secret = null; // The relay has been told.
    session.end(ended ?? 'customer');
  }, { signal });
  session.renewal = setInterval(save, RENEW_MS, session);
}

// Whether the page is in front; `anew`: to who has not been told.
export function tellVisible(session, anew) {
  const seen = dom.hidden(document) ? VISIBLE.TAB : document.hasFocus() ? VISIBLE.SEEN : VISIBLE.WINDOW;
  if (!seen) session.away = false;
  else if (!session.visible) {
    session.away = performance.now() - session.openedAt < OPENS_MS;
    session.openedAt = undefined;
  }
  const state = session.away ? VISIBLE.OPENED : seen;
  if (session.dormant || !session.recorder || (state === session.visible && !anew)) return;
  session.visible = state;
  session.tell(session.recorder.engine.say(SAY_VISIBLE, [state], 0));
}

// The session goes on elsewhere: nothing is seen or sent of it here any more.
export function rest(session) {
  if (session.dormant || !session.recorder) return;
  session.dormant = true;
  session.recorder.paused = true;
  session.overlay?.remove();
  session.link.sleep();
  become(session, 'moved');
}

export function move(session) {
  rest(session);
  store('sessionStorage', STORE, null);
}

function claim(session) {
  if (!session.dormant || session.ended) return;
  const { hold } = session;
  // A page of another origin may have had it meanwhile.
  if (hold) hold.take().catch(({ message }) => console.warn(message)).then(() => goOn(session));
  else goOn(session);
}

function goOn(session) {
  if (!session.dormant || session.ended || dom.hidden(document)) return;
  const record = [read('localStorage'), read('sessionStorage')].find((record) => record?.token === session.token);
  if (!record) {
    session.end('idle'); // It ended while this page slept.
    return;
  }
  session.dormant = false;
  session.seal?.begin(record.seal);
  session.mode = record.mode;
  session.recorder.paused = record.paused;
  become(session, 'returned', ...(record.paused ? ['paused'] : session.agents.list.size > 0 ? ['joined'] : []));
  save(session);
  if (session.shows) session.overlay.attach();
  session.overlay?.update();
  // Frames of another tab came between, with numbers that may be those that would follow here.
  session.recorder.wanted = session.recorder.whole = true;
  session.link.wake();
}

export function unfollow(session, reason) {
  session.listening?.abort();
  clearInterval(session.renewal);
  store('sessionStorage', STORE, null);
  const { token } = session;
  session.hold?.end(token);
  if (read('localStorage')?.token !== token) return;
  // What is taken away is told to the other tabs, and with it the reason.
  store('localStorage', STORE, { token, ended: reason });
  store('localStorage', STORE, null);
}
