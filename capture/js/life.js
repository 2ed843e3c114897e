// The life of a session: which state follows on what. From capture/src/life.rs, whose tests compare it.

export const LIFE = {
  created: { asked: 'invited', accepted: 'accepted', cancelled: 'ended', ended: 'ended' },
  invited: { accepted: 'accepted', declined: 'ended', expired: 'ended', cancelled: 'ended', ended: 'ended' },
  accepted: { shared: 'waiting', ended: 'ended' },
  waiting: { joined: 'active', paused: 'paused', moved: 'elsewhere', ended: 'ended' },
  active: { alone: 'waiting', paused: 'paused', moved: 'elsewhere', ended: 'ended' },
  paused: { resumed: 'waiting', moved: 'elsewhere', ended: 'ended' },
  elsewhere: { returned: 'waiting', ended: 'ended' },
};

// Why a session ended, by the numbers of the wire (docs/wire-format.md, §6).
export const REASONS = ['', 'customer', 'agent', 'controller', 'idle', 'shutdown', 'protocol', 'left', 'declined', 'expired', 'cancelled', 'closed', 'transferred'];

// Takes a session through some events, and tells the page where that ends.
export function become(session, ...events) {
  const before = session.life;
  for (const event of events) session.life = LIFE[session.life]?.[event] ?? session.life;
  if (session.life !== before) session.emit('state', session.life);
}
