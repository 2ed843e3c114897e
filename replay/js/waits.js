// Waiting for what events of the rebuilt page tell. WebKit calls no listeners inside a script-less frame: there it is
// looked at from time to time.

import * as dom from './dom.js';

// At first often, later seldom.
const SOON_MS = 40, SOON = 50, LATER_MS = 1500;

let hears = null;

// Whether listeners in the rebuilt page are called: the same for all documents in one browser.
export function isHeard(document) {
  if (hears === null) {
    hears = false;
    document.addEventListener('cobrowse-heard', () => (hears = true), { once: true });
    document.dispatchEvent(new Event('cobrowse-heard'));
  }
  return hears;
}

// Runs when the element tells the event; where it cannot, until `run` returns that it was so, or the element is gone.
export function once(node, type, run) {
  if (isHeard(dom.ownerDocument(node))) {
    node.addEventListener(type, run, { once: true });
    return;
  }
  const look = (count) => setTimeout(() => dom.isConnected(node) && !run() && look(count + 1), count < SOON ? SOON_MS : LATER_MS);
  look(0);
}
