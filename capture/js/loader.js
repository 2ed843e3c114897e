// What stands on every page: it fetches the engine only when a session starts, or goes on from the page before.

(() => {
  if (window.Cobrowse) return;
  const script = document.currentScript;
  const base = new URL('.', script ? script.src : location.href).href;
  const key = Symbol.for('cobrowse.engine');
  let loading;

  // Nobody can find a closed shadow root later who did not see it being made.
  if (script && script.hasAttribute('data-shadow-roots')) {
    const roots = (window[Symbol.for('cobrowse.roots')] = new WeakMap());
    const note = (type, name, rootOf) => {
      const { [name]: original } = type.prototype;
      if (!original) return;
      ({ [name]: type.prototype[name] } = {
        [name](...args) {
          const result = original.apply(this, args);
          const root = rootOf(result);
          if (root) roots.set(this, root);
          return result;
        },
      });
    };
    note(Element, 'attachShadow', (root) => root);
    note(HTMLElement, 'attachInternals', (internals) => internals.shadowRoot);
  }

  // The page may have an element of any name in the place of the document's own properties.
  const { createElement } = Document.prototype;
  const root = Object.getOwnPropertyDescriptor(Document.prototype, 'documentElement').get;

  // A policy of its own, for pages that enforce Trusted Types ("trusted-types cobrowse" in their CSP).
  let policy;
  const trusted = (url) =>
    window.trustedTypes ? (policy ??= trustedTypes.createPolicy('cobrowse', { createScriptURL: (url) => url })).createScriptURL(url) : url;

  // Runs another of our scripts, from where this one came. WebKit forgets an element that is in no document and that no script
  // holds, with what it was to call.
  const tags = [];
  const run = (name) =>
    new Promise((resolve, reject) => {
      const tag = createElement.call(document, 'script');
      tag.src = trusted(base + name);
      if (script && script.nonce) tag.nonce = script.nonce;
      tag.onload = resolve;
      tag.onerror = () => reject(new Error('cobrowse: ' + base + name + ' could not be loaded; does the page’s CSP allow it (script-src)?'));
      tags.push(tag);
      root.call(document).append(tag);
      tag.remove();
    });

  const load = () =>
    (loading ??= run('capture-engine.js').then(
      () => window[key](base, run),
      (error) => {
        loading = undefined;
        throw error;
      },
    ));

  // A frame that pages of these origins may have: such a page asks for what it holds.
  const hosts = script && script.getAttribute('data-frame-of');
  if (hosts && window.parent !== window) {
    const allowed = hosts.split(/\s+/);
    window.addEventListener('message', ({ data, origin, ports }) => {
      if (data === 'cobrowse:frame' && ports[0] && allowed.includes(origin)) load().then((engine) => engine.join(ports[0]), () => undefined);
    });
    window.parent.postMessage('cobrowse:here', '*');
  }

  let session = Promise.resolve(null);
  // Origins of the same site on which a session goes on, and from which.
  const sites = script && script.getAttribute('data-sites');

  window.Cobrowse = {
    // Resolves to the session that runs on this page, started here or taken over from the page before; null for none.
    get session() { return session; },
    preload: () => load().then((engine) => engine.prepare()),
    start(options) {
      const started = load().then((engine) => engine.start(sites ? { sites, ...options } : options));
      session = started.catch(() => null);
      return started;
    },
  };

  // A frame of the same site is part of its page's session.
  const isInner = () => {
    try {
      return window.parent !== window && Boolean(window.parent.Cobrowse);
    } catch {
      return false; // Of another site: it may have a session of its own.
    }
  };

  // Whether the page before this one in the tab has left one; or another tab has, whose place the one takes that the customer looks at.
  const isLeft = () => {
    try {
      const isFresh = () => Date.now() - JSON.parse(localStorage.getItem('cobrowse'))?.at < 90000; // as in store.js
      return sessionStorage.getItem('cobrowse') || !document.hidden && isFresh();
    } catch {
      return false; // No storage, no session that could go on.
    }
  };
  const warn = (error) => (console.warn(error.message), null);

  const goOn = () => {
    session = session.then(async (running) => {
      if (running && running.state !== 'ended') return running;
      // A page of another origin may have left it, too.
      if (sites && !document.hidden) await run('capture-sites.js').then(() => window[Symbol.for('cobrowse.sites')].take(sites)).catch(warn);
      return isLeft() ? (await load()).resume() : running;
    }).catch(warn);
  };
  if (!isInner()) {
    goOn();
    window.addEventListener('visibilitychange', goOn);
  }
})();
