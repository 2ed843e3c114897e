// Those who watch, who of them has control, and what they say: commands pass the mode gate, and are carried out, proposed to the
// customer, or refused with the reason.

import * as dom from './dom.js';
import { TAG, act, aim, makeGate, watchHand } from './act.js';
import { REASONS, become } from './life.js';

const ROLE_AGENT = 2;
// Tags of protocol/src/control.rs that a customer's page says.
const SAY = { Refused: 17, Controller: 20, Proposed: 21, Welcome: 36 };
const MODE_REQUEST = 68;
const MODES = ['', 'follow', 'view', 'shared'];
const CUSTOMER = 4, DECLINED = 7, CONTROL = 8, UNFIT = 9;
const DRAW = 65, CONTROL_GIVE = 67;
// The most points of a drawing (protocol/src/control.rs).
const DRAWN_POINTS = 1000;
// How long what is told waits for the recorder.
const EARLY_MS = 20;
// How long the agent in control has to answer one who asks for it.
const HANDOVER_MS = 20_000;

// What is put to the customer first where the site asks for it, and how it is said.
const PROPOSED = {
  Click: (fields, { element, label }) => ({ key: 'click', what: nameOf(label ?? element) }),
  DoubleClick: (fields, { element, label }) => ({ key: 'click', what: nameOf(label ?? element) }),
  Input: ([, value], { element }) => (dom.localName(element) === 'select' ? choosing(element, [...element.options].filter((option) => option.value === value)) : { key: 'type', what: cut(value), ghost: value }),
  Commit: null, // Belongs to what was typed.
  Edit: ([, action, text], aimed, before = '') => ({ key: 'type', what: cut(before + text), ghost: before + text }),
  Choose: ([, chosen], { element }) => choosing(element, [...chosen].map((at) => element.options[at]).filter(Boolean)),
  Enter: (fields, { element }) => ({ key: 'click', what: nameOf(element.form?.querySelector('[type=submit],button:not([type])') ?? element) }),
  Media: () => ({ key: 'media' }),
  Navigate: ([to, url], aimed, before, say) => ({ key: 'go', what: to === 3 ? cut(url) : say('back') }),
};

// What parts take that are fetched when the first of it comes, and the tags.
const PARTS = { Document: ['documents', 71], Screen: ['screen', 72] };

const choosing = (element, options) => ({ key: 'choose', what: options.map((option) => option.label).join(', ') });
const cut = (text) => (text.length > 120 ? text.slice(0, 119) + '…' : text);

// What a person would call an element: not by what is in a field.
function nameOf(node) {
  const isField = dom.localName(node) === 'input' && !/^(button|submit|reset)$/.test(dom.inputType(node));
  const attribute = (name) => dom.getAttribute(node, name);
  const name = attribute('aria-label') || node.labels?.[0]?.innerText || node.innerText || (isField ? attribute('placeholder') : attribute('value'));
  return cut((name || attribute('title') || attribute('alt') || attribute('name') || dom.localName(node)).trim());
}

export class Agents {
  constructor(session) {
    this.session = session;
    this.list = new Map(); // number → name
    this.controller = 0;
    this.asking = 0;
    this.before = session.resumed?.controller; // on the page before
    this.leaveHand = watchHand();
    const { options } = session;
    this.page = {
      nodeOf: (id) => session.recorder.nodeOf(id),
      isKept: (node) => session.recorder.kept(node) !== 0,
      overlay: session.overlay?.host ?? null,
    };
    this.submit = options.allowSubmit === true;
    this.asks = options.confirm === 'each';
  }

  // As the page is told.
  shown() {
    return [...this.list].map(([user, name]) => ({ user, name, inControl: user === this.controller }));
  }

  names() {
    return [...this.list].map(([, name]) => name).filter(Boolean);
  }

  nameOf(user) {
    return this.list.get(user) ?? '';
  }

  say(tag, fields) {
    this.session.tell(this.session.recorder.engine.say(tag, fields, 0));
  }

  refuse(user, command, reason) {
    this.say(SAY.Refused, [user, command, reason]);
  }

  // A control frame from the relay.
  take(bytes) {
    const { session } = this;
    const { recorder } = session;
    if (this.ended) return;
    if (!recorder) {
      // Nothing that is told before is missed: not who is there already.
      setTimeout(() => this.take(bytes), EARLY_MS);
      return;
    }
    let message;
    try {
      message = recorder.engine.control(bytes, session.mode, recorder.paused, this.controller);
    } catch (error) {
      session.emit('error', error);
      return;
    }
    const [name, user, ...fields] = message;
    if (name in HEARD) HEARD[name](this, user, ...fields);
    else if (name in TAG) this.command(name, user, fields);
    else if (name in PARTS) this.handOn(user, fields, ...PARTS[name]);
    session.overlay?.update();
    // Before, the relay sends that agent nothing of the page.
    if (name === 'Joined' && fields[1] === ROLE_AGENT && !this.ended) this.say(SAY.Welcome, [fields[0]]);
  }

  handOn(user, fields, part, tag) {
    const { session } = this;
    session.recorder.options.part(part)().then((part) => this.ended || part.heard(session, user, fields), ({ message }) => {
      console.warn(message);
      if (!this.ended) this.refuse(user, tag, UNFIT);
    });
  }

  command(name, user, fields) {
    const tag = TAG[name];
    const { recorder, overlay } = this.session;
    // What is dragged goes on where it began.
    const link = name === 'Navigate' ? undefined : name === 'DragMove' || name === 'DragEnd' ? this.dragged : recorder.guests?.of(fields[0]);
    if (name === 'DragStart') this.dragged = link;
    if (link) {
      // What would be proposed is in a page that has no overlay.
      if (this.asks && name in PROPOSED) this.refuse(user, tag, CUSTOMER);
      else link.act(name, fields, user, tag);
      return;
    }
    this.page.gate ??= makeGate(recorder.verdicts(), this.submit);
    if (!this.asks || !(name in PROPOSED) || !overlay?.proposals) {
      // A drag shows no one thing that could be accepted.
      if (this.asks && name.startsWith('Drag')) this.refuse(user, tag, CUSTOMER);
      else this.carryOut(name, user, fields);
      return;
    }
    const aimed = aim(name, fields, this.page);
    if (aimed.reason) {
      this.refuse(user, tag, aimed.reason);
      return;
    }
    this.propose(name, user, fields, aimed);
  }

  carryOut(name, user, fields) {
    const reason = act(name, fields, this.page);
    const told = (found) => found && !this.ended && this.refuse(user, TAG[name], found);
    if (reason instanceof Promise) reason.then(told);
    else told(reason);
  }

  propose(name, user, fields, aimed) {
    const { overlay } = this.session;
    const { proposals } = overlay;
    const describe = PROPOSED[name];
    const last = proposals.waiting.at(-1);
    if (describe === null && last?.target !== aimed.element) {
      this.carryOut(name, user, fields);
      return;
    }
    const before = name === 'Edit' && last?.target === aimed.element ? last.describe().ghost : '';
    const taken = proposals.add({
      name, user, who: this.nameOf(user),
      target: aimed.element,
      replaces: name === 'Input',
      describe: describe && (() => describe(fields, aimed, before, (key) => overlay.say(key))),
      done: () => this.carryOut(name, user, fields),
      declined: () => this.ended || this.refuse(user, TAG[name], DECLINED),
    });
    if (taken) this.say(SAY.Proposed, [user, TAG[name]]);
    else this.refuse(user, TAG[name], DECLINED);
  }

  // Who has control; all are told.
  give(user, asking = 0) {
    if (user !== this.controller) {
      this.session.overlay?.pointer(null);
      this.session.overlay?.proposals?.clear();
    }
    this.controller = user;
    this.asking = asking;
    clearTimeout(this.timer);
    if (asking) this.timer = setTimeout(() => this.give(asking), HANDOVER_MS);
    this.tellController();
    this.session.live.save(this.session);
    this.session.emit('controller', user === 0 ? null : { user, name: this.nameOf(user) });
  }

  tellController() {
    this.say(SAY.Controller, [this.controller, this.asking]);
  }

  // Who is there already is told again to a connection that is taken up.
  joined(user, name) {
    const { session } = this;
    if (this.list.has(user)) return;
    this.list.set(user, name);
    session.tell(session.recorder.modeFrame(session.mode));
    if (this.controller === 0 || user === this.before) this.give(user);
    else this.tellController();
    session.emit('agent-joined', { user, name });
    become(session, 'joined');
  }

  // Those who are there when a connection is taken up; `null` where the relay does not say.
  present(users) {
    for (const user of this.list.keys()) if (users && !users.includes(user)) this.left(user);
    this.tellController();
  }

  left(user) {
    if (!this.list.delete(user)) return;
    if (user === this.controller) this.give(this.asking || (this.list.keys().next().value ?? 0));
    else if (user === this.asking) this.give(this.controller);
    this.session.emit('agent-left', { user });
    if (this.list.size === 0) become(this.session, 'alone');
  }

  // The mode is another, or the session is paused: what waited for an answer waits no longer.
  changed() {
    this.session.overlay?.proposals?.clear();
  }

  stop() {
    this.ended = true;
    clearTimeout(this.timer);
    this.leaveHand();
  }
}

const HEARD = {
  KeyframeRequest: ({ session }) => session.recorder.requested(true),
  RepairRequest: ({ session }) => session.recorder.requested(false),
  Missing: ({ session }, user, addresses) => session.recorder.missing(addresses),
  Joined: (agents, _, user, role, name) => role === ROLE_AGENT && agents.joined(user, name),
  Left: (agents, _, user) => agents.left(user),
  Ended: ({ session }, _, reason) => session.end(REASONS[reason] ?? 'unknown'),
  Refused: (agents, user, command, reason) => agents.refuse(user, command, reason),
  Pointer: ({ session, list }, user, x, y) => session.overlay?.pointer([x, y], list.get(user)),
  Draw(agents, user, shape, points) {
    if (points.length > 2 * DRAWN_POINTS) agents.refuse(user, DRAW, UNFIT);
    else agents.session.overlay?.drawings?.draw(shape, [...points]);
  },
  ControlRequest(agents, user) {
    if (user === agents.controller || !agents.list.has(user)) agents.tellController();
    else if (agents.controller === 0) agents.give(user);
    else agents.give(agents.controller, user);
  },
  // To oneself: who asks does not get it.
  ControlGive(agents, user, to) {
    if (user === agents.controller && agents.list.has(to)) agents.give(to);
    else agents.refuse(user, CONTROL_GIVE, CONTROL);
  },
  ModeRequest(agents, user, wish) {
    const mode = MODES[wish];
    if (user !== agents.controller || !mode) {
      agents.refuse(user, MODE_REQUEST, CONTROL);
      return;
    }
    agents.session.setMode(mode, true).then((now) => now === mode || agents.ended || agents.refuse(user, MODE_REQUEST, DECLINED));
  },
};
