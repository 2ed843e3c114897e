// The bar that shows that a session runs, who watches and what they may do; with it the customer pauses, stops, and changes the
// mode.

import { element } from './overlay.js';

const MODES = ['shared', 'view', 'follow'];
const MAY = { shared: 'mayShared', view: 'mayView', follow: 'mayFollow' };

export class Bar {
  constructor(overlay) {
    this.overlay = overlay;
    const { session } = overlay;
    this.text = element('span', { className: 'status', attributes: { role: 'status' } });
    this.pause = element('button', { onclick: () => (session.recorder.paused ? session.unpause() : session.pause()) });
    this.stop = element('button', { textContent: overlay.say('stop'), onclick: () => session.stop() });
    this.more = element('button', { className: 'plain', textContent: '⋯', title: overlay.say('may'), attributes: { 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-label': overlay.say('may') } });
    this.more.onclick = () => (this.menu ? this.close() : this.open());
    const attributes = { role: 'region', 'aria-label': overlay.say('region') };
    this.node = element('div', { className: 'bar', attributes }, element('span', { className: 'dot' }), this.text, this.pause, this.stop, this.more);
    // Not where the customer is typing, nor under what the page has at its bottom.
    this.node.addEventListener('dblclick', () => this.node.classList.toggle('up'));
    this.node.addEventListener('keydown', (event) => this.key(event));
    this.node.addEventListener('focusout', ({ relatedTarget }) => this.menu && !this.node.contains(relatedTarget) && this.close());
    overlay.root.append(this.node);
  }

  update() {
    const { overlay } = this;
    const { session } = overlay;
    const paused = Boolean(session.recorder?.paused);
    const isWatched = !session.link || session.agents?.list.size > 0;
    const text = paused ? overlay.say('paused') : isWatched ? overlay.say(session.mode) : overlay.say('waiting');
    this.node.classList.toggle('paused', paused);
    const code = !isWatched && session.token ? overlay.say('code', session.token.replace(/(...)(?=.)/g, '$1\u00a0')) : '';
    const lines = [code, session.seal?.said(overlay, isWatched)].filter(Boolean);
    if (this.shown !== text + lines) {
      this.shown = text + lines;
      this.text.replaceChildren(text, ...lines.map((textContent) => element('small', { textContent })));
    }
    this.pause.textContent = overlay.say(paused ? 'resume' : 'pause');
    if (this.menu) for (const [at, item] of [...this.menu.children].entries()) item.setAttribute('aria-checked', String(MODES[at] === session.mode));
  }

  open() {
    const { overlay } = this;
    const { session } = overlay;
    const items = MODES.map((mode) => {
      const choose = () => {
        this.close();
        session.changeMode(mode); // By the customer's own hand: there is nobody to ask.
      };
      return element('button', { textContent: overlay.say(MAY[mode]), onclick: choose, attributes: { role: 'menuitemradio', 'aria-checked': String(mode === session.mode) } });
    });
    this.menu = element('div', { className: 'menu', attributes: { role: 'menu', 'aria-label': overlay.say('may') } }, ...items);
    this.more.setAttribute('aria-expanded', 'true');
    this.node.append(this.menu);
    items[MODES.indexOf(session.mode)].focus();
  }

  close() {
    const { menu } = this;
    if (!menu) return;
    const hadFocus = menu.contains(this.overlay.root.activeElement);
    this.menu = undefined;
    menu.remove();
    this.more.setAttribute('aria-expanded', 'false');
    if (hadFocus) this.more.focus();
  }

  key(event) {
    event.stopPropagation();
    if (!this.menu) return;
    const items = [...this.menu.children];
    const at = items.indexOf(this.overlay.root.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') this.close();
    else if (step) items[(at + step + items.length) % items.length].focus();
    else return;
    event.preventDefault();
  }
}
