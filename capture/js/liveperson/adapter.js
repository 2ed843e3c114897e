// LivePerson on the customer's page: an agent's offer is put to the customer, answered, and, where it is accepted, a session begins
// in the offered mode that the agent finds by the offer's service id. LivePerson's tag is not ours: of it `events.bind`,
// `events.publish` and `events.hasFired` are used. The engine is fetched when a session begins.

import { cobrowse, makeOverlay, optionsOf, relayOf } from '../alone.js';
import { MODES, checkInitConnection, readNotification } from './notifications.js';
import { Offers } from './offers.js';

const APP = 'lpCoBrowse';
const OFFERED = 'cobrowseOffered', ACCEPTED = 'cobrowseAccepted', DECLINED = 'cobrowseDeclined';
const IDS = ['ssid', 'svid', 'scid', 'cid', 'eid'];
const FIELDS = ['serviceId', 'agentId', 'visitorName', ...IDS];
// LivePerson's tag may come long behind this script.
const LOOK_MS = 200;
const PATIENCE_MS = 60000;
// What the next page of the tab has to know of a session that runs, in `sessionStorage`.
const STORE = 'cobrowse-liveperson';

const remember = (record) => {
  try {
    if (record) sessionStorage.setItem(STORE, JSON.stringify(record));
    else sessionStorage.removeItem(STORE);
  } catch {
    // Without storage the session ends with the page.
  }
};
const remembered = () => {
  try {
    return JSON.parse(sessionStorage.getItem(STORE));
  } catch {
    return null;
  }
};
const valueOf = (option, offer) => (typeof option === 'function' ? option(offer) : option);

class Adapter {
  constructor(script, options) {
    this.script = script;
    this.options = { relay: relayOf(script), start: optionsOf(script), visitorName: script.getAttribute('data-visitor-name') ?? '', ...options };
    this.offers = new Offers();
    this.listeners = new Map();
    this.overlay = null; // while the customer is asked
    this.session = null;
    this.handle = this.makeHandle();
    this.seen = performance.now();
    this.goOn().catch((error) => this.fail(error));
    this.look();
  }

  makeHandle() {
    const adapter = this;
    return Object.freeze({
      get offer() { return shown(adapter.offers.open ?? adapter.offers.running); },
      get session() { return adapter.session; },
      notification: (message) => adapter.notification(message),
      configure: (options) => void Object.assign(adapter.options, options),
      on: (event, fn) => adapter.on(event, fn),
      stop: () => adapter.stop(),
    });
  }

  now() {
    return this.options.now?.() ?? Date.now();
  }

  // Waits for LivePerson's tag. What was published before is looked up, once that can be.
  look() {
    if (this.stopped) return;
    const events = (this.options.lpTag ?? window.lpTag)?.events;
    if (events?.bind && !this.isBound) {
      this.isBound = true;
      events.bind(APP, OFFERED, (data) => this.heard(OFFERED, data));
      events.bind(APP, ACCEPTED, (data) => this.heard(ACCEPTED, data));
      events.bind(APP, DECLINED, (data) => this.heard(DECLINED, data));
    }
    if (events?.hasFired) {
      this.catchUp(events);
      return;
    }
    if (performance.now() - this.seen < PATIENCE_MS) setTimeout(() => this.look(), LOOK_MS);
    else if (!this.isBound) this.fail(new Error('cobrowse: lpTag: expected LivePerson’s tag in this page (window.lpTag.events.bind)'));
  }

  // Of offers that were published before this could hear of them, the last one may still stand.
  catchUp(events) {
    const fired = (name) => [events.hasFired(APP, name)].flat().filter((event) => event?.data);
    const answered = [...fired(ACCEPTED), ...fired(DECLINED)].map(({ data }) => data.serviceId);
    const last = fired(OFFERED).at(-1)?.data;
    if (last && !answered.includes(last.serviceId)) this.heard(OFFERED, last);
  }

  // An event of the page, of this adapter's too.
  heard(name, data) {
    if (this.stopped) return;
    if (typeof data?.serviceId !== 'string' || !data.serviceId) {
      this.fail(new TypeError(`cobrowse: ${name}: expected a serviceId, found ${JSON.stringify(data?.serviceId)}`));
      return;
    }
    const fields = Object.fromEntries(FIELDS.filter((key) => data[key] !== undefined).map((key) => [key, data[key]]));
    if (name === OFFERED) this.carryOut(this.offers.offered(fields, this.now()));
    else this.answered(data.serviceId, name === ACCEPTED, false);
  }

  // A message of LivePerson's, as the site's own connection gets it.
  notification(message) {
    const { dialogs, problems } = readNotification(message);
    for (const problem of problems) this.fail(new TypeError('cobrowse: notification: ' + problem));
    for (const dialog of dialogs) this.carryOut(this.offers.notified(dialog, this.now()));
    return dialogs;
  }

  carryOut(steps) {
    for (const step of steps) {
      const { offer } = step;
      if (step.do === 'publish') this.publish(OFFERED, offer);
      else if (step.do === 'ask') this.ask(offer).catch((error) => this.fail(error));
      else if (step.do === 'withdraw') this.withdraw(offer, step);
      else if (step.do === 'start') this.start(offer).catch((error) => this.fail(error));
      else if (step.do === 'end') this.end(offer);
    }
    clearTimeout(this.timer);
    const { deadline } = this.offers;
    if (deadline !== null) this.timer = setTimeout(() => this.carryOut(this.offers.tick(this.now())), Math.max(0, deadline - this.now()));
  }

  // What is published of an offer: what is known of it, and what the site has said.
  fieldsOf(offer) {
    const { options } = this;
    const ids = valueOf(options.ids, offer) ?? {};
    const fields = {
      serviceId: offer.serviceId,
      agentId: offer.fields.agentId ?? valueOf(options.agentId, offer) ?? '',
      visitorName: offer.fields.visitorName ?? valueOf(options.visitorName, offer) ?? '',
    };
    for (const id of IDS) {
      const value = offer.fields[id] ?? ids[id];
      if (value !== undefined) fields[id] = value;
    }
    return fields;
  }

  publish(name, offer) {
    const events = (this.options.lpTag ?? window.lpTag)?.events;
    if (!events?.publish) {
      this.fail(new Error(`cobrowse: ${name} could not be published: expected lpTag.events.publish`));
      return;
    }
    // It comes back to this adapter, which knows the offer by then.
    events.publish(APP, name, this.fieldsOf(offer));
  }

  async ask(offer) {
    this.emit('offered', shown(offer));
    if (this.options.ask === false) return; // The site asks, and publishes the answer.
    const { language, words } = this.options.start;
    const name = valueOf(this.options.agentName, offer);
    const overlay = await makeOverlay(this.script, { language, words }, name ? [name] : []);
    if (offer.state !== 'invited' || this.stopped) return;
    this.overlay = overlay;
    const agreed = await overlay.ask();
    if (this.overlay === overlay) this.overlay = null;
    // Taken back, or answered to the site.
    if (offer.state !== 'invited' || this.stopped) return;
    overlay.remove();
    this.answered(offer.serviceId, agreed, true);
  }

  answered(serviceId, isAccepted, isOurs) {
    const offer = this.offers.find(serviceId);
    if (offer?.state !== 'invited') return;
    offer.isOurs = isOurs;
    const steps = this.offers.answered(serviceId, isAccepted);
    this.hide();
    if (!isAccepted) {
      if (isOurs) this.publish(DECLINED, offer);
      this.emit('declined', shown(offer));
    }
    this.carryOut(steps);
  }

  hide() {
    const { overlay } = this;
    this.overlay = null;
    overlay?.remove();
  }

  withdraw(offer, { reason, isInferred }) {
    this.hide();
    this.emit('withdrawn', { ...shown(offer), reason, isInferred });
  }

  async start(offer) {
    const { relay, start, mode } = this.options;
    try {
      const api = await cobrowse();
      // One session at a time: the customer has agreed to the newer one.
      const before = await api.session;
      if (before && before.state !== 'ended') await before.stop();
      // The site's word is the most that an offer can have.
      const least = [offer.mode ?? mode ?? 'follow', start?.mode ?? 'shared'].sort((a, b) => MODES.indexOf(b) - MODES.indexOf(a))[0];
      const session = await api.start({ relay, ...start, mode: least, reference: offer.serviceId, consent: false });
      if (offer.state !== 'accepted') {
        await session.stop(); // Closed meanwhile.
        return;
      }
      this.follow(offer, session);
    } catch (error) {
      // The agent is not left waiting for what does not come.
      this.offers.ended(offer);
      if (offer.isOurs) this.publish(DECLINED, offer);
      throw error;
    }
    if (offer.isOurs) this.publish(ACCEPTED, offer);
    this.emit('accepted', shown(offer));
  }

  follow(offer, session) {
    this.session = session;
    const { serviceId, dialogId } = offer;
    remember({ serviceId, dialogId, token: session.token });
    session.on('ended', (reason) => {
      if (this.session !== session) return;
      this.session = null;
      this.offers.ended(offer);
      remember(null);
      this.emit('ended', { ...shown(offer), reason });
    });
  }

  end(offer) {
    const { session } = this;
    if (session && session.state !== 'ended') session.stop().catch((error) => this.fail(error));
    else this.emit('ended', { ...shown(offer), reason: 'agent' });
  }

  // The session of the page before this one goes on: what closes it has to be known here.
  async goOn() {
    const record = remembered();
    if (!record) return;
    const session = await (await cobrowse()).session;
    if (!session || session.token !== record.token || session.state === 'ended') {
      remember(null);
      return;
    }
    const offer = this.offers.resumed(record);
    this.follow(offer, session);
    if (offer.state === 'closed') this.end(offer);
  }

  on(event, fn) {
    const fns = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, fns.add(fn));
    return () => fns.delete(fn);
  }

  emit(event, detail) {
    for (const fn of this.listeners.get(event) ?? []) {
      try {
        fn(detail);
      } catch (error) {
        console.error(error);
      }
    }
  }

  fail(error) {
    console.warn(error.message);
    this.emit('error', error);
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    this.hide();
  }
}

const shown = (offer) => offer && { serviceId: offer.serviceId, dialogId: offer.dialogId, mode: offer.mode, deadline: offer.deadline, state: offer.state };

const script = document.currentScript;
let adapter = null;

window.CobrowseLivePerson = {
  get adapter() { return adapter; },
  listen(options = {}) {
    adapter?.stop();
    return (adapter = new Adapter(script, options).handle);
  },
  readNotification,
  checkInitConnection,
};
if (!script.hasAttribute('data-manual')) window.CobrowseLivePerson.listen();
