// What a session with people in it needs besides the recorder: the customer's overlay, the connection to a relay, and the
// carrying out of what agents do. Fetched when such a session begins; exposes itself under a symbol, not a name, on the
// page.

import { act, makeGate, watchHand } from './act.js';
import { Overlay } from './overlay.js';
import { become } from './life.js';
import { admit, ask, connect, join, leave, sealOf } from './relayed.js';
import { saved } from './store.js';
import { save } from './tabs.js';

window[Symbol.for('cobrowse.live')] = { Overlay, act, makeGate, watchHand, admit, ask, become, connect, join, leave, save, saved, sealOf };
