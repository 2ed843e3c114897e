// What an agent types and chooses, set as a user's keys and hands would: through the setters of the prototypes (frameworks put
// their own on the node to notice scripts, and take such for one), with the events of a keyboard around them.

import * as dom from './dom.js';
import { TARGET, editingHost } from './target.js';

const pending = new Map(); // fields that the page has not been told a change of, with what waits for their end

const key = (node, type, name) =>
  node.dispatchEvent(new KeyboardEvent(type, { key: name, bubbles: true, cancelable: true, composed: true, view: dom.defaultView(dom.ownerDocument(node)) }));

// Of one key press, the key: what was typed is one letter more, or one less.
function keyOf({ inserted, removed }) {
  if (removed === '' && [...inserted].length === 1) return inserted === '\n' ? 'Enter' : inserted;
  return inserted === '' && [...removed].length === 1 ? 'Backspace' : null;
}

// What differs: the text between the same beginning and the same end.
function difference(before, after) {
  let start = 0;
  const least = Math.min(before.length, after.length);
  while (start < least && before[start] === after[start]) start++;
  let end = 0;
  while (end < least - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return { inserted: after.slice(start, after.length - end), removed: before.slice(start, before.length - end), caret: after.length - end };
}

// Gives a control a value.
export function input(node, kind, value) {
  if (kind === TARGET.LIST) {
    const option = [...node.options].findIndex((option) => option.value === value);
    return option >= 0 && choose(node, [option]);
  }
  if (kind === TARGET.EDITABLE) {
    place(node);
    dom.ownerDocument(node).getSelection().selectAllChildren(node);
    return edit(node, value === '' ? 1 : 0, value);
  }
  const isArea = kind === TARGET.AREA;
  const before = (isArea ? dom.textareaValue : dom.inputValue)(node);
  const most = node.maxLength;
  if (most >= 0 && value.length > most) value = value.slice(0, Math.max(most, before.length));
  if (value === before) return true;
  const change = difference(before, value);
  const name = kind === TARGET.PICKER ? null : keyOf(change);
  // A page that takes the key for itself takes what it would have typed.
  if (name !== null && !key(node, 'keydown', name)) return true;
  const inputType = change.inserted === '' ? 'deleteContentBackward' : change.removed === '' ? 'insertText' : 'insertReplacementText';
  const about = { bubbles: true, composed: true, data: change.inserted === '' ? null : change.inserted, inputType };
  const isText = kind !== TARGET.PICKER;
  if (!isText || node.dispatchEvent(new InputEvent('beforeinput', { ...about, cancelable: true }))) {
    (isArea ? dom.setTextareaValue : dom.setInputValue)(node, value);
    range(node, change.caret, change.caret);
    if (!pending.has(node)) {
      const end = () => commit(node);
      pending.set(node, end);
      node.addEventListener('blur', end);
    }
    node.dispatchEvent(isText ? new InputEvent('input', about) : new Event('input', { bubbles: true, composed: true }));
  }
  if (name !== null) key(node, 'keyup', name);
  return true;
}

// The agent is done with a field: a browser says of a change when its user leaves it.
export function commit(node) {
  if (forget(node)) node.dispatchEvent(new Event('change', { bubbles: true }));
  return true;
}

function forget(node) {
  node.removeEventListener('blur', pending.get(node));
  return pending.delete(node);
}

// The session is over.
export function forgetAll() {
  for (const node of pending.keys()) forget(node);
}

export function choose(node, list) {
  const options = [...node.options];
  const chosen = new Set(list); // An agent may name as many as a message holds.
  const isOne = !node.multiple;
  const isFit = (at) => at < options.length && !options[at].disabled && !dom.matches(options[at], 'optgroup:disabled > option');
  if (isOne && chosen.size !== 1) return false;
  for (const at of chosen) if (!isFit(at)) return false;
  const before = options.map(dom.optionSelected);
  if (isOne) [node.selectedIndex] = chosen;
  else options.forEach((option, at) => (option.selected = chosen.has(at)));
  if (options.every((option, at) => dom.optionSelected(option) === before[at])) return true;
  node.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
  node.dispatchEvent(new Event('change', { bubbles: true }));
  return true;
}

// Some fields have no caret that a script may move.
function range(node, start, end) {
  try {
    node.setSelectionRange(start, end);
    return true;
  } catch {
    return false;
  }
}

// Moves the caret of a field, or that in a text of an editable element.
export function select(node, kind, element, start, end) {
  if (kind !== TARGET.EDITABLE) {
    const { length } = (kind === TARGET.AREA ? dom.textareaValue : dom.inputValue)(element);
    return range(element, Math.min(start, length), Math.min(end, length));
  }
  const length = dom.nodeType(node) === dom.TEXT ? dom.dataLength(node) : node.childNodes.length;
  dom.ownerDocument(node).getSelection().setBaseAndExtent(node, Math.min(start, length), node, Math.min(end, length));
  return true;
}

// Of each edit what a browser's editor calls it, what it is to the page, and its key.
const EDITS = [
  ['insertText', 'insertText', null],
  ['delete', 'deleteContentBackward', 'Backspace'],
  ['forwardDelete', 'deleteContentForward', 'Delete'],
  ['insertParagraph', 'insertParagraph', 'Enter'],
  ['insertLineBreak', 'insertLineBreak', 'Enter'],
];

// The caret comes into an editable element, to its end, unless it is there.
function place(node) {
  const document = dom.ownerDocument(node);
  const selection = document.getSelection();
  const { anchorNode } = selection;
  if (anchorNode !== null && dom.contains(node, anchorNode) && editingHost(anchorNode) === node) return;
  HTMLElement.prototype.focus.call(node, { preventScroll: true });
  selection.selectAllChildren(node);
  selection.collapseToEnd();
}

// Edits as the browser's own editor does, unless the page's editor takes the key or the edit for itself.
export function edit(node, action, text) {
  if (!(action in EDITS)) return false;
  place(node);
  const [command, inputType, keyName] = EDITS[action];
  const name = keyName ?? ([...text].length === 1 ? text : null);
  if (name !== null && !key(node, 'keydown', name)) return true;
  const data = action === 0 ? text : null;
  const goesOn = node.dispatchEvent(new InputEvent('beforeinput', { bubbles: true, cancelable: true, composed: true, inputType, data }));
  const done = !goesOn || dom.ownerDocument(node).execCommand(command, false, text);
  if (name !== null) key(node, 'keyup', name);
  return done;
}

// Enter in a field: submits its form as a browser does, by its first submit button where it has one. `mayPress(button)` says
// whether an agent may press it.
export function enter(node, mayPress) {
  const goesOn = key(node, 'keydown', 'Enter');
  commit(node);
  if (goesOn && node.form) {
    const button = [...node.form.elements].find((control) => /^(submit|image)$/.test(control.type) && control.form === node.form);
    if (button && !mayPress(button)) return false;
    if (button) HTMLElement.prototype.click.call(button);
    else HTMLFormElement.prototype.requestSubmit.call(node.form);
  }
  key(node, 'keyup', 'Enter');
  return true;
}
