// A field of the agent's own over the customer's, as the iframe's takes no keys: a text field, a list, an editor's keyboard, the
// buttons of a player. What is typed goes to the customer's page; what is in the rebuilt page comes back from there.

import * as dom from './dom.js';

// Types of <input> that a click is all for, or that are the customer's only.
const CLICKED = /^(checkbox|radio|button|submit|reset|image|file|password)$/;
const NO_CARET = /^(email|number|range|color|date|datetime-local|month|week|time)$/;
const MEDIA = { PAUSE: 0, PLAY: 1, SEEK: 2, VOLUME: 3, MUTE: 4 };

const nameOf = (element) => (dom.nodeType(element) === 1 ? element.localName : '');

export class AgentField {
  constructor(view, input) {
    this.view = view;
    this.input = input;
    this.node = null;
  }

  // Opens what the element at a place takes, if it takes something.
  open(at) {
    this.close();
    const { element, id } = at;
    const name = nameOf(element);
    if ((name === 'input' && !CLICKED.test(element.type)) || name === 'textarea') this.openText(element, id);
    else if (name === 'select' || name === 'option') this.openList(element.closest('select'));
    else if (element.isContentEditable) this.openEditor(at);
  }

  // Whether a click is one on a player: it gets buttons.
  plays({ element, id }) {
    if (!/^(audio|video)$/.test(nameOf(element)) || !element.controls) return false;
    this.close();
    this.openPlayer(element, id);
    return true;
  }

  show(node, element, more = {}) {
    const { left, top, width, height } = this.view.placeOf(element);
    const style = { position: 'absolute', zIndex: '3', boxSizing: 'border-box', margin: '0', font: '14px system-ui, sans-serif', outline: '2px solid #1d4ed8', left: left + 'px', top: top + 'px', width: width + 'px', height: height + 'px', ...more };
    Object.assign(node.style, style);
    node.addEventListener('keydown', (event) => {
      event.stopPropagation();
      if (event.key === 'Escape') this.close();
    });
    node.addEventListener('blur', () => this.node === node && this.close());
    this.node = node;
    this.view.stage.append(node);
    node.focus({ preventScroll: true });
  }

  openText(element, id) {
    const { input } = this;
    const node = document.createElement(element.localName);
    if (element.localName === 'input') {
      for (const name of ['type', 'min', 'max', 'step', 'inputMode', 'placeholder']) if (element[name] !== '') node[name] = element[name];
      node.autocomplete = 'off';
    }
    if (element.maxLength >= 0) node.maxLength = element.maxLength;
    node.value = element.value;
    node.setAttribute('aria-label', 'Type into the customer’s field');
    node.addEventListener('input', () => (this.typed = true, input.say('Input', id, node.value)));
    node.addEventListener('keydown', (event) => event.key === 'Enter' && node.localName === 'input' && !event.isComposing && input.say('Enter', id));
    let caret = '';
    const select = () => {
      const { selectionStart: start, selectionEnd: end } = node;
      if (start === null || caret === (caret = start + ' ' + end)) return;
      input.say('Select', id, start, end);
    };
    if (!NO_CARET.test(node.type)) for (const type of ['pointerup', 'keyup']) node.addEventListener(type, select);
    this.end = () => this.typed && input.say('Commit', id);
    this.typed = false;
    const { fontSize } = this.view.page.window.getComputedStyle(element);
    this.show(node, element, { font: `${Math.max(11, parseFloat(fontSize) * this.view.scale)}px system-ui, sans-serif` });
    if (node.type === 'color' || /date|month|week|time/.test(node.type)) tryPicker(node);
  }

  openList(element) {
    const id = element ? this.input.id(element) : -1;
    if (id < 0) return;
    const node = document.createElement('select');
    node.multiple = element.multiple;
    node.setAttribute('aria-label', 'Choose in the customer’s list');
    const add = (to, from) => {
      for (const child of from.children) {
        if (child.localName === 'optgroup') {
          const group = Object.assign(document.createElement('optgroup'), { label: child.label, disabled: child.disabled });
          to.append(group);
          add(group, child);
        } else if (child.localName === 'option') {
          to.append(Object.assign(new Option(child.label, child.value, false, child.selected), { disabled: child.disabled }));
        }
      }
    };
    add(node, element);
    node.addEventListener('change', () => this.input.say('Choose', id, [...node.selectedOptions].map((option) => option.index)));
    const isList = element.multiple || element.size > 1;
    if (isList) node.size = Math.max(element.size, 4);
    this.show(node, element, isList ? {} : { minWidth: '60px' });
    if (!isList) tryPicker(node);
  }

  // An editor is typed into where its caret is; the field that takes the keys is not seen.
  openEditor({ element, left, top }) {
    const { input } = this;
    let host = element;
    for (let at = host; at?.isContentEditable; at = dom.parentNode(at)) host = at;
    const id = input.id(host);
    if (id < 0) return;
    const node = document.createElement('textarea');
    node.setAttribute('aria-label', 'Type into the customer’s text');
    const send = (action, text = '') => input.say('Edit', id, action, text);
    node.addEventListener('keydown', (event) => {
      const action = { Backspace: 1, Delete: 2, Enter: event.shiftKey ? 4 : 3 }[event.key];
      if (action === undefined || event.isComposing) return;
      event.preventDefault();
      send(action);
    });
    const take = () => {
      if (node.value !== '') send(0, node.value);
      node.value = '';
    };
    node.addEventListener('input', (event) => event.isComposing || take());
    node.addEventListener('compositionend', take);
    const place = caretAt(dom.ownerDocument(element), left, top);
    const textId = place ? input.id(place.node) : -1;
    if (textId >= 0) input.say('Select', textId, place.offset, place.offset);
    this.show(node, host, { opacity: '0', pointerEvents: 'none' });
    this.ring(host);
  }

  ring(element) {
    const { left, top, width, height } = this.view.placeOf(element);
    this.frame = document.createElement('div');
    Object.assign(this.frame.style, { position: 'absolute', zIndex: '2', pointerEvents: 'none', outline: '2px solid #1d4ed8', left: left + 'px', top: top + 'px', width: width + 'px', height: height + 'px' });
    this.view.stage.append(this.frame);
  }

  openPlayer(element, id) {
    const { input } = this;
    const bar = document.createElement('div');
    bar.tabIndex = -1;
    bar.setAttribute('role', 'group');
    bar.setAttribute('aria-label', 'The customer’s player');
    const button = (label, press) => {
      const node = Object.assign(document.createElement('button'), { type: 'button', onclick: press });
      node.setAttribute('aria-label', label);
      bar.append(node);
      return node;
    };
    const play = button('Play or pause', () => input.say('Media', id, element.paused ? MEDIA.PLAY : MEDIA.PAUSE, 0));
    const seek = Object.assign(document.createElement('input'), { type: 'range', min: 0, step: 'any' });
    seek.setAttribute('aria-label', 'Position');
    seek.addEventListener('change', () => input.say('Media', id, MEDIA.SEEK, Number(seek.value)));
    bar.append(seek);
    const mute = button('Mute', () => input.say('Media', id, MEDIA.MUTE, element.muted ? 0 : 1));
    const update = () => {
      play.textContent = element.paused ? '▶' : '❚❚';
      mute.textContent = element.muted ? '🔇' : '🔊';
      seek.max = String(Number.isFinite(element.duration) ? element.duration : 0);
      if (!seek.matches(':active')) seek.value = String(element.currentTime);
    };
    update();
    const timer = setInterval(update, 250);
    this.end = () => clearInterval(timer);
    const { top, height } = this.view.placeOf(element);
    this.show(bar, element, { top: top + Math.max(0, height - 40) + 'px', height: '40px', display: 'flex', gap: '6px', padding: '6px', background: '#14213de6' });
    seek.style.flex = '1';
    seek.style.minWidth = '0';
    bar.addEventListener('focusout', ({ relatedTarget }) => bar.contains(relatedTarget) || this.close());
  }

  // `keeps`: what was typed stays.
  close(keeps = true) {
    const { node, end } = this;
    this.node = this.end = null;
    this.frame?.remove();
    this.frame = null;
    if (keeps || node?.getAttribute('role') === 'group') end?.();
    node?.remove();
  }
}

function tryPicker(node) {
  try {
    node.showPicker();
  } catch {
    // It is clicked.
  }
}

// The text and the offset into it at a place of a document.
function caretAt(document, x, y) {
  const position = document.caretPositionFromPoint?.(x, y);
  if (position) return { node: position.offsetNode, offset: position.offset };
  const range = document.caretRangeFromPoint?.(x, y);
  return range ? { node: range.startContainer, offset: range.startOffset } : null;
}
