// The customer's question without a session: for scripts beside `capture.js` that are asked to begin one. What it takes is fetched when
// there is something to ask or to tell; the engine is not.

// A page that enforces Trusted Types allows this policy beside the loader's.
const POLICY = 'cobrowse-parts';

let policy;

// Runs another of our scripts, from where `script` came.
function run(script, name) {
  const url = new URL(name, script.src).href;
  return new Promise((resolve, reject) => {
    const tag = Document.prototype.createElement.call(document, 'script');
    if (window.trustedTypes) policy ??= window.trustedTypes.createPolicy(POLICY, { createScriptURL: (url) => url });
    tag.src = policy ? policy.createScriptURL(url) : url;
    if (script.nonce) tag.nonce = script.nonce;
    tag.onload = resolve;
    tag.onerror = () => reject(new Error(`cobrowse: ${url} could not be loaded; does the page’s CSP allow it (script-src)?`));
    document.documentElement.append(tag);
    tag.remove();
  });
}

async function part(script, name) {
  const key = Symbol.for('cobrowse.' + name);
  if (!window[key]) await run(script, `capture-${name}.js`);
  return window[key];
}

// The overlay for who invites; `options` are those of `Cobrowse.start` for language and words.
export async function makeOverlay(script, options, inviters) {
  const { Overlay } = await part(script, 'live');
  return Overlay.make({ options, inviters, agents: null }, () => part(script, 'translations'));
}

// The relay that a script tag names, or the place that it came from.
export const relayOf = (script) => script.getAttribute('data-relay') ?? new URL('.', script.src).href;

// The options of `Cobrowse.start` that a script tag has, as JSON.
export function optionsOf(script) {
  const text = script.getAttribute('data-options');
  if (!text) return {};
  try {
    const options = JSON.parse(text);
    if (options && typeof options === 'object' && !Array.isArray(options)) return options;
  } catch {
    // Said below.
  }
  throw new TypeError(`cobrowse: data-options: expected options of Cobrowse.start as JSON, such as {"mask": ".balance"}, found ${text}`);
}

// The API of `capture.js`, which may come behind this script.
export async function cobrowse() {
  if (!window.Cobrowse && document.readyState === 'loading') await new Promise((resolve) => addEventListener('DOMContentLoaded', resolve, { once: true }));
  if (!window.Cobrowse) throw new Error('cobrowse: expected capture.js in this page, too');
  return window.Cobrowse;
}
