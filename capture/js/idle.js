// What a recording does in idle time. Fetched behind its first frame; exposes itself under a symbol, not a name, on the page.

import { Features } from './features.js';
import { Walk } from './walk.js';

window[Symbol.for('cobrowse.idle')] = { Features, Walk };
