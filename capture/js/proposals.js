// Where the site asks for it (`confirm: 'each'`), what an agent would like to do shows as a ghost that the customer accepts or
// declines. One at a time: what comes for the same element meanwhile belongs to it, another one waits for its turn.

import * as dom from './dom.js';
import { element } from './overlay.js';

const MOST = 20;

export class Proposals {
  constructor(overlay, patience) {
    this.overlay = overlay;
    this.patience = patience;
    this.waiting = [];
  }

  // Proposes a command; `target` is what it is for, `describe()` says `{ key, what, ghost }`. `done()` carries it out; `declined()`
  // is called when it is not to be.
  add(proposal) {
    const last = this.waiting.at(-1);
    if (last && proposal.target && last.target === proposal.target && last.user === proposal.user) {
      // A value that is typed letter by letter: the last one counts, and each one's end is that of all.
      if (proposal.replaces) last.steps = last.steps.filter((step) => step.name !== proposal.name);
      last.steps.push(proposal);
      last.describe = proposal.describe ?? last.describe;
      if (this.shown === last) this.write();
      return true;
    }
    if (this.waiting.length >= MOST) return false;
    this.waiting.push({ ...proposal, steps: [proposal] });
    if (!this.shown) this.next();
    return true;
  }

  next() {
    this.shown = this.waiting[0];
    if (!this.shown) return;
    const { overlay } = this;
    this.line = element('p', { id: 'p' });
    const answer = (yes) => this.answer(yes);
    const row = element('div', { className: 'row' },
      element('button', { textContent: overlay.say('decline'), onclick: () => answer(false) }),
      element('button', { textContent: overlay.say('accept'), className: 'yes', onclick: () => answer(true) }));
    this.card = element('div', { className: 'ghost', attributes: { role: 'alertdialog', 'aria-labelledby': 'p' } }, this.line, row);
    this.card.onkeydown = (event) => (event.stopPropagation(), event.key === 'Escape' && answer(false));
    this.frame = this.shown.target ? element('div', { className: 'frame', attributes: { 'aria-hidden': 'true' } }) : null;
    overlay.root.append(...[this.frame, this.card].filter(Boolean));
    this.timer = setTimeout(() => this.answer(false), this.patience);
    this.write();
    this.place();
  }

  write() {
    const { key, what, ghost = '' } = this.shown.describe();
    const text = this.overlay.say(key, what, this.shown.name ? [this.shown.who] : undefined);
    this.line.textContent = text;
    this.frame?.replaceChildren(...(ghost ? [element('span', { textContent: ghost })] : []));
  }

  place() {
    const { target } = this.shown;
    const { offsetWidth: width, offsetHeight: height } = this.card;
    let at = [(innerWidth - width) / 2, innerHeight - height - 84];
    if (target?.isConnected) {
      const rect = dom.getBoundingClientRect(target);
      Object.assign(this.frame.style, { left: rect.left - 4 + 'px', top: rect.top - 4 + 'px', width: rect.width + 8 + 'px', minHeight: rect.height + 8 + 'px' });
      const below = rect.bottom + 12 + height < innerHeight;
      const y = below ? rect.bottom + 12 : Math.max(8, rect.top - height - 12);
      at = [Math.min(Math.max(8, rect.left), Math.max(8, innerWidth - width - 8)), Math.min(y, innerHeight - height - 8)];
    }
    this.card.style.transform = `translate(${at[0]}px, ${at[1]}px)`;
    this.turn = requestAnimationFrame(() => this.shown && this.place());
  }

  answer(yes) {
    const { shown } = this;
    this.hide();
    this.waiting.shift();
    for (const step of shown.steps) (yes ? step.done : step.declined)();
    this.next();
  }

  hide() {
    clearTimeout(this.timer);
    cancelAnimationFrame(this.turn);
    this.card?.remove();
    this.frame?.remove();
    this.shown = undefined;
  }

  // Nothing is proposed any more: the mode is another, the agent is gone, the session is over.
  clear() {
    this.hide();
    for (const { steps } of this.waiting.splice(0)) for (const step of steps) step.declined();
  }
}
