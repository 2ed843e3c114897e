// What kind of element an agent's command is for: the numbers of `Target` in capture/src/control.rs, whose table says what is
// done. A click goes to the element that takes it: the link around a picture, the field of a label.

import * as dom from './dom.js';

export const TARGET = {
  PLAIN: 0, LINK: 1, LEAVING: 2, SCRIPT: 3, BUTTON: 4, SUBMIT: 5, RESET: 6, FILE: 7, CHECK: 8, FIELD: 9, AREA: 10, PICKER: 11,
  LIST: 12, EDITABLE: 13, MEDIA: 14, DISABLED: 15,
};

// Types of <input> by what they are; those that are not here are text fields.
const INPUTS = {
  button: TARGET.BUTTON, submit: TARGET.SUBMIT, image: TARGET.SUBMIT, reset: TARGET.RESET, file: TARGET.FILE, checkbox: TARGET.CHECK,
  radio: TARGET.CHECK, color: TARGET.PICKER, date: TARGET.PICKER, 'datetime-local': TARGET.PICKER, month: TARGET.PICKER,
  week: TARGET.PICKER, time: TARGET.PICKER, range: TARGET.PICKER,
};

const property = (type, name) => {
  const { get } = Object.getOwnPropertyDescriptor(type.prototype, name) ?? {};
  return (node) => get?.call(node);
};
const formOfInput = property(HTMLInputElement, 'form');
const formOfButton = property(HTMLButtonElement, 'form');
const buttonType = property(HTMLButtonElement, 'type');
const labelled = property(HTMLLabelElement, 'control');
const isEditable = property(HTMLElement, 'isContentEditable');

// What a node is in, out of shadow roots too.
export function above(node) {
  const parent = dom.parentNode(node);
  return parent !== null && dom.nodeType(parent) === dom.FRAGMENT ? parent.host ?? null : parent;
}

// Kind and element of what takes an action on `node`. `writes`: the action changes what a field holds.
export function targetOf(node, writes) {
  const start = dom.nodeType(node) === dom.ELEMENT ? node : above(node);
  for (let at = start; at !== null && dom.nodeType(at) === dom.ELEMENT; at = above(at)) {
    const kind = kindOf(at, writes);
    if (kind !== undefined) return { kind: isInert(at) ? TARGET.DISABLED : kind, element: at };
    if (dom.namespaceURI(at) !== dom.HTML || dom.localName(at) !== 'label') continue;
    const control = labelled(at);
    if (control) return { ...targetOf(control, writes), label: at };
  }
  return { kind: TARGET.PLAIN, element: start };
}

function kindOf(node, writes) {
  const name = dom.localName(node);
  if ((name === 'a' || name === 'area') && addressOf(node) !== null) return linkOf(node);
  if (dom.namespaceURI(node) !== dom.HTML) return undefined;
  switch (name) {
    case 'input': {
      const kind = INPUTS[dom.inputType(node)] ?? TARGET.FIELD;
      if (kind === TARGET.FILE) return kind;
      if (isDisabled(node) || (writes && kind === TARGET.FIELD && node.readOnly)) return TARGET.DISABLED;
      // Without a form there is nothing to submit.
      return (kind === TARGET.SUBMIT || kind === TARGET.RESET) && !formOfInput(node) ? TARGET.BUTTON : kind;
    }
    case 'button': {
      if (isDisabled(node)) return TARGET.DISABLED;
      const type = formOfButton(node) ? buttonType(node) : 'button';
      return type === 'submit' ? TARGET.SUBMIT : type === 'reset' ? TARGET.RESET : TARGET.BUTTON;
    }
    case 'textarea':
      return isDisabled(node) || (writes && node.readOnly) ? TARGET.DISABLED : TARGET.AREA;
    case 'select':
      return isDisabled(node) ? TARGET.DISABLED : TARGET.LIST;
    case 'audio':
    case 'video':
      return TARGET.MEDIA;
    default:
      return isEditable(node) && !isEditable(above(node) ?? {}) ? TARGET.EDITABLE : undefined;
  }
}

const isDisabled = (node) => dom.matches(node, ':disabled');

function isInert(node) {
  for (let at = node; at !== null && dom.nodeType(at) === dom.ELEMENT; at = above(at)) {
    if (dom.getAttribute(at, 'inert') !== null) return true;
  }
  return false;
}

const XLINK = 'http://www.w3.org/1999/xlink';
const addressOf = (node) => dom.getAttribute(node, 'href') ?? dom.getAttributeNS(node, XLINK, 'href');

function linkOf(node) {
  const url = parsed(addressOf(node), dom.baseURI(node));
  if (url === null) return TARGET.LINK; // A browser goes nowhere.
  if (url.protocol === 'javascript:') return TARGET.SCRIPT;
  const window = dom.getAttribute(node, 'target') ?? '';
  const isHere = /^(_self|_top|_parent)?$/i.test(window || baseTarget(node));
  return isOnSite(url) && isHere && dom.getAttribute(node, 'download') === null ? TARGET.LINK : TARGET.LEAVING;
}

function baseTarget(node) {
  for (const base of dom.all(dom.ownerDocument(node), 'base[target]')) return dom.getAttribute(base, 'target');
  return '';
}

export function parsed(address, base) {
  try {
    return new URL(address, base);
  } catch {
    return null;
  }
}

// Whether an address is one of this site's pages.
export const isOnSite = (url) => /^https?:$/.test(url.protocol) && url.origin === location.origin;

// The editable element that a node is in.
export function editingHost(node) {
  const { kind, element } = targetOf(node, true);
  return kind === TARGET.EDITABLE ? element : null;
}
