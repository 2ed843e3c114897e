// The agent's hand on the customer's page: what a mouse would do, as events in the order in which a browser sends them.

import * as dom from './dom.js';
import { above } from './target.js';

// So far a hand may tremble and still click.
const TREMBLE_PX = 4;

let hovered = null; // the element that the agent's pointer is over
let held = null; // what is being dragged

const viewOf = (node) => dom.defaultView(dom.ownerDocument(node));

function about(node, x, y, more) {
  const view = viewOf(node);
  const { screenX = 0, screenY = 0 } = view ?? {};
  return {
    bubbles: true, cancelable: true, composed: true, view, clientX: x, clientY: y, screenX: screenX + x, screenY: screenY + y, button: 0, buttons: 0, ...more,
  };
}

const pointer = (type, node, x, y, more) =>
  node.dispatchEvent(new PointerEvent(type, about(node, x, y, { pointerId: 1, pointerType: 'mouse', isPrimary: true, ...more })));
const mouse = (type, node, x, y, more) => node.dispatchEvent(new MouseEvent(type, about(node, x, y, { detail: 1, ...more })));

// The way from an element up to its document.
function path(node) {
  const nodes = [];
  for (let at = node; at !== null && dom.nodeType(at) === dom.ELEMENT; at = above(at)) nodes.push(at);
  return nodes;
}

// The pointer comes over an element: out of the one before it first, and the pointer's events before the mouse's.
export function hover(node, x, y) {
  const before = hovered?.isConnected ? hovered : null;
  if (before !== node) {
    const [from, to] = [before ? path(before) : [], path(node)];
    const left = from.filter((at) => !to.includes(at)), entered = to.filter((at) => !from.includes(at)).reverse();
    for (const [name, send] of [['pointer', pointer], ['mouse', mouse]]) {
      const quiet = { bubbles: false, cancelable: false, composed: false, detail: 0 };
      if (before) {
        send(name + 'out', before, x, y, { relatedTarget: node, detail: 0 });
        for (const at of left) send(name + 'leave', at, x, y, { ...quiet, relatedTarget: node });
      }
      send(name + 'over', node, x, y, { relatedTarget: before, detail: 0 });
      for (const at of entered) send(name + 'enter', at, x, y, { ...quiet, relatedTarget: before });
    }
    hovered = node;
  }
  pointer('pointermove', node, x, y, { button: -1 });
  mouse('mousemove', node, x, y, { detail: 0 });
}

// Presses, and gives the focus to what takes it; `mayFocus`: the customer is not typing elsewhere.
function press(node, x, y, detail, mayFocus) {
  pointer('pointerdown', node, x, y, { buttons: 1 });
  if (mouse('mousedown', node, x, y, { buttons: 1, detail }) && mayFocus) focusFrom(node);
}

// Clicks; `detail` 2: for the second time.
export function click(node, x, y, mayFocus, detail = 1) {
  hover(node, x, y);
  press(node, x, y, detail, mayFocus);
  pointer('pointerup', node, x, y);
  mouse('mouseup', node, x, y, { detail });
  // What a browser does behind it (check, follow, open) it does behind this one too.
  pointer('click', node, x, y, { detail });
  if (detail === 2) mouse('dblclick', node, x, y, { detail });
}

const FOCUSABLE = 'a[href],area[href],button,input,select,textarea,summary,iframe,audio[controls],video[controls],[tabindex],[contenteditable]';

export function focusFrom(node) {
  for (const at of path(node)) {
    if (!dom.matches(at, FOCUSABLE) || dom.matches(at, ':disabled')) continue;
    if (at.focus) HTMLElement.prototype.focus.call(at, { preventScroll: true });
    return;
  }
  const active = dom.activeElement(dom.ownerDocument(node));
  if (active && active !== dom.body(dom.ownerDocument(node))) active.blur?.();
}

// What is under a place, in open shadow roots too; null where it is nothing of the page's.
function under(document, x, y, overlay) {
  let found = Document.prototype.elementFromPoint.call(document, x, y);
  while (found !== null && found !== overlay) {
    const inner = dom.shadowRoot(found)?.elementFromPoint(x, y) ?? null;
    if (inner === null || inner === found) return found;
    found = inner;
  }
  return null;
}

// Begins to drag: an element that the page makes draggable is dragged and dropped, any other is held.
export function dragStart(node, x, y, mayFocus, overlay) {
  dragCancel();
  hover(node, x, y);
  press(node, x, y, 1, mayFocus);
  const source = path(node).find((at) => at.draggable === true && !/^(a|img)$/.test(dom.localName(at)) || dom.getAttribute(at, 'draggable') === 'true');
  held = { node, x, y, at: { x, y }, moved: false, source, data: null, over: null, overlay };
}

export function dragMove(x, y) {
  if (held === null) return;
  const { node, source } = held;
  held.at = { x, y };
  const starts = !held.moved && Math.hypot(x - held.x, y - held.y) >= TREMBLE_PX;
  held.moved ||= starts;
  if (source && held.moved) {
    if (starts) begin();
    if (held.data) over(x, y);
    return;
  }
  const target = captor(node) ?? under(dom.ownerDocument(node), x, y, held.overlay) ?? node;
  pointer('pointermove', target, x, y, { buttons: 1, button: -1 });
  mouse('mousemove', target, x, y, { buttons: 1, detail: 0 });
}

// Lets go. Returns the element to be clicked, where nothing moved.
export function dragEnd(x, y) {
  if (held === null) return null;
  if (held.at.x !== x || held.at.y !== y) dragMove(x, y);
  const { node, source, data, moved, over: target, overlay } = held;
  held = null;
  if (source && data) {
    if (target && data.accepted) drag('drop', target, x, y, data);
    drag('dragend', source, x, y, data);
    return null;
  }
  const end = captor(node) ?? under(dom.ownerDocument(node), x, y, overlay) ?? node;
  pointer('pointerup', end, x, y);
  mouse('mouseup', end, x, y);
  return moved ? null : node;
}

// The agent is gone, or does something else.
export function dragCancel() {
  if (held === null) return;
  const { node, source, data, at: { x, y } } = held;
  held = null;
  if (source && data) {
    drag('dragend', source, x, y, data);
    return;
  }
  pointer('pointercancel', node, x, y);
  mouse('mouseup', node, x, y);
}

export const isDragging = () => held !== null;

// What the page has made the pointer's, whatever it is over.
const captor = (node) => path(node).find((at) => at.hasPointerCapture?.(1));

function drag(type, node, x, y, data) {
  const event = new DragEvent(type, about(node, x, y, { dataTransfer: data.transfer, buttons: type === 'dragend' ? 0 : 1 }));
  return node.dispatchEvent(event);
}

function begin() {
  const data = { transfer: new DataTransfer(), accepted: false };
  if (!drag('dragstart', held.source, held.x, held.y, data)) return;
  // From here on the pointer is the browser's.
  pointer('pointercancel', held.node, held.x, held.y);
  held.data = data;
}

function over(x, y) {
  const { data, source } = held;
  drag('drag', source, x, y, data);
  const target = under(dom.ownerDocument(source), x, y, held.overlay);
  if (target !== held.over) {
    if (target) drag('dragenter', target, x, y, data);
    if (held.over) drag('dragleave', held.over, x, y, data);
    held.over = target;
  }
  // A place takes what is dragged by preventing what a browser would do.
  data.accepted = target !== null && !drag('dragover', target, x, y, data);
}
