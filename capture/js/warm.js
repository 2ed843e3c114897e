// A rehearsal over a small document of its own, while the page is idle: a browser translates a function when it is first
// called, and better (script and wasm alike) when it is called often. Behind `preload()`, the page's own first capture
// finds this done. Fetched by it only; exposes itself under a symbol, not a name, on the page.

const SVG = 'http://www.w3.org/2000/svg';
// In one of so many turns the page is one whose markup does not say all.
const UNCLEAR_TURNS = 4;
// A turn takes about so long, in milliseconds, and all of them together at most so long.
const TURN_MS = 8;
const TOTAL_MS = 120;
const ROWS = { least: 40, most: 1600 };
// So long is waited for an idle moment.
const PATIENCE_MS = 50;

// Turn after turn while `isWanted()`; a session that begins does not wait for it.
async function warmUp(PageRecorder, wasm, isWanted) {
  const scope = scopeOf(window);
  let rows = ROWS.least, total = 0, turn = 0;
  while (total < TOTAL_MS) {
    await idle();
    if (!isWanted()) return;
    const start = performance.now();
    try {
      rehearse(PageRecorder, wasm, Math.round(rows), scope, ++turn % UNCLEAR_TURNS === 0);
    } catch {
      return; // What it cannot do here, a session will say.
    }
    const spent = performance.now() - start;
    total += Math.max(spent, 0.5);
    rows = Math.min(ROWS.most, Math.max(ROWS.least, Math.min(rows * 2, (rows * TURN_MS) / spent)));
  }
}

const idle = () =>
  new Promise((resolve) => {
    if (window.requestIdleCallback) window.requestIdleCallback(resolve, { timeout: PATIENCE_MS });
    else setTimeout(resolve, 1);
  });

function rehearse(PageRecorder, wasm, rows, scope, unclear) {
  const document = window.document.implementation.createHTMLDocument('rehearsal');
  const style = document.createElement('style');
  style.textContent = 'li { color: red; }';
  document.head.append(style);
  const list = document.createElement('ul');
  for (let i = 0; i < rows; i++) list.append(makeRow(document, i));
  document.body.append(list, document.createComment('end'), ...makeControls(document));
  if (unclear) document.body.append('one', 'two');
  const recorder = new PageRecorder({ document, window, scope }, wasm, {
    selectors: null, policy: null,
    sink: () => {},
    budget: Infinity,
    isBusy: () => false,
    onError: () => {},
  });
  recorder.keyframe();
  const [first, second] = list.children;
  first.className = 'row selected and so on';
  first.removeAttribute('title');
  second.firstChild.data = 'another text than before';
  list.lastChild.remove();
  list.prepend(makeRow(document, rows), list.children[3]);
  for (let i = 0; i < rows / 4; i++) list.append(makeRow(document, rows));
  recorder.flush();
  recorder.stats();
  recorder.stop();
  recorder.engine.free();
}

function makeRow(document, i) {
  const row = document.createElement('li');
  row.className = 'row r' + (i % 7);
  row.title = 'Row ' + i;
  const link = document.createElement('a');
  link.href = '/v?a=1&b=' + i;
  const box = document.createElement('div');
  box.append(document.createElement('span'), 'of ' + (i * 7919 % 1000));
  row.append('Item number ' + i + ' & more — größer', link, box);
  if (i % 8 === 0) {
    // Raw text as a script's is, which Trusted Types leave alone.
    const raw = document.createElement('xmp');
    raw.append('const row = ' + i + ';');
    const svg = document.createElementNS(SVG, 'svg');
    svg.append(document.createElementNS(SVG, 'path'));
    row.append(raw, document.createComment(' ' + i + ' '), svg);
  }
  return row;
}

function makeControls(document) {
  const names = ['input', 'textarea', 'button', 'details', 'dialog', 'option', 'select'];
  const controls = names.map((name) => document.createElement(name));
  controls.at(-1).append(document.createElement('option'));
  return controls;
}

// Copies of the prototypes that a recorder patches: the page's own stay as they are.
function scopeOf(window) {
  const copies = {};
  const copy = (type) =>
    type?.prototype && { prototype: Object.defineProperties({}, Object.getOwnPropertyDescriptors(type.prototype)) };
  return new Proxy({}, { get: (_, name) => (copies[name] ??= copy(window[name])) });
}

window[Symbol.for('cobrowse.warm')] = warmUp;
