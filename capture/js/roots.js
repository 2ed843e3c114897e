// Shadow roots, closed ones too where they were seen when they were made: by the loader, where the site asks for it
// (`data-shadow-roots` on its script tag), or by a session's own patches.

import * as dom from './dom.js';

let seen = window[Symbol.for('cobrowse.roots')]; // host → root

export const shadowOf = (host) => dom.shadowRoot(host) ?? seen?.get(host) ?? null;

export function noteRoot(host, root) {
  if (!root) return;
  seen ??= new WeakMap();
  seen.set(host, root);
}
