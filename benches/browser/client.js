// Runs one measurement in the page it is loaded into, and posts the result. What each timer covers stands in
// benches/README.md.

(async () => {
  const script = document.currentScript;
  const { who, work, name, relay } = script.dataset;
  script.remove();
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const load = (src) =>
    new Promise((resolve, reject) => {
      const tag = Object.assign(document.createElement('script'), { src, onload: resolve, onerror: reject });
      document.documentElement.append(tag);
      tag.remove();
    });

  const recorders = {
    async ours(sink) {
      const session = await Cobrowse.start({ consent: false, onFrame: sink });
      await session.flush();
      return { flush: () => session.flush(), stop: () => session.stop() };
    },
    async rrweb(sink) {
      const stop = rrweb.record({ emit: (event) => sink(event) });
      // Its own observer runs in a microtask behind the page's change, before this one.
      return { flush: async () => undefined, stop };
    },
    async none() {
      return { flush: async () => undefined, stop: () => undefined };
    },
  };

  const players = {
    async ours(room, frames) {
      const player = await CobrowseReplay.mount(room);
      for (const frame of frames) player.push(frame);
      await player.flush();
    },
    async rrweb(room, events) {
      const replayer = new rrweb.Replayer(events, { root: room, mouseTail: false });
      replayer.pause(events.at(-1).timestamp - events[0].timestamp + 1);
    },
  };

  const works = {
    // The first capture of the page as it is: once cold, then warm.
    async first() {
      const times = [];
      let size = 0;
      for (let i = 0; i < 6; i++) {
        size = 0;
        const kept = [];
        const start = performance.now();
        const recorder = await recorders[who]((frame) => kept.push(frame));
        times.push(performance.now() - start);
        for (const frame of kept) size += frame.length ?? JSON.stringify(frame).length;
        await recorder.stop();
        await wait(30);
      }
      return { cold: times[0], warm: median(times.slice(1)), bytes: size };
    },
    async outer() {
      const times = [];
      for (let i = 0; i < 6; i++) {
        const start = performance.now();
        document.documentElement.outerHTML;
        times.push(performance.now() - start);
      }
      return { cold: times[0], warm: median(times.slice(1)), gzip: await gzipped(document.documentElement.outerHTML) };
    },
    // What a recorder keeps for a page, its own peak included: script and wasm, less the strings it has to keep.
    async memory() {
      const used = async () => {
        for (let i = 0; i < 3; i++) {
          gc();
          await wait(20);
        }
        return performance.memory.usedJSHeapSize;
      };
      const before = await used();
      if (who === 'rrweb') {
        const stop = rrweb.record({ emit: () => undefined });
        const bytes = (await used()) - before;
        stop();
        return { heap: bytes, memory: bytes };
      }
      const session = await Cobrowse.start({ consent: false, onFrame: () => undefined });
      await session.flush();
      const heap = (await used()) - before;
      const { memory, nodes, text } = session.stats();
      await session.stop();
      return { heap, memory: heap + memory - text, perNode: (heap + memory - text) / nodes };
    },
    // A workload's stream, the first capture included, put into an empty page: the time until it is painted.
    async replay() {
      const { once, prepare, step } = workloads[name];
      const kept = [];
      once?.();
      const recorder = await recorders[who]((frame) => kept.push(frame));
      prepare();
      await recorder.flush();
      await step(recorder.flush);
      await recorder.flush();
      await wait(100);
      await recorder.stop();
      const room = Object.assign(document.createElement('div'), { style: 'width: 1200px; height: 700px' });
      document.body.replaceChildren(room);
      if (who === 'ours') {
        await load('/replay.js');
        await CobrowseReplay.preload();
      }
      await wait(300);
      const start = performance.now();
      await players[who](room, kept);
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      return { replay: performance.now() - start };
    },
    // The way of a change to what is painted at an agent in another browser, over a relay; and a message's to a WebSocket
    // and back, and to the next frame. At moments that have nothing to do with frames.
    async latency() {
      const times = [];
      const socket = await wire();
      let begin, painted;
      if (who === 'echo') {
        socket.onmessage = () => afterPaint(() => painted(now()));
        begin = (i) => socket.send(String(i));
      } else {
        const text = document.body.appendChild(document.createElement('p')).appendChild(new Text('0'));
        const session = await Cobrowse.start({ relay, consent: false });
        socket.onmessage = ({ data }) => {
          const { seen, at } = JSON.parse(data);
          if (seen === text.data) painted(at);
        };
        const ready = new Promise((resolve) => (painted = resolve));
        const call = setInterval(() => socket.send(JSON.stringify({ token: session.token })), 100);
        await ready;
        clearInterval(call);
        begin = (i) => (text.data = String(i));
      }
      for (let i = 1; i <= 60; i++) {
        await wait(40 + Math.random() * 50);
        const end = new Promise((resolve) => (painted = resolve));
        const start = now();
        begin(i);
        times.push((await end) - start);
      }
      return { latency: median(times.slice(10)) };
    },
    // An agent that tells what is seen once it is painted.
    async agent() {
      const room = document.body.appendChild(Object.assign(document.createElement('div'), { style: 'width: 780px; height: 480px' }));
      const socket = await wire();
      const token = await new Promise((resolve) => {
        socket.onmessage = ({ data }) => JSON.parse(data).token && resolve(JSON.parse(data).token);
      });
      const player = await CobrowseReplay.mount(room, { relay, token });
      const told = () =>
        afterPaint(() => socket.send(JSON.stringify({ seen: player.document?.querySelector('p')?.textContent, at: now() })));
      player.on('rebuilt', told);
      player.on('frame', told);
    },
    // An hour of a real page, five changes a second: ours gives its frames, the other the size of its messages. Time is made to
    // pass, for both.
    async hour() {
      const change = changes();
      const kept = [];
      let size = 0, json = 0, pending = [];
      const recorder = await recorders[who]((frame) => (who === 'ours' ? kept.push(frame.slice()) : pending.push(frame)));
      const count = Number(name) || 18000;
      for (let i = 0; i <= count; i++) {
        clock.passed = i * 200;
        if (i > 0) change(i);
        await turn();
        await recorder.flush();
        for (const event of pending.splice(0)) {
          const text = JSON.stringify(event);
          json += text.length;
          size += await gzipped(text);
        }
      }
      await recorder.stop();
      return who === 'ours' ? { frames: kept.map(toBase64) } : { size, json };
    },
    // A recording at an address, opened and sought in: by ranges, the tree alone, then with the page.
    async seek() {
      await load('/replay.js');
      await CobrowseReplay.preload();
      const timed = async (what) => {
        const start = performance.now();
        await what();
        return performance.now() - start;
      };
      const times = { open: [], tree: [], page: [] };
      const draw = random(11);
      for (let i = 0; i < 5; i++) {
        let recording;
        times.open.push(await timed(async () => (recording = await CobrowseReplay.open('/recording.cbr'))));
        for (let j = 0; j < 10; j++) times.tree.push(await timed(() => recording.seek(draw() * recording.end)));
        recording.close();
      }
      const recording = await CobrowseReplay.open('/recording.cbr');
      const room = Object.assign(document.createElement('div'), { style: 'width: 1200px; height: 700px' });
      document.body.replaceChildren(room);
      recording.mount(room);
      await recording.seek(0);
      await recording.flush();
      for (let j = 0; j < 15; j++) {
        times.page.push(await timed(async () => {
          await recording.seek(draw() * recording.end);
          await recording.flush();
        }));
      }
      const told = (list) => ({ median: median(list), most: Math.max(...list) });
      return { open: told(times.open), tree: told(times.tree), page: told(times.page) };
    },
    // A workload: the time of a step with its flushes, and the bytes it made.
    async step() {
      const { once, prepare, step, rounds = 15 } = workloads[name];
      once?.();
      let kept = [];
      const recorder = await recorders[who]((frame) => kept.push(frame));
      const times = [], sizes = [];
      for (let i = 0; i < rounds + 3; i++) {
        prepare();
        await recorder.flush();
        await wait(20);
        kept = [];
        const start = performance.now();
        await step(recorder.flush);
        await recorder.flush();
        times.push(performance.now() - start);
        sizes.push(await sizeOf(kept));
      }
      await recorder.stop();
      // The first rounds warm up.
      return { time: median(times.slice(3)), bytes: median(sizes.slice(3)) };
    },
  };

  // The same numbers in every run.
  function random(seed) {
    let state = seed;
    return () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
  }

  // What happens on a page that is looked at for an hour: texts that change, classes and styles, items that come and go.
  function changes() {
    const draw = random(7);
    const among = (list) => list[Math.floor(draw() * list.length)];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT, (node) =>
      /\w/.test(node.data) && !/^(script|style|noscript|textarea)$/i.test(node.parentNode.localName) ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP);
    const texts = [];
    while (walker.nextNode() && texts.length < 400) texts.push(walker.currentNode);
    const elements = [...document.body.querySelectorAll('*')].slice(0, 2000);
    const words = 'the of and a to in is you that it he was for on are as with his they at be this have from or one had by word'.split(' ');
    const sentence = () => Array.from({ length: 3 + Math.floor(draw() * 8) }, () => among(words)).join(' ');
    const list = document.body.appendChild(document.createElement('ul'));
    const counter = document.body.appendChild(document.createElement('p')).appendChild(new Text('0'));
    return (i) => {
      const kind = draw();
      if (kind < 0.3) counter.data = `${i} visitors, ${Math.floor(draw() * 1000)} online`;
      else if (kind < 0.55) among(texts).data = sentence();
      else if (kind < 0.7) among(elements).classList.toggle(among(['active', 'hover', 'open']));
      else if (kind < 0.8) among(elements).style.opacity = (Math.floor(draw() * 100) / 100).toString();
      else if (kind < 0.92 || list.childElementCount < 5) {
        const item = document.createElement('li');
        item.className = 'message';
        item.append(sentence());
        list.append(item);
      } else list.firstElementChild.remove();
    };
  }

  // The browser's turn, without the wait that timers have.
  const turn = () => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    port2.postMessage(0);
  });

  function toBase64(bytes) {
    let text = '';
    for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode.apply(null, bytes.subarray(i, i + 0x8000));
    return btoa(text);
  }

  // The same clock in every page.
  const now = () => performance.timeOrigin + performance.now();

  function afterPaint(run) {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = run;
      port2.postMessage(0);
    });
  }

  async function wire() {
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/wire');
    await new Promise((resolve) => (socket.onopen = resolve));
    return socket;
  }

  // Bytes as sent: our frames as they are, another's messages gzipped one by one.
  async function sizeOf(frames) {
    let size = 0;
    for (const frame of frames) {
      if (frame instanceof Uint8Array) size += frame.length;
      else size += await gzipped(JSON.stringify(frame));
    }
    return size;
  }

  // At zlib's level 6.
  async function gzipped(text) {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
    return (await new Response(stream).arrayBuffer()).byteLength;
  }

  function median(times) {
    times.sort((a, b) => a - b);
    return times[times.length >> 1];
  }

  // Before the peer takes it.
  const clock = { passed: 0 };
  if (work === 'hour') {
    const begin = Date.now();
    Date.now = () => begin + clock.passed;
  }

  let result;
  try {
    if (who === 'rrweb') await load('/node_modules/rrweb/dist/rrweb.umd.min.cjs');
    if (who === 'ours') {
      await load('/capture.js');
      await Cobrowse.preload();
    }
    if (who === 'agent') {
      await load('/replay.js');
      return await works.agent();
    }
    if (work === 'step' || work === 'replay') await load('/workloads.js');
    await wait(300);
    result = await works[work]();
  } catch (error) {
    result = { error: String(error.stack ?? error) };
  }
  await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
})();
