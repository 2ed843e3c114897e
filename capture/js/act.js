// Carries out what the mode gate (capture/src/control.rs) has let through, as a user's own action would, where the gate's table
// lets it through for the kind of element that it is for.

import * as dom from './dom.js';
import { click, dragCancel, dragEnd, dragMove, dragStart, isDragging } from './hand.js';
import { TARGET, isOnSite, parsed, targetOf } from './target.js';
import { choose, commit, edit, enter, forgetAll, input, select } from './typing.js';

// Tags of protocol/src/control.rs.
export const TAG = {
  Scroll: 3, Click: 4, Input: 5, DoubleClick: 7, DragStart: 8, DragMove: 9, DragEnd: 10, Commit: 11, Select: 12, Edit: 13, Choose: 14,
  Media: 15, Navigate: 64, Enter: 69,
};
const ELEMENT = 2, GONE = 3, CUSTOMER = 4, BUSY = 5, UNFIT = 9;
const SUBMITS = 255;
const KINDS = 16;

// How long the customer's hand rests on what it was on last.
const HAND_MS = 2000;

// Commands that change what a field holds.
const WRITES = new Set(['Input', 'Commit', 'Edit', 'Choose', 'Enter']);

// The gate's table, as the engine gives it (`Engine.verdicts()`); `submit`: the site lets agents submit.
export function makeGate(verdicts, submit) {
  const rows = new Map();
  for (let at = 0; at < verdicts.length; at += 1 + KINDS) rows.set(verdicts[at], verdicts.subarray(at + 1, at + 1 + KINDS));
  // A reason, or 0.
  return (tag, kind) => {
    const number = rows.get(tag)?.[kind] ?? 0;
    return number === SUBMITS ? (submit ? 0 : CUSTOMER) : number;
  };
}

// What a command is for, and whether it may be carried out there: `{ node, kind, element }`, or `{ reason }`. `page`: `nodeOf(id)`,
// `isKept(element)` for what is kept from the agent, `gate`.
export function aim(name, fields, page) {
  const tag = TAG[name];
  if (name === 'Navigate' || name === 'DragMove' || name === 'DragEnd') return {};
  const node = page.nodeOf(fields[0]);
  if (node === undefined || !dom.isConnected(node)) return { reason: GONE };
  if (name === 'Scroll') return { node };
  const aimed = targetOf(node, WRITES.has(name));
  const { kind, element } = aimed;
  const reason = page.gate(tag, kind) || (element !== node && page.isKept(element) ? ELEMENT : 0) || (isBusy(kind, element) ? BUSY : 0);
  return reason ? { reason } : { node, ...aimed };
}

// Returns a reason why it was not done, a promise of one, or nothing.
export function act(name, fields, page) {
  const aimed = aim(name, fields, page);
  if (aimed.reason) return aimed.reason;
  if (isDragging() && name !== 'DragMove' && name !== 'DragEnd') dragCancel();
  const done = ACTIONS[name](aimed, fields, page);
  return done === false ? UNFIT : typeof done === 'number' || done instanceof Promise ? done : undefined;
}

const ACTIONS = {
  Scroll({ node }, [, left, top]) {
    const options = { left, top, behavior: 'instant' };
    if (dom.nodeType(node) === dom.DOCUMENT) dom.defaultView(node)?.scrollTo(options);
    else Element.prototype.scrollTo.call(node, options);
  },
  Click: ({ node }, [, x, y]) => click(node, x, y, mayFocus()),
  DoubleClick: ({ node }, [, x, y]) => click(node, x, y, mayFocus(), 2),
  DragStart: ({ node }, [, x, y], page) => dragStart(node, x, y, mayFocus(), page.overlay),
  DragMove: (_, [x, y]) => dragMove(x, y),
  DragEnd(_, [x, y], page) {
    const node = dragEnd(x, y);
    if (node === null || !dom.isConnected(node)) return undefined;
    const { kind, element } = targetOf(node, false);
    const reason = page.gate(TAG.Click, kind) || (page.isKept(element) ? ELEMENT : 0);
    if (reason === 0) node.dispatchEvent(new PointerEvent('click', { bubbles: true, cancelable: true, composed: true, view: dom.defaultView(dom.ownerDocument(node)), clientX: x, clientY: y, detail: 1 }));
    return reason;
  },
  Input({ kind, element }, [, value]) {
    focus(element, kind);
    return input(element, kind, value);
  },
  Commit: ({ element }) => commit(element),
  Select({ node, kind, element }, [, start, end]) {
    focus(element, kind);
    return select(node, kind, element, start, end);
  },
  Edit: ({ element }, [, action, text]) => edit(element, action, text),
  Choose: ({ element }, [, options]) => choose(element, [...options]),
  Media: ({ element }, [, action, value]) => MEDIA[action]?.(element, value) ?? (action in MEDIA ? undefined : false),
  Enter: ({ element }, _, page) => enter(element, (button) => !page.isKept(button)),
  Navigate: (_, [to, url]) => navigate(to, url),
};

// A browser plays with sound only once its user has done something on the page: that is the customer.
const MEDIA = [
  (node) => HTMLMediaElement.prototype.pause.call(node),
  (node) => HTMLMediaElement.prototype.play.call(node).then(() => undefined, ({ name }) => (name === 'NotAllowedError' ? CUSTOMER : undefined)),
  (node, value) => set(node, 'currentTime', value),
  (node, value) => set(node, 'volume', value),
  (node, value) => set(node, 'muted', value !== 0),
  (node, value) => set(node, 'playbackRate', value),
];

function set(node, name, value) {
  try {
    node[name] = value;
    return true;
  } catch {
    return false; // Out of its range.
  }
}

// Never off the site. Where a browser does not say what its history holds, back is only where the page before was the site's.
function navigate(to, url) {
  const { navigation } = window;
  switch (to) {
    case 0:
      if (!(navigation ? navigation.canGoBack : history.length > 1 && parsed(document.referrer)?.origin === location.origin)) return CUSTOMER;
      history.back();
      return undefined;
    case 1:
      if (!navigation?.canGoForward) return CUSTOMER;
      history.forward();
      return undefined;
    case 2:
      location.reload();
      return undefined;
    case 3: {
      const address = parsed(url, dom.baseURI(document));
      if (address === null) return UNFIT;
      if (!isOnSite(address)) return CUSTOMER;
      location.assign(address);
      return undefined;
    }
    default:
      return UNFIT;
  }
}

const FIELDS = new Set([TARGET.CHECK, TARGET.FIELD, TARGET.AREA, TARGET.PICKER, TARGET.LIST, TARGET.EDITABLE]);

// The field gets the focus, as under a user's hand, unless the customer is typing into another.
function focus(element, kind) {
  const root = dom.getRootNode(element);
  if (kind !== TARGET.LIST && root.activeElement !== element && mayFocus()) HTMLElement.prototype.focus.call(element, { preventScroll: true });
}

// The customer wins over the agent on the same field, and keeps the keyboard while typing. What an agent does is not trusted, or
// comes without a key.
let hand = { at: -Infinity, path: [], isTyping: false };
let composes = null;
const note = (event) => {
  if (event.isTrusted) hand = { at: performance.now(), path: dom.composedPath(event), isTyping: event.type === 'keydown' };
};
const resting = () => performance.now() - hand.at < HAND_MS;
const isBusy = (kind, element) => FIELDS.has(kind) && (composes?.includes(element) || (resting() && hand.path.includes(element)));
const mayFocus = () => composes === null && !(resting() && hand.isTyping && FIELDS.has(targetOf(hand.path[0], true).kind));

const HEARD = { keydown: note, pointerdown: note, compositionstart: (event) => (composes = dom.composedPath(event)), compositionend: () => (composes = null) };

// Listens to the customer's hand, in this window; returns a function that ends that.
export function watchHand() {
  for (const [type, heard] of Object.entries(HEARD)) addEventListener(type, heard, { capture: true, passive: true });
  return () => {
    for (const [type, heard] of Object.entries(HEARD)) removeEventListener(type, heard, { capture: true });
    dragCancel();
    forgetAll();
    composes = null;
  };
}
