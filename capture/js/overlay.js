// What the customer sees of a session: the question before it, the bar while it runs, the agent's pointer. It lives in
// one closed shadow root, in the top layer, and is never part of what is captured.

import * as dom from './dom.js';
import { isModal } from './layers.js';

const CSS = `
:host { all: initial; position: fixed; inset: 0; margin: 0; padding: 0; border: 0; width: 100vw; height: 100vh;
  max-width: none; max-height: none; background: none; overflow: visible; pointer-events: none; z-index: 2147483647;
  color-scheme: light; font: 15px/1.45 system-ui, sans-serif; }
.bar, .card { pointer-events: auto; background: #14213d; color: #fff; box-shadow: 0 8px 30px #0006; }
.bar { position: absolute; left: 50%; bottom: 16px; transform: translateX(-50%); display: flex; gap: 12px; align-items: center;
  padding: 8px 8px 8px 16px; border-radius: 999px; white-space: nowrap; }
.dot { width: 10px; height: 10px; border-radius: 50%; background: #ff4d4d; flex: none; }
.paused .dot { background: #ffd166; }
.backdrop { position: absolute; inset: 0; background: #0009; pointer-events: auto; display: grid; place-items: center; }
.card { max-width: 400px; margin: 16px; padding: 24px; border-radius: 14px; background: #fff; color: #14213d; }
h2 { margin: 0 0 8px; font-size: 19px; } p { margin: 0 0 20px; }
.row { display: flex; gap: 10px; justify-content: flex-end; }
button { font: inherit; font-weight: 600; padding: 8px 16px; border-radius: 999px; border: 0; cursor: pointer;
  background: #fff; color: #14213d; }
.card button { background: #e7ebf3; } .card button.yes { background: #1d4ed8; color: #fff; }
button:focus-visible { outline: 3px solid #ffb703; outline-offset: 2px; }
.pointer { position: absolute; left: 0; top: 0; width: 22px; height: 22px; transition: transform 80ms linear; }
[hidden] { display: none !important; }
@media print { :host { display: none !important; } }
`;

// How often the overlay comes back to a page that throws it out.
const MAX_RETURNS = 20;

const MODE_TEXT = {
  shared: 'An agent can see and use this page',
  view: 'An agent can see and scroll this page',
  follow: 'An agent can see this page',
};

const element = (name, props = {}, ...children) => {
  const node = Object.assign(dom.createElement(document, name), props);
  node.append(...children);
  return node;
};

export class Overlay {
  constructor(session) {
    this.session = session;
    this.host = dom.createElement(document, 'cobrowse-overlay');
    this.wanted = false;
    this.returns = 0;
    this.modals = []; // the page's modal dialogs, the one on top last
  }

  attach() {
    this.wanted = true;
    if (!this.root) this.build();
    if (!this.host.isConnected) this.raise();
  }

  build() {
    this.root = this.host.attachShadow({ mode: 'closed' });
    const sheet = new CSSStyleSheet(); // A constructed sheet: inline styles may be forbidden by the page's CSP.
    sheet.replaceSync(CSS);
    this.root.adoptedStyleSheets = [sheet];
  }

  // Comes to the top of the top layer again. What is outside of a modal dialog cannot be clicked: while the page shows
  // one, the overlay is inside.
  raise(opened) {
    if (!this.wanted || !dom.documentElement(document)) return;
    const modals = [...dom.all(document, 'dialog')].filter(isModal);
    this.modals = this.modals.filter((dialog) => dialog !== opened && modals.includes(dialog));
    for (const dialog of modals) if (!this.modals.includes(dialog)) this.modals.push(dialog);
    const home = this.modals.at(-1) ?? dom.documentElement(document);
    if (dom.parentNode(this.host) !== home) dom.append(home, this.host);
    if (!this.host.showPopover) return;
    this.host.popover = 'manual';
    if (this.host.matches(':popover-open')) this.host.hidePopover();
    this.host.showPopover();
  }

  // The page may have thrown out what it did not know; one that does it again and again is not fought.
  keep() {
    if (!this.wanted || this.host.isConnected || this.returns >= MAX_RETURNS) return;
    this.returns++;
    this.raise();
  }

  // Asks before anything is shared; true when the customer agrees.
  ask() {
    this.attach();
    return new Promise((resolve) => {
      const answer = (yes) => {
        backdrop.remove();
        if (!yes) this.remove();
        resolve(yes);
      };
      const title = element('h2', { id: 't', textContent: 'Share this page?' });
      const text = element('p', {
        textContent: 'An agent would like to see this page to help you. Passwords, card details and files stay hidden. You can stop at any time.',
      });
      const no = element('button', { textContent: 'Not now', onclick: () => answer(false) });
      const yes = element('button', { textContent: 'Share page', className: 'yes', onclick: () => answer(true) });
      const card = element('div', { className: 'card' }, title, text, element('div', { className: 'row' }, no, yes));
      card.setAttribute('role', 'dialog');
      card.setAttribute('aria-modal', 'true');
      card.setAttribute('aria-labelledby', 't');
      card.onkeydown = (event) => event.key === 'Escape' && answer(false);
      const backdrop = element('div', { className: 'backdrop' }, card);
      this.root.append(backdrop);
      yes.focus();
    });
  }

  show() {
    this.attach();
    this.text = element('span');
    this.text.setAttribute('role', 'status');
    this.pauseButton = element('button', {
      onclick: () => (this.session.recorder.paused ? this.session.unpause() : this.session.pause()),
    });
    const stop = element('button', { textContent: 'Stop', onclick: () => this.session.stop() });
    this.bar = element('div', { className: 'bar' }, element('span', { className: 'dot' }), this.text, this.pauseButton, stop);
    this.root.append(this.bar);
    this.update();
  }

  update() {
    if (!this.bar) return;
    const paused = Boolean(this.session.recorder?.paused);
    this.bar.classList.toggle('paused', paused);
    this.text.textContent = paused ? 'Sharing is paused' : MODE_TEXT[this.session.mode];
    this.pauseButton.textContent = paused ? 'Continue' : 'Pause';
  }

  // Shows the agent's pointer at a place of the viewport, or hides it.
  pointer(at) {
    if (!this.host.isConnected) return;
    if (!this.arrow) {
      const namespace = 'http://www.w3.org/2000/svg';
      this.arrow = Document.prototype.createElementNS.call(document, namespace, 'svg');
      this.arrow.setAttribute('class', 'pointer');
      this.arrow.setAttribute('viewBox', '0 0 22 22');
      const path = Document.prototype.createElementNS.call(document, namespace, 'path');
      path.setAttribute('d', 'M2 1 L2 17 L6.5 13 L9.5 20 L12.5 18.7 L9.6 12 L15.5 12 Z');
      path.setAttribute('fill', '#1d4ed8');
      path.setAttribute('stroke', '#fff');
      path.setAttribute('stroke-width', '1.5');
      this.arrow.append(path);
      this.root.append(this.arrow);
    }
    this.arrow.toggleAttribute('hidden', at === null);
    if (at) this.arrow.style.transform = `translate(${at[0]}px, ${at[1]}px)`;
  }

  remove() {
    this.wanted = false;
    this.host.remove();
  }
}
