// The top layer: which modal dialogs and popovers are in it, in the order in which they came. A browser does not tell the
// order; it is that in which they were seen to open.

import * as dom from './dom.js';

let count = 0;
const numbers = new WeakMap(); // element → when it came, counted

// Whether a selector that a browser may not know says yes.
export function is(node, selector) {
  try {
    return dom.matches(node, selector);
  } catch {
    return false;
  }
}

export const isModal = (node) => is(node, ':modal');
export const isPopover = (node) => dom.getAttribute(node, 'popover') !== null;

// It opens: it is on top now.
export function noteOpened(node) {
  numbers.set(node, ++count);
}

// Those of the candidates that are open already, in the order in which they lie above each other where they do.
export function noteOpen(document, candidates) {
  const open = candidates.filter((node) => is(node, ':modal') || is(node, ':popover-open'));
  if (open.length > 1) open.sort((a, b) => (isAbove(document, a, b) ? 1 : isAbove(document, b, a) ? -1 : 0));
  for (const node of open) noteOpened(node);
  return open;
}

function isAbove(document, a, b) {
  const [one, other] = [a, b].map(dom.getBoundingClientRect);
  const x = (Math.max(one.left, other.left) + Math.min(one.right, other.right)) / 2;
  const y = (Math.max(one.top, other.top) + Math.min(one.bottom, other.bottom)) / 2;
  const there = dom.elementsFromPoint(document, x, y);
  const at = (node) => there.findIndex((element) => dom.contains(node, element));
  return at(a) >= 0 && at(b) >= 0 && at(a) < at(b);
}

// The element's place among those that are open; null where it is not open.
export function layerOf(node, isOpen) {
  if (!isOpen) {
    numbers.delete(node);
    return null;
  }
  if (!numbers.has(node)) noteOpened(node);
  return String(numbers.get(node));
}

export const modalLayer = (node) => layerOf(node, isModal(node));
export const popoverLayer = (node) => layerOf(node, is(node, ':popover-open'));
