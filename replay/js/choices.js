// What is chosen in lists. A browser chooses anew by itself when options come, go or change: what the customer has chosen is
// chosen again behind that.

import * as dom from './dom.js';
import { HTML } from './make.js';

const PARTS = new Set(['select', 'optgroup', 'option']);
const ATTRIBUTES = new Set(['selected', 'disabled', 'multiple', 'size']);

const SCROLL_MS = 20;

export class Choices {
  // `state`: element → its properties.
  constructor(state) {
    this.state = state;
    this.due = new Set(); // selects
  }

  // Children of this node have changed.
  note(node) {
    if (node === null || dom.nodeType(node) !== 1 || !PARTS.has(dom.localName(node))) return;
    let at = node;
    while (at !== null && dom.nodeType(at) === 1 && dom.localName(at) !== 'select') at = dom.parentNode(at);
    if (at !== null && dom.nodeType(at) !== 1) return;
    if (at !== null && dom.namespaceURI(at) === HTML) this.due.add(at);
  }

  noteAttribute(node, name) {
    if (ATTRIBUTES.has(name)) this.note(node);
  }

  settle() {
    for (const select of this.due) {
      this.choose(select);
      if (select.multiple || select.size > 1) setTimeout(() => this.scroll(select), SCROLL_MS);
    }
    this.due.clear();
  }

  // Chromium scrolls a list to what is chosen in it, in a task of its own: it is where the customer's is.
  scroll(select) {
    const props = this.state.get(select);
    for (const name of ['scrollLeft', 'scrollTop']) {
      const place = Number(props?.get(name) ?? 0);
      if (Math.abs(dom.scrolls[name].get(select) - place) > 1) dom.scrolls[name].set(select, place);
    }
  }

  choose(select) {
    const isChosen = (option) => {
      const told = this.state.get(option)?.get('selected');
      // What nobody said of it is what its attribute says.
      return told === undefined ? option.defaultSelected : told === '1';
    };
    const options = [...select.options];
    if (select.type === 'select-multiple') {
      for (const option of options) if (option.selected !== isChosen(option)) option.selected = isChosen(option);
    } else if (this.state.get(select)?.get('selected') === '0') {
      select.selectedIndex = -1;
    } else {
      const chosen = options.findLast(isChosen);
      if (chosen && !chosen.selected) chosen.selected = true;
    }
  }
}
