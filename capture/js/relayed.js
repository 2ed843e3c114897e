// A session over a relay: joining and leaving it, and what is saved for the next page.

import { Agents } from './agents.js';
import { RelayLink, createSession } from './relay.js';

export const STORE = 'cobrowse';

// Connects a session, a new one or one that goes on from the page before.
export async function join(session) {
  const { options, resumed } = session;
  const { token, secret } = resumed ?? (await createSession(options.relay, session.mode));
  Object.assign(session, { token, secret });
  save(session);
  session.agents = new Agents(session);
  session.link = new RelayLink(options.relay, token, secret, {
    open: (next) => {
      const { recorder } = session;
      if (!recorder) return;
      // Whatever was on its way when the connection broke is in a keyframe.
      if (next !== recorder.engine.seq() + 1) recorder.keyframe();
      session.tell(recorder.modeFrame(session.mode));
      session.agents.tellController();
    },
    message: (bytes) => session.agents.take(bytes),
    ended: (reason) => session.end(reason),
  });
  session.onHide = () => session.link.suspend();
  session.onShow = (event) => event.persisted && session.link.connect();
  addEventListener('pagehide', session.onHide);
  addEventListener('pageshow', session.onShow);
}

export function save({ options, token, secret, mode, agents }) {
  const { onFrame, ...kept } = options;
  try {
    sessionStorage.setItem(STORE, JSON.stringify({ options: kept, token, secret, mode, controller: agents?.controller }));
  } catch {
    // Without storage the session ends with the page.
  }
}

export function leave(session, reason) {
  session.link.close(reason === 'customer' ? session.secret : null);
  removeEventListener('pagehide', session.onHide);
  removeEventListener('pageshow', session.onShow);
  try {
    sessionStorage.removeItem(STORE);
  } catch {
    // There was none.
  }
}
