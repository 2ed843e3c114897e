// What stands on every page: it fetches the engine only when a session starts, or goes on from the page before.

(() => {
  if (window.Cobrowse) return;
  const script = document.currentScript;
  const base = new URL('.', script ? script.src : location.href).href;
  const key = Symbol.for('cobrowse.engine');
  let loading;

  // The page may have an element of any name in the place of the document's own properties.
  const { createElement } = Document.prototype;
  const root = Object.getOwnPropertyDescriptor(Document.prototype, 'documentElement').get;

  // A policy of its own, for pages that enforce Trusted Types ("trusted-types cobrowse" in their CSP).
  const trusted = (url) =>
    window.trustedTypes ? trustedTypes.createPolicy('cobrowse', { createScriptURL: (url) => url }).createScriptURL(url) : url;

  const load = () =>
    (loading ??= new Promise((resolve, reject) => {
      const tag = createElement.call(document, 'script');
      tag.src = trusted(base + 'capture-engine.js');
      if (script && script.nonce) tag.nonce = script.nonce;
      tag.onload = () => resolve(window[key](base));
      tag.onerror = () => {
        loading = undefined;
        reject(new Error('cobrowse: ' + base + 'capture-engine.js could not be loaded; does the page’s CSP allow it (script-src)?'));
      };
      root.call(document).append(tag);
      tag.remove();
    }));

  window.Cobrowse = {
    preload: () => load().then((engine) => engine.ready()).then(() => undefined),
    start: (options) => load().then((engine) => engine.start(options)),
  };

  try {
    if (sessionStorage.getItem('cobrowse')) load().then((engine) => engine.resume());
  } catch {
    // No storage, no session that could go on.
  }
})();
