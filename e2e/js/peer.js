// The same as `sides.js` for rrweb, so that its replay can be compared on the same pages, by the same means. It has no hashes and no
// repairs: those say what lets a case go on.
(() => {
  'use strict';
  if (window.__e2e) return;

  // Canvases and fonts are recorded too, as far as it can.
  const OPTIONS = { recordCanvas: true, collectFonts: true, inlineStylesheet: true };
  // It notes what the page does within a frame or two, a canvas later.
  const SETTLE_MS = 250;
  const HIDDEN = '.replayer-wrapper { position: relative } .replayer-wrapper > iframe { border: 0; display: block } .replayer-mouse, .replayer-mouse-tail { display: none }';

  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const toBase64 = (event) => {
    const bytes = new TextEncoder().encode(event);
    let text = '';
    for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode.apply(null, bytes.subarray(i, i + 0x8000));
    return btoa(text);
  };
  const decode = (text) => new TextDecoder().decode(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));

  let stop = null, events = [], count = 0;
  let replayer = null, applied = 0;

  const stats = (seq) => ({ seq, hash: '', restarts: 0, found: 0, repairs: 0 });

  window.__e2e = {
    async load(url, global) {
      if (global in window) return;
      const script = Document.prototype.createElement.call(document, 'script');
      const loaded = new Promise((resolve, reject) => {
        script.onload = resolve;
        script.onerror = () => reject(new Error(`${url} did not load`));
      });
      script.src = url;
      Node.prototype.appendChild.call(Document.prototype.querySelector.call(document, 'head, html'), script);
      await loaded;
      script.remove();
    },
    errors: () => [],

    // The customer's side.
    async start() {
      stop = window.rrweb.record({ ...OPTIONS, emit: (event) => (count++, events.push(JSON.stringify(event))) });
      return null;
    },
    async flush() {
      await pause(SETTLE_MS);
      return stats(count);
    },
    sessionStats: () => stats(count),
    keyframe: () => window.rrweb.record.takeFullSnapshot(),
    verify: () => 0,
    drain() {
      const taken = events;
      events = [];
      return taken.map(toBase64);
    },
    /** Posts what there is as a JSON array: some logs are too large for a driver. */
    async post(url) {
      const body = new Blob(['[', ...events.flatMap((event, i) => (i > 0 ? [',', event] : [event])), ']']);
      events = [];
      const response = await fetch(url, { method: 'POST', body });
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
    },
    stop() {
      stop?.();
      stop = null;
    },

    // The agent's side.
    async mount() {
      const stage = document.getElementById('stage');
      stage.replaceChildren();
      const style = document.createElement('style');
      style.textContent = HIDDEN;
      document.head.append(style);
      applied = 0;
      replayer = null;
    },
    async push(list) {
      const parsed = list.map((text) => JSON.parse(decode(text)));
      if (replayer === null) {
        replayer = new window.rrweb.Replayer([], { root: document.getElementById('stage'), liveMode: true, mouseTail: false, UNSAFE_replayCanvas: true });
        // It shows no scroll bars; for the comparison it may.
        replayer.iframe.removeAttribute('scrolling');
        replayer.startLive(parsed[0].timestamp);
      }
      for (const event of parsed) {
        replayer.addEvent(event);
        applied++;
      }
      await pause(SETTLE_MS);
    },
    /** Shows all of a log at once: not live, but as it ends. */
    async show(url) {
      const parsed = await (await fetch(url)).json();
      replayer = new window.rrweb.Replayer(parsed, { root: document.getElementById('stage'), mouseTail: false, UNSAFE_replayCanvas: true });
      replayer.iframe.removeAttribute('scrolling');
      replayer.pause(parsed[parsed.length - 1].timestamp - parsed[0].timestamp + 1);
      applied = parsed.length;
      await pause(SETTLE_MS);
    },
    async reach(seq) {
      await pause(SETTLE_MS);
      return stats(Math.min(seq, applied));
    },
    playerStats: () => stats(applied),
    playerErrors: () => [],
    requests: () => [],
    forgetPlayerErrors() {},
    /** Its document, what it adds to it by itself taken out: a class, and sheets, which go on to apply. */
    replayed() {
      const page = replayer?.iframe.contentDocument ?? null;
      const root = page?.documentElement;
      if (!root) return page;
      root.classList.remove('rrweb-paused');
      if (root.getAttribute('class') === '') root.removeAttribute('class');
      const mirror = replayer.getMirror();
      for (const style of page.querySelectorAll('html > style, head > style')) {
        if (mirror.getId(style) > 0) continue;
        const sheet = new page.defaultView.CSSStyleSheet();
        sheet.replaceSync(style.textContent);
        page.adoptedStyleSheets = [...page.adoptedStyleSheets, sheet];
        style.remove();
      }
      return page;
    },
    /** It shows scripts as `<noscript>`: that is no difference. */
    nameOf(element) {
      const meta = replayer?.getMirror().getMeta(element);
      return meta?.tagName === 'script' ? 'script' : undefined;
    },
    destroy() {
      replayer?.destroy?.();
      replayer = null;
    },
  };
})();
