// Tells the customer at a field that the agent does not see what is in it.

import * as dom from './dom.js';
import { element } from './overlay.js';

export class Notice {
  constructor(overlay) {
    this.overlay = overlay;
    this.onFocus = () => this.look();
  }

  start() {
    addEventListener('focusin', this.onFocus, { capture: true, passive: true });
    addEventListener('focusout', this.onFocus, { capture: true, passive: true });
    this.look();
  }

  look() {
    // Behind the event: the focus is where it goes then.
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.show(), 0);
  }

  show() {
    let field = dom.activeElement(document);
    while (field && dom.shadowRoot(field)?.activeElement) field = dom.shadowRoot(field).activeElement;
    const isField = field && dom.matches(field, 'input:not([type=button],[type=submit],[type=reset],[type=image]),textarea,select,[contenteditable]');
    const isHidden = isField && (this.overlay.session.recorder?.kept(field) & 2) !== 0;
    if (!isHidden) {
      this.node?.remove();
      this.node = undefined;
      cancelAnimationFrame(this.turn);
      return;
    }
    if (!this.node) {
      this.node = element('div', { className: 'notice', textContent: this.overlay.say('hidden'), attributes: { role: 'status' } });
      this.overlay.root.append(this.node);
    }
    this.field = field;
    cancelAnimationFrame(this.turn);
    this.place();
  }

  place() {
    const { left, top, bottom } = dom.getBoundingClientRect(this.field);
    const at = `translate(${Math.max(4, left)}px, ${bottom + 34 < innerHeight ? bottom + 4 : top - 30}px)`;
    if (this.at !== at) this.node.style.transform = this.at = at;
    this.turn = requestAnimationFrame(() => this.node && this.place());
  }

  stop() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.turn);
    removeEventListener('focusin', this.onFocus, { capture: true });
    removeEventListener('focusout', this.onFocus, { capture: true });
    this.node?.remove();
    this.node = undefined;
  }
}
