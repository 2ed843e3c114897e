import * as dom from './dom.js';
import { AgentField } from './field.js';
import { Pen } from './pen.js';

// What the agent does goes to a sheet over the iframe, never into it: nothing there takes focus, follows a link or
// submits. The mode is only a courtesy here; it is enforced where the page is.

// Tags of protocol/src/control.rs.
export const SAY = {
  Pointer: 2, Scroll: 3, Click: 4, Input: 5, DoubleClick: 7, DragStart: 8, DragMove: 9, DragEnd: 10, Commit: 11, Select: 12, Edit: 13, Choose: 14,
  Media: 15, Navigate: 64, Draw: 65, ControlRequest: 66, ControlGive: 67, ModeRequest: 68, Ended: 34, Enter: 69, Document: 71, Screen: 72,
};
const POINTER_MS = 50;
// So far a hand may tremble and still click.
const TREMBLE_PX = 4;
export const TOOLS = ['hand', 'box', 'ink', 'arrow'];

export class AgentInput {
  constructor(view) {
    this.view = view;
    this.tool = 'hand';
    this.held = null; // where the button went down
    this.sheet = document.createElement('div');
    Object.assign(this.sheet.style, { position: 'absolute', inset: '0', zIndex: '1', cursor: 'default', touchAction: 'none' });
    view.stage.append(this.sheet);
    this.field = new AgentField(view, this);
    this.pen = new Pen(view, this);
    this.sheet.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    this.sheet.addEventListener('pointermove', (event) => this.move(event));
    this.sheet.addEventListener('pointerdown', (event) => this.down(event));
    this.sheet.addEventListener('pointerup', (event) => this.up(event));
    this.sheet.addEventListener('pointercancel', () => this.cancel());
    this.sheet.addEventListener('contextmenu', (event) => event.preventDefault());
    this.update();
  }

  get mayAct() {
    return this.view.mode === 'shared' && this.view.hasControl;
  }

  get mayScroll() {
    return (this.view.mode === 'shared' || this.view.mode === 'view') && this.view.hasControl;
  }

  update() {
    this.sheet.style.cursor = !this.mayAct ? 'default' : this.tool === 'hand' ? 'pointer' : 'crosshair';
    if (!this.mayAct) {
      this.held = null;
      this.field.close();
    }
  }

  setTool(tool) {
    if (!TOOLS.includes(tool)) throw new TypeError(`cobrowse: tool: expected ${TOOLS.join(', ')}, found ${JSON.stringify(tool)}`);
    this.tool = tool;
    this.field.close();
    this.update();
  }

  say(name, ...fields) {
    if (this.view.destroyed) return; // What was under way is not said any more.
    try {
      this.view.send(this.view.engine.say(SAY[name], fields));
    } catch (error) {
      this.view.emit('error', error);
    }
  }

  // A place of the customer's viewport.
  place(event) {
    const { view } = this;
    if (!view.page || !view.offset) return null;
    const bounds = this.sheet.getBoundingClientRect();
    const x = (event.clientX - bounds.left - view.offset.x) / view.scale;
    const y = (event.clientY - bounds.top - view.offset.y) / view.scale;
    return x < 0 || y < 0 || x > view.viewport.width || y > view.viewport.height ? null : { x: Math.round(x), y: Math.round(y) };
  }

  // The same, and what is there: the element, and the place in the document that it is in.
  at(event) {
    const place = this.place(event);
    if (place === null) return null;
    const { view } = this;
    let left = place.x, top = place.y; // in the innermost frame
    let element = dom.elementFromPoint(view.page.document, left, top);
    while (element) {
      const shadow = view.page.shadowOf(element);
      const frame = shadow === null ? dom.frameDocument(element) : null;
      if (frame !== null) {
        const bounds = element.getBoundingClientRect();
        left -= bounds.left + element.clientLeft;
        top -= bounds.top + element.clientTop;
      }
      const inner = shadow?.elementFromPoint(left, top) ?? (frame && dom.elementFromPoint(frame, left, top));
      if (!inner || inner === element) break;
      element = inner;
    }
    return { ...place, left: Math.round(left), top: Math.round(top), element };
  }

  id(node) {
    return this.view.page.nodes.indexOf(node);
  }

  move(event) {
    if (!this.mayAct) return;
    const place = this.place(event);
    if (!place) return;
    if (this.tool !== 'hand') this.pen.move(place);
    const { held } = this;
    if (held && !held.drags && Math.hypot(place.x - held.x, place.y - held.y) >= TREMBLE_PX) {
      held.drags = true;
      this.field.close();
      this.say('DragStart', held.id, held.left, held.top);
    }
    if (performance.now() - (this.moved ?? 0) < POINTER_MS) return;
    this.moved = performance.now();
    this.say('Pointer', place.x, place.y);
    if (held?.drags) this.say('DragMove', place.x, place.y);
  }

  down(event) {
    if (event.button !== 0 || !this.mayAct) return;
    this.sheet.setPointerCapture(event.pointerId);
    if (this.tool !== 'hand') {
      const place = this.place(event);
      if (place) this.pen.down(this.tool, place);
      return;
    }
    const at = this.at(event);
    const id = at?.element ? this.id(at.element) : -1;
    if (id >= 0) this.held = { ...at, id };
  }

  up(event) {
    if (this.tool !== 'hand') {
      this.pen.up(this.place(event));
      return;
    }
    const { held } = this;
    this.held = null;
    if (!held || !this.mayAct) return;
    if (held.drags) {
      const { x, y } = this.place(event) ?? held;
      this.say('DragEnd', x, y);
      return;
    }
    // A second click soon behind the first is that of a double-click.
    const { last } = this;
    const isSecond = last?.id === held.id && event.timeStamp - last.at < 500;
    this.last = isSecond ? null : { id: held.id, at: event.timeStamp };
    if (this.field.plays(held)) return;
    this.say(isSecond ? 'DoubleClick' : 'Click', held.id, held.left, held.top);
    this.field.open(held);
  }

  cancel() {
    if (this.held?.drags) this.say('DragEnd', this.held.x, this.held.y);
    this.held = null;
    this.pen.cancel();
  }

  // A command was not carried out: what was opened for it closes.
  refused(command) {
    if (command === SAY.Click || command === SAY.Input || command === SAY.Edit || command === SAY.Choose) this.field.close(false);
  }

  wheel(event) {
    event.preventDefault();
    if (!this.mayScroll) return;
    const at = this.at(event);
    if (!at) return;
    const [element, id] = this.scrollable(at.element, event.deltaX, event.deltaY);
    const left = element.scrollLeft + event.deltaX, top = element.scrollTop + event.deltaY;
    this.say('Scroll', id, clamp(left, element.scrollWidth - element.clientWidth), clamp(top, element.scrollHeight - element.clientHeight));
  }

  // The nearest element that can scroll that way, or the window.
  scrollable(element, dx, dy) {
    const { document, window, frames } = this.view.page;
    const root = dom.documentElement(document);
    for (; element && element !== root; element = above(element, frames)) {
      if (dom.nodeType(element) !== 1) continue;
      const frame = dom.parentNode(element) === dom.ownerDocument(element) ? frames.around(element) : undefined;
      if (frame !== undefined) {
        const inner = dom.scrollingElement(frame.document) ?? element;
        if (canScroll(inner.scrollTop, dy, inner.scrollHeight - inner.clientHeight) || canScroll(inner.scrollLeft, dx, inner.scrollWidth - inner.clientWidth)) {
          return [inner, this.id(frame)];
        }
        continue;
      }
      const { overflowX, overflowY } = window.getComputedStyle(element);
      const down = /auto|scroll/.test(overflowY) && canScroll(element.scrollTop, dy, element.scrollHeight - element.clientHeight);
      const across = /auto|scroll/.test(overflowX) && canScroll(element.scrollLeft, dx, element.scrollWidth - element.clientWidth);
      if (down || across) return [element, this.id(element)];
    }
    return [dom.scrollingElement(document) ?? root, 0];
  }
}

// What a node is in: below a shadow root or in a frame, its element.
function above(node, frames) {
  const parent = dom.parentNode(node);
  if (parent === null) return node.host ?? null;
  return dom.nodeType(parent) === 9 ? frames.around(parent)?.element ?? null : parent;
}

const clamp = (value, most) => Math.max(0, Math.min(value, most));
const canScroll = (at, by, most) => (by > 0 && at < most - 1) || (by < 0 && at > 0);
