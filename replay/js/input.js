import * as dom from './dom.js';

// What the agent does goes to a sheet over the iframe, never into it: nothing there takes focus, follows a link or
// submits. The mode is only a courtesy here; it is enforced where the page is.

const SELECTABLE = new Set(['SELECT', 'INPUT', 'TEXTAREA']);
const POINTER_MS = 50;

export class AgentInput {
  constructor(view) {
    this.view = view;
    this.sheet = document.createElement('div');
    Object.assign(this.sheet.style, { position: 'absolute', inset: '0', zIndex: '1', cursor: 'default', touchAction: 'none' });
    view.stage.append(this.sheet);
    this.sheet.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    this.sheet.addEventListener('pointermove', (event) => this.move(event));
    this.sheet.addEventListener('click', (event) => this.click(event));
    this.sheet.addEventListener('contextmenu', (event) => event.preventDefault());
    this.update();
  }

  update() {
    this.sheet.style.cursor = this.view.mode === 'shared' ? 'crosshair' : 'default';
    this.closeField();
  }

  // A place of the customer's viewport, and what is there.
  at(event) {
    const { view } = this;
    if (!view.page || !view.offset) return null;
    const bounds = this.sheet.getBoundingClientRect();
    const x = (event.clientX - bounds.left - view.offset.x) / view.scale;
    const y = (event.clientY - bounds.top - view.offset.y) / view.scale;
    if (x < 0 || y < 0 || x > view.viewport.width || y > view.viewport.height) return null;
    let left = x, top = y; // in the innermost frame
    let element = dom.elementFromPoint(view.page.document, x, y);
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
    return { x: Math.round(x), y: Math.round(y), left: Math.round(left), top: Math.round(top), element };
  }

  id(node) {
    return this.view.page.nodes.indexOf(node);
  }

  move(event) {
    if (this.view.mode !== 'shared' || performance.now() - (this.moved ?? 0) < POINTER_MS) return;
    const at = this.at(event);
    if (!at) return;
    this.moved = performance.now();
    this.view.send(this.view.engine.pointer(at.x, at.y));
  }

  wheel(event) {
    const { view } = this;
    event.preventDefault();
    if (view.mode !== 'shared' && view.mode !== 'view') return;
    const at = this.at(event);
    if (!at) return;
    const [element, id] = this.scrollable(at.element, event.deltaX, event.deltaY);
    const left = element.scrollLeft + event.deltaX, top = element.scrollTop + event.deltaY;
    view.send(view.engine.scroll(id, clamp(left, element.scrollWidth - element.clientWidth), clamp(top, element.scrollHeight - element.clientHeight)));
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

  click(event) {
    const { view } = this;
    if (view.mode !== 'shared') return;
    const at = this.at(event);
    if (!at?.element) return;
    const id = this.id(at.element);
    if (id < 0) return;
    view.send(view.engine.click(id, at.left, at.top));
    if (SELECTABLE.has(at.element.tagName) && !/^(checkbox|radio|button|submit|reset|image|file|password|range|color)$/.test(at.element.type)) {
      this.openField(at.element, id);
    }
  }

  // A field of the agent's own over the customer's, as the iframe's takes no keys.
  openField(element, id) {
    this.closeField();
    const { view } = this;
    const bounds = view.rectOf(element);
    const field = element.tagName === 'SELECT' ? document.createElement('select') : document.createElement(element.tagName);
    if (element.tagName === 'SELECT') {
      for (const { value, label } of element.options) field.append(new Option(label, value));
    }
    field.value = element.value;
    field.setAttribute('aria-label', 'Type into the customer’s field');
    Object.assign(field.style, {
      position: 'absolute', zIndex: '3', boxSizing: 'border-box', margin: '0', font: '14px system-ui, sans-serif',
      left: view.offset.x + bounds.left * view.scale + 'px', top: view.offset.y + bounds.top * view.scale + 'px',
      width: bounds.width * view.scale + 'px', height: bounds.height * view.scale + 'px', outline: '2px solid #1d4ed8',
    });
    field.addEventListener('input', () => view.send(view.engine.input(id, field.value)));
    field.addEventListener('blur', () => this.closeField());
    field.addEventListener('keydown', (event) => event.key === 'Escape' && this.closeField());
    this.field = field;
    view.stage.append(field);
    field.focus();
  }

  closeField() {
    const field = this.field;
    this.field = null;
    field?.remove();
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
