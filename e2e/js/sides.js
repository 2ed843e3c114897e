// What the harness calls in the customer's and in the agent's page: the engine's public surface, and nothing else of it.
(() => {
  'use strict';
  if (window.__e2e) return;

  const errors = [];
  const describeError = (error) => (error && error.stack ? String(error.stack) : String(error));
  window.addEventListener('error', (event) => {
    // Resources that do not load are the page's affair; they do not bubble here.
    if (event.message) errors.push(`${event.message} (${event.filename}:${event.lineno})`);
  });
  window.addEventListener('unhandledrejection', (event) => errors.push(`unhandled: ${describeError(event.reason)}`));
  // Not every driver hands out the console.
  const { error } = console;
  console.error = (...said) => {
    errors.push(`console: ${said.map(describeError).join(' ')}`);
    error.apply(console, said);
  };

  const toBase64 = (bytes) => {
    let text = '';
    for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode.apply(null, bytes.subarray(i, i + 0x8000));
    return btoa(text);
  };
  const fromBase64 = (text) => {
    const decoded = atob(text);
    const bytes = new Uint8Array(decoded.length);
    for (let i = 0; i < decoded.length; i++) bytes[i] = decoded.charCodeAt(i);
    return bytes;
  };
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const messageOf = (event) => String(event?.message ?? event?.detail?.message ?? event?.error?.message ?? event);

  let session = null;
  let states = [];
  let player = null;
  let frames = [];
  let playerErrors = [];
  let requests = [];
  let recording = null;

  window.__e2e = {
    /** Loads a classic script from `url`, and leaves no element behind. */
    async load(url, global) {
      if (global in window) return;
      // Prototype methods: a page may have an image named `head` or a form named `createElement`.
      const script = Document.prototype.createElement.call(document, 'script');
      const loaded = new Promise((resolve, reject) => {
        script.onload = resolve;
        script.onerror = () => reject(new Error(`${url} did not load`));
      });
      script.src = url;
      const root = Document.prototype.querySelector.call(document, 'head, html');
      Node.prototype.appendChild.call(root, script);
      try {
        await loaded;
      } finally {
        script.remove();
      }
      if (!(global in window)) throw new Error(`${url} defines no ${global}`);
    },

    /** Errors that nobody caught, since this script came. */
    errors: () => errors.slice(),

    // The customer's side.

    /** Starts a session: over `relay`, or, without one, into a list that `drain` empties. */
    async start(relay, options) {
      frames = [];
      const sink = relay ? { relay } : { onFrame: (bytes) => frames.push(bytes.slice()) };
      session = await window.Cobrowse.start({ consent: false, mode: 'shared', ...sink, ...options });
      session.on('state', (state) => states.push(state));
      return session.token ?? null;
    },
    /** Takes the session up that goes on from another page; null for none. */
    async adopt() {
      session = await window.Cobrowse.session;
      states = [];
      session?.on('state', (state) => states.push(state));
      return session?.token ?? null;
    },
    state: () => session?.state ?? null,
    /** The states since it was started or taken up. */
    states: () => states.slice(),
    pause: () => session.pause(),
    resume: () => session.resume(),
    async flush() {
      await session.flush();
      return session.stats();
    },
    sessionStats: () => session.stats(),
    keyframe: () => void session.keyframe(),
    verify: () => session.verify(),
    report: () => session.report(),
    answer: (request) => void session.answer(fromBase64(request)),
    drain() {
      const taken = frames;
      frames = [];
      return taken.map(toBase64);
    },
    async stop() {
      const ended = session;
      session = null;
      if (ended) await ended.stop();
    },

    /** What was recorded in this tab; null for nothing. */
    async recording(clear) {
      const file = await session.recording({ clear });
      return file && toBase64(new Uint8Array(await file.arrayBuffer()));
    },

    // The agent's side.

    /** Opens a recording, and shows nothing yet. */
    async open(text) {
      recording = await window.CobrowseReplay.open(fromBase64(text));
      playerErrors = [];
      player = recording.mount(document.getElementById('stage'));
      player.on('error', (event) => playerErrors.push(messageOf(event)));
      const { begin, end, frames, activity } = recording;
      return { begin, end, frames, activity };
    },
    /** Shows a moment of it. */
    async seek(at) {
      await recording.seek(at);
      await recording.flush();
      return recording.stats().hash;
    },
    async mount(options) {
      const container = document.getElementById('stage');
      playerErrors = [];
      player = await window.CobrowseReplay.mount(container, options);
      requests = [];
      player.on('error', (event) => playerErrors.push(messageOf(event)));
      player.on('request', (bytes) => requests.push(toBase64(bytes)));
    },
    /** Pushes frames by hand. What `push` itself throws is reported like an error event, but marked. */
    async push(list) {
      for (const text of list) {
        try {
          await player.push(fromBase64(text));
        } catch (error) {
          playerErrors.push(`thrown: ${messageOf(error)}`);
        }
      }
      try {
        await player.flush();
      } catch (error) {
        playerErrors.push(`thrown by flush: ${messageOf(error)}`);
      }
    },
    /** Pushes `count` bytes of zeros after `start`, for frames too large to send through the driver. */
    async pushPadded(start, count) {
      const head = fromBase64(start);
      const bytes = new Uint8Array(head.length + count);
      bytes.set(head);
      try {
        await player.push(bytes);
      } catch (error) {
        playerErrors.push(`thrown: ${messageOf(error)}`);
      }
      await player.flush();
    },
    /** Waits until the player has applied frame `seq`, or a later one. */
    async reach(seq, milliseconds) {
      const deadline = performance.now() + milliseconds;
      while (player.stats().seq < seq && performance.now() < deadline) await pause(4);
      await player.flush();
      return player.stats();
    },
    playerStats: () => player.stats(),
    requests: () => requests.slice(),
    /** The next frame of the page that comes through a socket does not. */
    loseNext() {
      const { get, set } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data');
      let isDue = true;
      Object.defineProperty(MessageEvent.prototype, 'data', {
        configurable: true,
        set,
        get() {
          const data = get.call(this);
          if (!isDue || !(data instanceof ArrayBuffer) || (new Uint8Array(data)[0] & 3) === 3) return data;
          isDue = false;
          return '{}';
        },
      });
    },
    playerErrors: () => playerErrors.slice(),
    forgetPlayerErrors() {
      playerErrors = [];
    },
    replayed: () => player.document,
    player: () => player,
    destroy() {
      const ended = recording ?? player;
      player = recording = null;
      if (ended?.close) ended.close();
      else ended?.destroy();
    },
  };
})();
