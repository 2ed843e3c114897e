// Carries out what the mode gate (capture/src/control.rs) has let through, as a user's own action would.

import * as dom from './dom.js';

// Tags of protocol/src/control.rs.
const COMMAND = { Scroll: 3, Click: 4, Input: 5 };
const GONE = 3, CUSTOMER = 4, BUSY = 5;

// Returns a refusal, or nothing. `nodeOf` gives the node of an id.
export function act(name, fields, nodeOf) {
  const command = COMMAND[name];
  if (command === undefined) return;
  const node = nodeOf(fields[0]);
  if (node === undefined) return { command, reason: GONE };
  const reason = ACTIONS[name](node, ...fields.slice(1));
  return reason ? { command, reason } : undefined;
}

const ACTIONS = {
  Scroll(node, left, top) {
    const options = { left, top, behavior: 'instant' };
    if (dom.nodeType(node) === dom.DOCUMENT) dom.defaultView(node)?.scrollTo(options);
    else Element.prototype.scrollTo.call(node, options);
  },

  Click(node, x, y) {
    if (isCustomersOnly(node)) return CUSTOMER;
    const at = { bubbles: true, cancelable: true, composed: true, clientX: x, clientY: y, view: viewOf(node), button: 0 };
    const pointer = { ...at, pointerId: 1, pointerType: 'mouse', isPrimary: true };
    node.dispatchEvent(new PointerEvent('pointerdown', { ...pointer, buttons: 1 }));
    if (node.dispatchEvent(new MouseEvent('mousedown', { ...at, buttons: 1, detail: 1 }))) focusFrom(node);
    node.dispatchEvent(new PointerEvent('pointerup', pointer));
    node.dispatchEvent(new MouseEvent('mouseup', { ...at, detail: 1 }));
    if (dom.namespaceURI(node) === dom.HTML) HTMLElement.prototype.click.call(node);
    else node.dispatchEvent(new MouseEvent('click', { ...at, detail: 1 }));
  },

  Input(node, value) {
    if (dom.activeElement(dom.ownerDocument(node)) === node && performance.now() - lastTyped < 1000) return BUSY;
    const name = dom.namespaceURI(node) === dom.HTML ? dom.localName(node) : '';
    if (name === 'select') {
      const option = [...node.options].findIndex((option) => option.value === value);
      if (option < 0) return GONE;
      node.selectedIndex = option;
    } else if (name === 'textarea') {
      type(node, value, dom.setTextareaValue);
    } else if (name === 'input') {
      type(node, value, dom.setInputValue);
    } else if (node.isContentEditable) {
      type(node, value, (node, value) => (node.textContent = value));
    } else {
      return GONE;
    }
    node.dispatchEvent(new Event('change', { bubbles: true }));
  },
};

// The setter of the prototype: frameworks put their own on the node to notice scripts, and take it for one.
function type(node, value, set) {
  const about = { bubbles: true, composed: true, data: value, inputType: 'insertReplacementText' };
  if (!node.dispatchEvent(new InputEvent('beforeinput', { ...about, cancelable: true }))) return;
  set(node, value);
  node.dispatchEvent(new InputEvent('input', about));
}

function focusFrom(node) {
  const target = node.closest?.('a[href],button,input,select,textarea,[tabindex],[contenteditable]');
  if (target) target.focus({ preventScroll: true });
  else dom.activeElement(dom.ownerDocument(node))?.blur?.();
}

// What only the customer's own hand may do: submit a form, leave the site, choose a file.
function isCustomersOnly(node) {
  const control = node.closest?.('button,input,label,a,area');
  if (!control) return false;
  if (/^(a|area)$/.test(dom.localName(control))) {
    return control.href !== '' && (!/^https?:$/.test(control.protocol) || control.origin !== location.origin);
  }
  const field = dom.localName(control) === 'label' ? control.control : control;
  if (!field) return false;
  return Boolean(field.form && /^(submit|image|reset)$/.test(field.type)) || field.type === 'file';
}

const viewOf = (node) => dom.defaultView(dom.ownerDocument(node));

// The customer wins over the agent on the same field.
let lastTyped = -Infinity;
addEventListener('keydown', (event) => event.isTrusted && (lastTyped = performance.now()), { capture: true, passive: true });
