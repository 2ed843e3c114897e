// A session over a relay: the question before it, joining and leaving it, and what agents say and do.

import { act } from './act.js';
import { REASONS, become } from './life.js';
import { RelayLink, createSession } from './relay.js';
import { follow, move, save, tellVisible, unfollow } from './tabs.js';

const ROLE_AGENT = 2;
// How long the customer may take to answer, in milliseconds, where the page does not say; and the longest of timers.
const INVITATION_MS = 120000;
const LONGEST_MS = 2 ** 31 - 1;
const UNASKED = {
  declined: () => 'cobrowse: the customer declined',
  expired: (time) => `cobrowse: the customer did not answer within ${time / 1000} s; the question has expired`,
  cancelled: () => 'cobrowse: the question to the customer was withdrawn',
};

// Asks the customer; throws unless the answer is yes.
export async function ask(session) {
  const { invitationMs = INVITATION_MS, signal } = session.options;
  if (!(invitationMs >= 1 && invitationMs <= LONGEST_MS)) {
    throw new TypeError(`cobrowse: invitationMs: expected a number of milliseconds from 1 to ${LONGEST_MS}, found ${JSON.stringify(invitationMs)}`);
  }
  become(session, 'asked');
  let timer, withdraw;
  const over = new Promise((resolve) => {
    timer = setTimeout(resolve, invitationMs, 'expired');
    withdraw = () => resolve('cancelled');
    if (signal?.aborted) withdraw();
    signal?.addEventListener('abort', withdraw);
  });
  const answered = session.overlay.ask().then((yes) => (yes ? 'accepted' : 'declined'));
  const answer = await Promise.race([over, answered]);
  clearTimeout(timer);
  signal?.removeEventListener('abort', withdraw);
  become(session, answer);
  if (answer === 'accepted') return;
  session.overlay.remove();
  session.end(answer);
  throw new Error(UNASKED[answer](invitationMs));
}

// Connects a session, a new one or one that goes on from the page before.
export async function join(session) {
  const { options, resumed } = session;
  const { token, secret } = resumed ?? (await createSession(options.relay, session.mode));
  Object.assign(session, { token, secret });
  save(session);
  session.link = new RelayLink(options.relay, token, secret, {
    ready: (isWhole, agents) => ready(session, isWhole, agents),
    message: (bytes) => control(session, bytes),
    replaced: () => move(session),
    ended: () => session.end('idle'),
  });
  follow(session);
}

// The relay has let the page in.
function ready(session, isWhole, agents) {
  const { recorder, link } = session;
  if (!recorder) return;
  // What was on its way when the connection broke is there or on its way again; where it is too much, it is in a keyframe.
  if (!isWhole) recorder.keyframe();
  session.tell(recorder.modeFrame(session.mode));
  // An agent's page may remember what was true of another connection.
  if (link.connections > 1 || session.resumed) session.tell(recorder.engine.paused(recorder.paused));
  tellVisible(session, true);
  for (const user of session.agents.keys()) if (agents && !agents.includes(user)) left(session, user);
}

export function leave(session, reason) {
  session.link.close(reason === 'customer' ? session.secret : null);
  unfollow(session, reason);
}

function left(session, user) {
  if (!session.agents.delete(user)) return;
  session.overlay?.pointer(null);
  session.emit('agent-left', { user });
  if (session.agents.size === 0) become(session, 'alone');
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
    case 'Joined':
      // Who is there already is told again to a connection that is taken up.
      if (fields[1] === ROLE_AGENT && !agents.has(fields[0])) {
        agents.set(fields[0], fields[2]);
        session.tell(recorder.modeFrame(session.mode));
        session.emit('agent-joined', { user: fields[0], name: fields[2] });
        become(session, 'joined');
      }
      break;
    case 'Left':
      left(session, fields[0]);
      break;
    case 'Ended':
      session.end(REASONS[fields[0]] ?? 'unknown');
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
