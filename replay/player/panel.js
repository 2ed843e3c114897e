// The panel beside the page: what changed, the search, the moments; a tab for each.

import { make, picture } from './make.js';

export class Panel {
  // `parts`: `[{ name, title, element }]`; `changed(name)` is called with the tab that is shown, '' for none.
  constructor(parts, changed) {
    this.changed = changed;
    this.shown = '';
    this.tabs = new Map();
    const list = make('div', { role: 'tablist', 'aria-label': 'Panel', class: 'tabs', onkeydown: (event) => this.key(event) });
    const close = make('button', { type: 'button', class: 'tool', 'aria-label': 'Close the panel', title: 'Close the panel (Esc)', onclick: () => this.show('') }, picture('close'));
    this.element = make('aside', { class: 'panel', 'aria-label': 'About this recording', hidden: true }, make('div', { class: 'panel-head' }, list, close));
    for (const { name, title, element } of parts) {
      const tab = make('button', { type: 'button', role: 'tab', id: `tab-${name}`, 'aria-controls': `part-${name}`, 'data-part': name, onclick: () => this.show(name) }, title);
      const body = make('div', { role: 'tabpanel', id: `part-${name}`, class: 'part', tabindex: '-1', 'aria-labelledby': `tab-${name}` }, element);
      list.append(tab);
      this.element.append(body);
      this.tabs.set(name, { tab, body });
    }
  }

  show(name) {
    if (name !== '' && !this.tabs.has(name)) throw new TypeError(`cobrowse: panel: expected one of ${[...this.tabs.keys()].join(', ')}, or nothing; found ${JSON.stringify(name)}`);
    const hadFocus = this.element.matches(':focus-within');
    this.shown = name;
    this.element.hidden = name === '';
    for (const [key, { tab, body }] of this.tabs) {
      tab.setAttribute('aria-selected', String(key === name));
      tab.tabIndex = key === name ? 0 : -1;
      body.hidden = key !== name;
    }
    this.changed(name, hadFocus);
  }

  key(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || event.shiftKey) return;
    event.preventDefault();
    const names = [...this.tabs.keys()];
    const name = names[(names.indexOf(this.shown) + by + names.length) % names.length];
    this.show(name);
    this.tabs.get(name).tab.focus();
  }
}
