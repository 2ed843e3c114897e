// Waiting for what events of the rebuilt page tell. WebKit calls no listeners inside a script-less frame: there it is
// looked at from time to time.

import * as dom from './dom.js';

const FIRST_MS = 50, MOST_MS = 1600;

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
  const look = (pause) => setTimeout(() => dom.isConnected(node) && !run() && look(Math.min(2 * pause, MOST_MS)), pause);
  look(FIRST_MS);
}
