// Runs one measurement in the page it is loaded into, and posts the result. What each timer covers stands in
// benches/README.md.

(async () => {
  const script = document.currentScript;
  const { who, work, rounds } = script.dataset;
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
      // Its own observer runs in a microtask after the page's change.
      return { flush: () => new Promise((resolve) => setTimeout(resolve)), stop };
    },
    async none() {
      return { flush: async () => undefined, stop: () => undefined };
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
      return { cold: times[0], warm: median(times.slice(1)), bytes: document.documentElement.outerHTML.length };
    },
    append: (count) => steps(count, (list, i) => list.append(row(100000 + i))),
    shuffle: (count) => steps(count, (list) => shuffled([...list.children]).forEach((child) => list.append(child)), 20),
    appendMany: (count) =>
      steps(count, (list) => {
        const rows = document.createDocumentFragment();
        for (let i = 0; i < count; i++) rows.append(row(i));
        list.append(rows);
      }, 12, (list) => {
        while (list.children.length > count) list.lastChild.remove();
      }),
  };

  // A list of so many rows; the time of one step with the flush after it, less that of the step alone.
  async function steps(count, step, times = Number(rounds), undo = () => undefined) {
    const list = document.body.appendChild(document.createElement('ul'));
    for (let i = 0; i < count; i++) list.append(row(i));
    let bytes = 0;
    const recorder = await recorders[who]((frame) => (bytes += frame.length ?? JSON.stringify(frame).length));
    const taken = [];
    for (let i = 0; i < times; i++) {
      bytes = 0;
      const start = performance.now();
      step(list, i);
      const own = performance.now();
      await recorder.flush();
      taken.push(performance.now() - own);
      void start;
      undo(list);
      await recorder.flush();
      if (i % 20 === 0) await wait(0);
    }
    await recorder.stop();
    return { warm: median(taken), bytes };
  }

  function row(i) {
    const row = document.createElement('li');
    row.className = 'row';
    row.dataset.key = i;
    row.textContent = 'row ' + i;
    return row;
  }

  let seed = 1;
  function shuffled(rows) {
    for (let i = rows.length - 1; i > 0; i--) {
      seed = (seed * 48271) % 2147483647;
      const j = seed % (i + 1);
      [rows[i], rows[j]] = [rows[j], rows[i]];
    }
    return rows;
  }

  function median(times) {
    times.sort((a, b) => a - b);
    return times[times.length >> 1];
  }

  let result;
  try {
    if (who === 'rrweb') await load('/node_modules/rrweb/dist/rrweb.umd.min.cjs');
    if (who === 'ours') {
      await load('/capture.js');
      await Cobrowse.preload();
    }
    await wait(300);
    const [name, count] = work.split(':');
    result = await works[name](Number(count));
  } catch (error) {
    result = { error: String(error.stack ?? error) };
  }
  await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
})();
