// What is said of the page as a whole: where it is, how large, what has the focus, the pointer, the selection.

import * as dom from './dom.js';
import { shadowOf } from './roots.js';
import { reportDocument } from './state.js';

export function stateDocument(changes) {
  changes.documentChanged = false;
  const { document, window } = changes.page;
  const { reader } = changes;
  const root = reader.ids.find(document);
  const say = (name, value) => reader.attr(root, reader.prop(name), value);
  if (root === undefined) return; // In a frame, and not told yet.
  reportDocument(document, say);
  // What is said of a page is said by the page around.
  if (root !== 0) return;
  say('viewport', window.innerWidth + 'x' + window.innerHeight);
  let focus = dom.activeElement(document);
  for (let inner = focus; inner !== null && dom.nodeType(inner) === dom.ELEMENT; ) {
    focus = inner;
    const frame = changes.frames.get(inner);
    inner = shadowOf(inner)?.activeElement ?? (frame ? dom.activeElement(frame) : null);
  }
  const id = focus === null || focus === dom.body(dom.ownerDocument(focus)) ? undefined : reader.ids.find(focus);
  say('focus', id === undefined ? null : String(id));
  const idOf = (node) => {
    const id = node && dom.nodeType(node) === dom.ELEMENT && changes.isInside(node) ? reader.ids.find(node) : undefined;
    return id === undefined ? null : String(id);
  };
  say('focusVisible', id !== undefined && dom.matches(focus, ':focus-visible') ? '1' : null);
  for (const name of ['hover', 'active']) say(name, idOf(changes.over[name]));
  say('fullscreen', idOf(document.fullscreenElement));
  say('defined', definedNames(changes));
  say('selection', selection(changes));
  say('features', changes.features?.state() ?? null);
  stateRange(changes, focus, id);
  if (changes.pointer) say('pointer', changes.pointer);
}

// What is selected of the text in the field that has the focus, or where the caret is in it; nothing where that is behind its
// last letter. Offsets in UTF-16 code units.
function stateRange(changes, field, id) {
  const { reader } = changes;
  const range = id === undefined ? null : rangeOf(field);
  const say = (id, value) => reader.attr(id, reader.prop('range'), value);
  const before = changes.ranged && reader.ids.find(changes.ranged);
  if (before !== undefined && before !== null && before !== id) say(before, null);
  if (range !== null || before === id && before !== undefined) say(id, range);
  changes.ranged = range === null ? null : field;
}

function rangeOf(field) {
  const name = dom.namespaceURI(field) === dom.HTML ? dom.localName(field) : '';
  if (name !== 'input' && name !== 'textarea') return null;
  const { selectionStart: start, selectionEnd: end, selectionDirection: direction, value } = field;
  if (typeof start !== 'number' || start === end && end === value.length) return null;
  return start + ' ' + end + ' ' + direction;
}

// Custom elements that are defined, of those that were told.
function definedNames(changes) {
  const { customElements } = changes.page.window;
  const names = [];
  for (const name of changes.reader.customNames) {
    if (customElements?.get(name)) names.push(name);
    else if (!changes.awaited.has(name)) {
      changes.awaited.add(name);
      customElements?.whenDefined(name).then(() => changes.noteDocument(), () => undefined);
    }
  }
  return names.length === 0 ? null : names.join(' ');
}

// What is selected of the page's text: two nodes with offsets into them, anchor and focus.
function selection(changes) {
  const { anchorNode, anchorOffset, focusNode, focusOffset, isCollapsed } = getSelection() ?? {};
  if (!anchorNode || !focusNode || isCollapsed) return null;
  const [from, to] = [anchorNode, focusNode].map((node) => changes.reader.ids.find(node));
  return from === undefined || to === undefined ? null : from + ':' + anchorOffset + ' ' + to + ':' + focusOffset;
}
