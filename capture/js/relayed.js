// A session over a relay: the question before it, joining and leaving it.

import { Agents } from './agents.js';
import { become } from './life.js';
import { RelayLink, createSession, declineInvitation, fetchRules, findInvitation, takeInvitation } from './relay.js';
import { follow, move, save, share, tellVisible, unfollow } from './tabs.js';

// How long the customer may take to answer, in milliseconds, where the page does not say; and the longest of timers.
const INVITATION_MS = 120000;
const LONGEST_MS = 2 ** 31 - 1;
// How long after the relay has let the page in it is noted which windows the page opens.
const WATCH_MS = 300;
// Tags of protocol/src/control.rs.
const PAUSED = 18, RESUMED = 19;
const MODES = ['follow', 'view', 'shared']; // the least that an agent may do first
const UNASKED = {
  declined: () => 'cobrowse: the customer declined',
  expired: (time) => `cobrowse: the customer did not answer within ${time / 1000} s; the question has expired`,
  cancelled: () => 'cobrowse: the question to the customer was withdrawn',
};

// What the customer is invited to, looked at before anything is asked: one that is over is no question. Not more is allowed than the
// agent has asked for, nor than the page says.
async function findInvited(session) {
  const { invitation, relay, mode } = session.options;
  if (invitation === undefined || session.invited) return;
  const token = String(invitation).replace(/[\s-]/g, '');
  if (!/^\d{9}$/.test(token)) throw new TypeError(`cobrowse: invitation: expected nine digits, found ${JSON.stringify(invitation)}`);
  if (!relay) throw new TypeError('cobrowse: invitation: expected `relay` beside it, the URL of the relay that it is of');
  session.invited = await findInvitation(relay, token);
  session.inviters = session.invited.agents.map(({ name }) => name).filter(Boolean);
  if (Boolean(session.invited.sealed) !== Boolean(session.options.sealed)) {
    throw new Error(`cobrowse: sealed: the invitation is for a session that is ${session.invited.sealed ? '' : 'not '}sealed, and this page asks for the other`);
  }
  session.mode = MODES[Math.min(MODES.indexOf(session.invited.mode), MODES.indexOf(mode ?? 'shared'))];
}

// Asks the customer; throws unless the answer is yes.
export async function ask(session) {
  const { invitationMs = INVITATION_MS, signal } = session.options;
  if (!(invitationMs >= 1 && invitationMs <= LONGEST_MS)) {
    throw new TypeError(`cobrowse: invitationMs: expected a number of milliseconds from 1 to ${LONGEST_MS}, found ${JSON.stringify(invitationMs)}`);
  }
  await findInvited(session);
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
  // The agent need not wait. Where that is not heard, the invitation expires.
  if (answer === 'declined' && session.invited) declineInvitation(session.options.relay, session.invited.token).catch(() => undefined);
  session.end(answer);
  throw new Error(UNASKED[answer](invitationMs));
}

// A session that somebody else has created at the relay.
function made(session) {
  if (session && !(/^\d{9}$/.test(session.token) && session.secret)) {
    throw new TypeError('cobrowse: session: expected { token, secret } as the relay gave them');
  }
  return session;
}

// The token and the secret of a session that begins: the site's own, an invitation's, or those of a new one.
export async function admit(session) {
  const { relay, session: given, reference, sealed } = session.options;
  await findInvited(session);
  if (made(given) && sealed && !(await findInvitation(relay, given.token, true)).sealed) {
    throw new Error('cobrowse: sealed: expected a session that was made so ({"sealed": true}), found one that is not');
  }
  return given ?? (session.invited ? takeInvitation(relay, session.invited.token) : createSession(relay, session.mode, reference, sealed));
}

// What seals a session that is to be sealed; null for others. A mistake here must not show the page.
export async function sealOf({ options }, part) {
  const { sealed, relay } = options;
  if (sealed === undefined || sealed === null || sealed === false) return null;
  if (sealed !== true) throw new TypeError(`cobrowse: sealed: expected true, false or nothing, found ${JSON.stringify(sealed)}`);
  if (!relay) throw new TypeError('cobrowse: sealed: expected `relay` beside it, which is whom the session is sealed from');
  return part('sealed')();
}

// Connects a session, a new one or one that goes on from the page before.
export async function join(session, part) {
  const { options, resumed } = session;
  session.seal = await (await sealOf(session, part))?.open(session);
  // What they keep stays the same from one page to the next.
  session.rules = resumed && 'rules' in resumed ? resumed.rules : await fetchRules(options.relay);
  const { token, secret } = resumed ?? (await admit(session));
  Object.assign(session, { token, secret });
  save(session);
  connect(session);
  follow(session);
}

// Takes up the connection of a session that the relay knows.
export function connect(session) {
  const { token, secret } = session;
  session.agents = new Agents(session);
  const handlers = {
    ready: (isWhole, agents) => ready(session, isWhole, agents),
    message: (bytes) => session.agents.take(bytes),
    replaced: () => move(session),
    ended: () => session.end('idle'),
  };
  const make = (handlers) => new RelayLink(session.options.relay, token, secret, handlers);
  session.seal?.begin();
  session.link = session.seal ? session.seal.connect(make, handlers, () => tellState(session)) : make(handlers);
}

// What an agent's page may not know, or remember wrongly from another connection.
function tellState(session) {
  const { recorder } = session;
  session.tell(recorder.engine.say(recorder.paused ? PAUSED : RESUMED, [], 0));
  tellVisible(session, true);
}

// The relay has let the page in.
function ready(session, isWhole, agents) {
  const { recorder, link } = session;
  if (!recorder) return;
  // What was on its way when the connection broke is there or on its way again; where it is too much, it is in a keyframe.
  if (!isWhole) recorder.keyframe();
  session.tell(recorder.modeFrame(session.mode));
  // An agent's page may remember what was true of another connection.
  if (link.connections > 1 || session.resumed) tellState(session);
  else tellVisible(session, true);
  if (session.options.sites && !session.hold) share(session);
  session.agents.present(agents);
  session.emit('connected');
  // It is fetched for idle time anyway.
  session.windows ??= setTimeout(() => recorder.options.part('idle')().then(({ watchWindows }) => session.ended || watchWindows(session), () => undefined), WATCH_MS);
}

export function leave(session, reason) {
  session.link.close(reason === 'customer' ? session.secret : null);
  unfollow(session, reason);
}
