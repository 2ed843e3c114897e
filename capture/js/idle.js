// What a recording does in idle time. Fetched behind its first frame; exposes itself under a symbol, not a name, on the page.

import { CHOOSING } from './candidates.js';
import * as dom from './dom.js';
import { Faces } from './faces.js';
import { Features } from './features.js';
import { Slots } from './slots.js';
import { Walk } from './walk.js';
import { watchWindows } from './windows.js';

const USES = 'use[href*="#"]:not([href^="#"]),use[*|href*="#"]:not([*|href^="#"])';

// Whether the page shows what is the business of the part for content, and no frame waits for: fonts, icons out of files, images
// with a choice.
function seeksContent({ page: { document }, changes, options: { resources } }) {
  if (resources !== 'reference' && document.fonts?.size > 0) return true;
  const selector = resources === 'reference' ? CHOOSING : CHOOSING + ',' + USES;
  for (const root of changes.roots) if (dom.all(root, selector).length > 0) return true;
  return false;
}

window[Symbol.for('cobrowse.idle')] = { Faces, Features, Slots, Walk, seeksContent, watchWindows };
