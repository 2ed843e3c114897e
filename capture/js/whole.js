// What is said of the page as a whole: where it is, how large, what has the focus, the pointer, the selection.

import * as dom from './dom.js';
import { shadowOf } from './roots.js';
import { reportDocument } from './state.js';

export function stateDocument(changes) {
  changes.documentChanged = false;
  const { document, window } = changes.page;
  const { reader } = changes;
  const say = (name, value) => reader.attr(0, reader.prop(name), value);
  reportDocument(document, say);
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
  if (changes.pointer) say('pointer', changes.pointer);
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
  const { anchorNode, anchorOffset, focusNode, focusOffset, isCollapsed } = changes.page.document.getSelection?.() ?? {};
  if (!anchorNode || !focusNode || isCollapsed) return null;
  const [from, to] = [anchorNode, focusNode].map((node) => changes.reader.ids.find(node));
  return from === undefined || to === undefined ? null : from + ':' + anchorOffset + ' ' + to + ':' + focusOffset;
}
