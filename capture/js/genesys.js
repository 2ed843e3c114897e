// Genesys Co-browse's API for customers' pages, `_genesys.cobrowse`, over `Cobrowse.start` (docs/integrations/genesys.md). A script of its
// own: pages without it pay nothing for it.

(() => {
  const script = document.currentScript;
  const genesys = (window._genesys ??= {});
  const config = (genesys.cobrowse ??= {});
  if (config.isCompatible) return;

  const withSlash = (url) => new URL(String(url).replace(/\/?$/, '/'), location.href).href;
  const here = script ? new URL('.', script.src).href : location.href;
  const relay = withSlash(script?.getAttribute('data-gcb-url') ?? here);
  const STORE = 'cobrowse'; // as in store.js
  // How often it is looked at whether the page has another address, or other elements are masked.
  const LOOK_MS = 1000;
  const isTopContext = window.parent === window;

  const log = (...said) => config.debug && console.debug('cobrowse:', ...said);
  const run = (fn, args) => {
    try {
      fn(...args);
    } catch (error) {
      console.error(error);
    }
  };

  // Who comes late is told what has happened already.
  class Signal {
    #fns = new Map();
    #past;
    #keeps;
    constructor(keeps) {
      this.#keeps = keeps;
    }
    add(fn, once = false) {
      if (typeof fn !== 'function') throw new TypeError(`cobrowse: a signal: expected a function, found ${typeof fn}`);
      const told = this.#past ?? [];
      for (const args of once ? told.slice(0, 1) : told) run(fn, args);
      if (!once || told.length === 0) this.#fns.set(fn, once);
    }
    addOnce(fn) {
      this.add(fn, true);
    }
    remove(fn) {
      this.#fns.delete(fn);
    }
    get isHeard() { return this.#fns.size > 0; }
    tell(...args) {
      this.#past = this.#keeps === 'all' ? [...(this.#past ?? []), args] : [args];
      for (const [fn, once] of [...this.#fns]) {
        if (once) this.#fns.delete(fn);
        run(fn, args);
      }
    }
    forget() {
      this.#past = undefined;
    }
  }

  const onInitialized = new Signal(), onSessionStarted = new Signal(), onAgentJoined = new Signal('all'), onSessionEnded = new Signal();
  const onMaskedElement = new Signal('all');

  // Ours, by their names there.
  const REASONS = {
    customer: 'self', agent: 'external', controller: 'external', closed: 'external', transferred: 'external', idle: 'inactivityTimeout',
    left: 'timeout', shutdown: 'serverUnavailable', declined: 'self', expired: 'timeout', cancelled: 'self',
  };

  let current = null, shown = null, starting = null, looking, masked = new WeakSet();

  async function create() {
    const response = await fetch(new URL('rest/live/sessions', relay), { method: 'POST' });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(`cobrowse: the server refused a session: ${answer.error ?? response.status}`);
    return answer;
  }

  // What is remembered of a session beyond a page: its secret, and the server that has it.
  function recordOf(token) {
    try {
      const record = JSON.parse(sessionStorage.getItem(STORE));
      return record?.token === token ? record : null;
    } catch {
      return null; // Without storage there is no session on the next page, either.
    }
  }

  // Where the customer is, for the history: without what is behind `?` and `#`, and without names of users, as of the strictest rule
  // for addresses (`urls: 'mask-query'`) nothing else remains.
  let told;
  function tellPage(server, secret) {
    const { origin, pathname } = location;
    if (config.pages === false || !secret || !/^https?:/.test(origin) || told === origin + pathname) return;
    told = origin + pathname;
    const body = JSON.stringify({ secret, url: told });
    fetch(new URL(`rest/live/sessions/${current.token}/pages`, server), { method: 'POST', body, keepalive: true }).catch(() => (told = undefined));
  }

  // Of a path such as `html[1] > body[1] > input[2]`.
  function elementOf(path) {
    let node = document;
    for (const step of path.split(' > ')) {
      const [, name, number] = /^(.+)\[(\d+)\]$/.exec(step) ?? [];
      const same = name && [...node.children].filter((child) => child.localName === name);
      node = same?.[number - 1];
      if (!node) return null; // In a frame, or a shadow root: the page's own scripts know of those.
    }
    return node;
  }

  async function tellMasked() {
    if (!onMaskedElement.isHeard || !current) return;
    const report = await current.report();
    for (const { kind, kept, path } of report?.nodes ?? []) {
      const element = kind === 'element' && (kept === 'masked' || kept === 'value') && elementOf(path);
      if (!element || masked.has(element)) continue;
      masked.add(element);
      onMaskedElement.tell(element);
    }
  }

  function follow(session) {
    current = session;
    const record = recordOf(session.token);
    const server = withSlash(record?.options?.relay ?? relay), secret = record?.secret;
    shown = { token: session.token, get agents() { return session.agents.map(() => ({})); } };
    masked = new WeakSet();
    onSessionEnded.forget();
    session.on('agent-joined', () => onAgentJoined.tell({}, shown));
    session.on('ended', (reason) => ended(reason, session));
    let changed = true;
    const observer = new MutationObserver(() => (changed = true));
    observer.observe(document, { childList: true, subtree: true, attributes: true });
    const look = () => {
      // What the customer does not show is in no history.
      if (['ended', 'paused', 'elsewhere'].includes(session.state)) return;
      tellPage(server, secret);
      if (!changed || !onMaskedElement.isHeard) return;
      changed = false;
      tellMasked().catch((error) => console.warn(error.message));
    };
    clearInterval(looking?.timer);
    looking = { timer: setInterval(look, LOOK_MS), observer };
    look();
  }

  function ended(reason, session) {
    if (session && session !== current) return;
    clearInterval(looking?.timer);
    looking?.observer.disconnect();
    current = shown = null;
    told = undefined;
    for (const signal of [onSessionStarted, onAgentJoined, onMaskedElement]) signal.forget();
    log('ended', reason);
    onSessionEnded.tell({ reason: REASONS[reason] ?? 'error', cobrowseReason: reason });
  }

  async function start() {
    const made = await create();
    const { sessionToken: token, secret } = made;
    const server = withSlash(made.sessionServerUrl ?? relay);
    try {
      const ui = config.disableBuiltInUI ? { overlay: false } : {};
      follow(await window.Cobrowse.start({ relay: server, ...ui, ...config.options, session: { token, secret } }));
    } catch (error) {
      // Nobody is to find a session that never began.
      fetch(new URL('api/sessions/' + token, server), { method: 'DELETE', headers: { authorization: 'Bearer ' + secret } }).catch(() => undefined);
      throw error;
    }
    log('started', token);
    onSessionStarted.tell(shown);
    const { primaryMedia } = config;
    if (primaryMedia?.sendCbSessionToken && primaryMedia.isAgentConnected?.() !== false) run(() => primaryMedia.sendCbSessionToken(token), []);
    return shown;
  }

  function startSession() {
    if (current && current.state !== 'ended') return Promise.resolve(shown);
    starting ??= start().catch((error) => {
      console.warn(error.message);
      const why = /declined/.test(error.message) ? 'declined' : /expired/.test(error.message) ? 'expired' : 'failed';
      ended(why);
      return null;
    }).finally(() => (starting = null));
    return starting;
  }

  // What is shown to the customer only.
  const markServiceElement = (element) => element.setAttribute('data-cobrowse-ignore', '');

  const common = { isTopContext, onMaskedElement, markServiceElement };
  const top = {
    onInitialized, onSessionStarted, onAgentJoined, onSessionEnded, startSession,
    exitSession: () => current?.stop() ?? Promise.resolve(),
    isBrowserSupported: () => typeof WebAssembly === 'object' && typeof WebSocket === 'function',
    get session() { return shown; },
  };
  const before = config.onReady;
  Object.defineProperties(config, { ...Object.getOwnPropertyDescriptors(common), ...(isTopContext && Object.getOwnPropertyDescriptors(top)), isCompatible: { value: true } });
  const ready = (fn) => run(fn, [config, isTopContext]);
  Object.assign(ready, { push: ready });
  Object.defineProperty(config, 'onReady', { configurable: true, get: () => ready, set: ready });

  // The engine's loader comes from the same place, unless the page has it.
  const load = () => new Promise((resolve, reject) => {
    if (window.Cobrowse) return resolve();
    const tag = document.createElement('script');
    tag.src = here + 'capture.js';
    if (script?.nonce) tag.nonce = script.nonce;
    tag.onload = resolve;
    tag.onerror = () => reject(new Error(`cobrowse: ${tag.src} could not be loaded; does the page’s CSP allow it (script-src)?`));
    document.documentElement.append(tag);
    tag.remove();
  });

  async function initialize() {
    await load();
    for (const fn of [before ?? []].flat()) ready(fn);
    if (!isTopContext) return;
    const { primaryMedia } = config;
    if (primaryMedia?.initializeAsync) await new Promise((resolve) => run(() => primaryMedia.initializeAsync(resolve), []));
    const session = await window.Cobrowse.session;
    if (session && session.state !== 'ended') {
      follow(session);
      onSessionStarted.tell(shown);
      // Who has joined on the page before.
      for (const agent of shown.agents) onAgentJoined.tell(agent, shown);
    }
    onInitialized.tell(shown);
  }
  initialize().catch((error) => console.warn(error.message));
})();
