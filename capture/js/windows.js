// Windows that the page opens, which are not part of the session unless they have the script: that one is opened is noted, so that the
// agent can be told why nothing is seen of what the customer looks at.

import * as dom from './dom.js';
import { Patches } from './patches.js';

const HERE = /^(_self|_top|_parent)?$/i;

// Notes from now on, until the session ends, when a window was opened: `session.openedAt`.
export function watchWindows(session) {
  const note = () => (session.openedAt = performance.now());
  const patches = new Patches();
  patches.method(window, 'open', (_, opened, [, name = '_blank', features = '']) => {
    // One that was kept from opening is none; of one without an opener nothing is known.
    if (!HERE.test(name) && (opened || /noopener|noreferrer/.test(features))) note();
  });
  const abort = new AbortController();
  // Behind what the page does with it.
  const heard = (event) => event.isTrusted && !event.defaultPrevented && opens(event) && note();
  for (const type of ['click', 'auxclick', 'submit']) addEventListener(type, heard, { passive: true, signal: abort.signal });
  session.on('ended', () => {
    abort.abort();
    patches.takeBack();
  });
}

function opens(event) {
  if (event.type === 'submit') return !HERE.test(dom.getAttribute(event.submitter ?? event.target, 'formtarget') ?? dom.getAttribute(event.target, 'target') ?? '');
  const link = dom.composedPath(event).find((node) => /^(a|area)$/.test(node.localName ?? '') && dom.getAttribute(node, 'href') !== null);
  if (!link || dom.getAttribute(link, 'download') !== null) return false;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button === 1) return true;
  const [base] = dom.all(document, 'base[target]');
  return !HERE.test(dom.getAttribute(link, 'target') ?? (base ? dom.getAttribute(base, 'target') : ''));
}
