// Offers of co-browsing, and what becomes of each. Nothing here knows of a page or a clock: times come in, and what is to be done
// goes out, in order:
//
//   { do: 'publish', offer }                     the site's scripts are told of an offer that a notification brought
//   { do: 'ask', offer }                         the customer is asked
//   { do: 'withdraw', offer, reason, isInferred } the question is taken back: `cancelled`, `expired`, `replaced`, `answered`
//   { do: 'start', offer }                       the customer has agreed
//   { do: 'end', offer }                         the agent's side has closed what runs

// So long an offer stands that says nothing else.
export const LIFETIME_MS = 120000;
// By so much two clocks, and the way between them, may differ where it is inferred why an offer was closed.
const SLACK_MS = 1000;

export class Offers {
  constructor() {
    this.list = []; // newest last
    this.gone = new Set(); // ids of what was closed
  }

  find(serviceId, dialogId) {
    return this.list.find((offer) => (serviceId && offer.serviceId === serviceId) || (dialogId && offer.dialogId === dialogId));
  }

  // The one that the customer has still to answer.
  get open() {
    return this.list.find(({ state }) => state === 'invited') ?? null;
  }

  get running() {
    return this.list.find(({ state }) => state === 'accepted') ?? null;
  }

  // When the open one is over by itself.
  get deadline() {
    return this.open?.deadline ?? null;
  }

  // A dialog of a notification.
  notified(dialog, now) {
    if (dialog.state === 'CLOSED') return this.closed(dialog, now);
    const known = this.find(dialog.serviceId, dialog.dialogId);
    if (dialog.state === 'ACCEPTED') {
      // On another of the customer's devices, or in another tab.
      return known?.state === 'invited' ? this.over(known, 'answered') : [];
    }
    const deadline = Math.min((dialog.created ?? now) + LIFETIME_MS, now + LIFETIME_MS, dialog.expires ?? Infinity);
    if (known) {
      Object.assign(known, { dialogId: dialog.dialogId ?? known.dialogId, mode: dialog.mode ?? known.mode, deadline: Math.min(known.deadline, deadline) });
      known.fields.agentId ||= dialog.agentId;
      return this.tick(now);
    }
    const { serviceId, dialogId, mode } = dialog;
    const offer = { serviceId, dialogId, mode, deadline, state: 'invited', fields: { serviceId, agentId: dialog.agentId } };
    return this.add(offer, now, [{ do: 'publish', offer }]);
  }

  // An event that the site's scripts have published.
  offered(fields, now) {
    const known = this.find(fields.serviceId);
    if (known) {
      known.fields = { ...known.fields, ...fields };
      return [];
    }
    const offer = { serviceId: fields.serviceId, dialogId: null, mode: null, deadline: now + LIFETIME_MS, state: 'invited', fields: { ...fields } };
    return this.add(offer, now, []);
  }

  add(offer, now, first) {
    this.list.push(offer);
    if (offer.deadline <= now) {
      offer.state = 'expired';
      return [];
    }
    const before = this.list.find((other) => other !== offer && other.state === 'invited');
    return [...(before ? this.over(before, 'replaced') : []), ...first, { do: 'ask', offer }];
  }

  // The customer has answered, here or to the site.
  answered(serviceId, isAccepted) {
    const offer = this.find(serviceId);
    if (offer?.state !== 'invited') return [];
    offer.state = isAccepted ? 'accepted' : 'declined';
    return isAccepted ? [{ do: 'start', offer }] : [];
  }

  // A session could not be had, or is over.
  ended(offer) {
    offer.state = 'closed';
  }

  // What runs was begun on the page before. It may have been closed before that was known here.
  resumed({ serviceId, dialogId }) {
    const state = this.gone.has(serviceId) || this.gone.has(dialogId) ? 'closed' : 'accepted';
    const offer = { serviceId, dialogId, mode: null, deadline: 0, state, fields: { serviceId } };
    this.list.push(offer);
    return offer;
  }

  // Cancelled and expired look the same: which it was, the clock says.
  closed({ serviceId, dialogId }, now) {
    for (const id of [serviceId, dialogId]) if (id) this.gone.add(id);
    let offer = this.find(serviceId, dialogId);
    // An offer that came as an event has no dialog's id.
    const nameless = this.list.filter(({ state, dialogId }) => dialogId === null && (state === 'invited' || state === 'accepted'));
    if (!offer && !serviceId && nameless.length === 1) [offer] = nameless;
    if (offer?.state === 'invited') return this.over(offer, now >= offer.deadline - SLACK_MS ? 'expired' : 'cancelled', true);
    if (offer?.state !== 'accepted') return [];
    offer.state = 'closed';
    return [{ do: 'end', offer }];
  }

  tick(now) {
    const { open } = this;
    return open && open.deadline <= now ? this.over(open, 'expired') : [];
  }

  over(offer, reason, isInferred = false) {
    offer.state = reason;
    return [{ do: 'withdraw', offer, reason, isInferred }];
  }
}
