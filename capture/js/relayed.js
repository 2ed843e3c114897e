// A session over a relay: joining and leaving it, what is saved for the next page, and what agents say and do.

import { act } from './act.js';
import { RelayLink, createSession } from './relay.js';

export const STORE = 'cobrowse';
const ROLE_AGENT = 2;
const END_REASONS = ['', 'customer', 'agent', 'controller', 'idle', 'shutdown', 'protocol'];

// Connects a session, a new one or one that goes on from the page before.
export async function join(session) {
  const { options, resumed } = session;
  const { token, secret } = resumed ?? (await createSession(options.relay, session.mode));
  Object.assign(session, { token, secret });
  save(session);
  session.link = new RelayLink(options.relay, token, secret, {
    open: (next) => {
      const { recorder } = session;
      if (!recorder) return;
      // Whatever was on its way when the connection broke is in a keyframe.
      if (next !== recorder.engine.seq() + 1) recorder.keyframe();
      session.tell(recorder.modeFrame(session.mode));
    },
    message: (bytes) => control(session, bytes),
    ended: (reason) => session.end(reason),
  });
  session.onHide = () => session.link.suspend();
  session.onShow = (event) => event.persisted && session.link.connect();
  addEventListener('pagehide', session.onHide);
  addEventListener('pageshow', session.onShow);
}

export function save({ options, token, secret, mode }) {
  const { relay, mask, unmask, block, ignore, frames, resources, budgetMs, overlay } = options;
  const kept = { relay, mask, unmask, block, ignore, frames, resources, budgetMs, overlay, consent: false };
  try {
    sessionStorage.setItem(STORE, JSON.stringify({ options: kept, token, secret, mode }));
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

function control(session, bytes) {
  const { agents, overlay, recorder } = session;
  if (!recorder) return;
  let message;
  try {
    message = recorder.engine.control(bytes, session.mode, recorder.paused);
  } catch (error) {
    session.emit('error', error);
    return;
  }
  const [name, ...fields] = message;
  switch (name) {
    case 'KeyframeRequest':
    case 'RepairRequest':
      recorder.requested(name === 'KeyframeRequest');
      break;
    case 'Missing':
      recorder.missing(fields[0]);
      break;
    case 'Joined':
      if (fields[1] === ROLE_AGENT) {
        agents.set(fields[0], fields[2]);
        session.tell(recorder.modeFrame(session.mode));
        session.emit('agent-joined', { user: fields[0], name: fields[2] });
      }
      break;
    case 'Left':
      if (agents.delete(fields[0])) {
        overlay?.pointer(null);
        session.emit('agent-left', { user: fields[0] });
      }
      break;
    case 'Ended':
      session.end(END_REASONS[fields[0]] ?? 'unknown');
      break;
    case 'Refused':
      session.tell(fields[0]);
      break;
    case 'Pointer':
      overlay?.pointer(fields);
      break;
    default: {
      const link = recorder.guests?.of(fields[0]);
      if (link) {
        link.act(name, fields);
        break;
      }
      const refusal = act(name, fields, (id) => recorder.nodeOf(id));
      if (refusal) session.tell(recorder.engine.refuse(refusal.command, refusal.reason));
    }
  }
  overlay?.update();
}
