// What the customer sees of a session: the question before it, the bar while it runs, the agent's pointer and drawings, what an
// agent would like to do. It lives in one closed shadow root, in the top layer, and is never part of what is captured.

import * as dom from './dom.js';
import { Bar } from './bar.js';
import { Drawings } from './drawings.js';
import { isModal } from './layers.js';
import { Notice } from './notice.js';
import { Proposals } from './proposals.js';
import { languageOf, makeWords } from './words.js';

const CSS = `
:host { all: initial; position: fixed; inset: 0; margin: 0; padding: 0; border: 0; width: 100vw; height: 100vh;
  max-width: none; max-height: none; background: none; overflow: visible; pointer-events: none; z-index: 2147483647;
  color-scheme: light; font: 15px/1.45 system-ui, sans-serif; }
.bar, .card, .ghost { pointer-events: auto; background: #14213d; color: #fff; box-shadow: 0 8px 30px #0006; }
.bar { position: absolute; left: 16px; right: 16px; bottom: 16px; width: fit-content; margin: 0 auto; display: flex; gap: 8px; align-items: center;
  padding: 8px 8px 8px 16px; border-radius: 26px; box-sizing: border-box; flex-wrap: wrap; }
.bar.up { bottom: auto; top: 16px; }
.status { padding-right: 6px; min-width: 0; flex: 1 1 auto; }
.status small { display: block; color: #cfd8ea; font-size: 13px; }
.dot { width: 10px; height: 10px; border-radius: 50%; background: #ff4d4d; flex: none; }
.paused .dot { background: #ffd166; }
.backdrop { position: absolute; inset: 0; background: #0009; pointer-events: auto; display: grid; place-items: center; }
.card { max-width: 400px; margin: 16px; padding: 24px; border-radius: 14px; background: #fff; color: #14213d; }
h2 { margin: 0 0 8px; font-size: 19px; } p { margin: 0 0 20px; }
.row { display: flex; gap: 10px; justify-content: flex-end; flex-wrap: wrap; }
button { font: inherit; font-weight: 600; padding: 8px 16px; border-radius: 999px; border: 0; cursor: pointer; flex: none;
  background: #fff; color: #14213d; }
button.plain { background: #2b3d66; color: #fff; padding: 8px 12px; }
.card button { background: #e7ebf3; } .card button.yes { background: #1d4ed8; color: #fff; }
button:focus-visible { outline: 3px solid #ffb703; outline-offset: 2px; }
.menu { position: absolute; bottom: calc(100% + 8px); right: 0; padding: 6px; border-radius: 14px; background: #14213d; box-shadow: 0 8px 30px #0006; display: grid; }
.up .menu { bottom: auto; top: calc(100% + 8px); }
.menu button { background: none; color: #fff; text-align: start; border-radius: 9px; white-space: nowrap; padding: 8px 14px 8px 34px; position: relative; }
.menu button:hover { background: #2b3d66; }
.menu [aria-checked=true]::before { content: "✓"; position: absolute; left: 12px; }
.pointer { position: absolute; left: 0; top: 0; transition: transform 80ms linear; }
.pointer svg { width: 22px; height: 22px; display: block; }
.pointer span { position: absolute; left: 16px; top: 18px; padding: 1px 8px; border-radius: 999px; background: #1d4ed8; color: #fff; font-size: 12px; white-space: nowrap; }
.pointer span:empty { display: none; }
.drawings { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.drawings g * { fill: none; stroke: #d62246; stroke-width: 4; stroke-linecap: round; stroke-linejoin: round; }
.drawings .halo { stroke: #fffc; stroke-width: 8; }
.frame { position: absolute; box-sizing: border-box; border: 3px dashed #1d4ed8; border-radius: 6px; background: #1d4ed81f; color: #14213d; overflow: hidden; }
.frame span { display: block; padding: 2px 6px; background: #fffd; font: 15px/1.4 system-ui, sans-serif; white-space: pre-wrap; overflow-wrap: anywhere; }
.ghost { position: absolute; padding: 12px 14px; border-radius: 14px; max-width: 340px; }
.ghost p { margin: 0 0 10px; overflow-wrap: anywhere; }
.ghost button { padding: 6px 14px; } .ghost .yes { background: #1d4ed8; color: #fff; box-shadow: inset 0 0 0 1px #fff6; }
.notice { position: absolute; padding: 3px 10px; border-radius: 8px; background: #14213d; color: #fff; font-size: 13px; white-space: nowrap; }
[hidden] { display: none !important; }
@media (prefers-reduced-motion: reduce) { .pointer { transition: none; } }
@media print { :host { display: none !important; } }
`;

// How often the overlay comes back to a page that throws it out.
const MAX_RETURNS = 20;
// How long the customer has to answer what an agent asks in a running session.
const ANSWER_MS = 30_000;

export const element = (name, props = {}, ...children) => {
  const { attributes = {}, ...own } = props;
  const node = Object.assign(dom.createElement(document, name), own);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};

export class Overlay {
  // `translate` fetches other languages than English; without them it is English.
  static async make(session, translate) {
    const language = languageOf(session.options.language, dom.documentElement(document)?.lang, navigator.language);
    const translations = language === 'en' ? {} : await translate().catch(() => ({}));
    return new Overlay(session, language in translations ? language : 'en', translations[language]);
  }

  constructor(session, language, translated) {
    this.session = session;
    this.host = dom.createElement(document, 'cobrowse-overlay');
    this.wanted = false;
    this.returns = 0;
    this.modals = []; // the page's modal dialogs, the one on top last
    this.language = language;
    this.words = makeWords(language, translated, session.options.words);
  }

  // A text, with the names of those who watch.
  say(key, what, who = this.session.agents?.names() ?? []) {
    return this.words(key, { who, what });
  }

  attach() {
    this.wanted = true;
    if (!this.root) this.build();
    if (!this.host.isConnected) this.raise();
    this.notice?.start();
  }

  build() {
    this.root = this.host.attachShadow({ mode: 'closed' });
    this.host.lang = this.language;
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

  // Asks the customer; resolves to true when the customer agrees, false when not, or, with a time, when nobody answers.
  question({ title, text, yes, no, time }) {
    this.attach();
    this.dismiss?.();
    const before = dom.activeElement(document);
    return new Promise((resolve) => {
      const answer = (agreed) => {
        clearTimeout(timer);
        this.dismiss = undefined;
        backdrop.remove();
        before?.focus?.({ preventScroll: true });
        resolve(agreed);
      };
      const timer = time && setTimeout(() => answer(false), time);
      this.dismiss = () => answer(false);
      const buttons = [element('button', { textContent: yes, className: 'yes', onclick: () => answer(true) })];
      if (no) buttons.unshift(element('button', { textContent: no, onclick: () => answer(false) }));
      const attributes = { role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': 't' };
      if (text) attributes['aria-describedby'] = 'd';
      const card = element('div', { className: 'card', attributes }, element('h2', { id: 't', textContent: title }));
      if (text) card.append(element('p', { id: 'd', textContent: text }));
      card.append(element('div', { className: 'row' }, ...buttons));
      card.onkeydown = (event) => {
        event.stopPropagation();
        if (event.key === 'Escape') answer(false);
        if (event.key !== 'Tab') return;
        // The keyboard stays in the question.
        event.preventDefault();
        const at = buttons.indexOf(this.root.activeElement);
        buttons[(at + 1) % buttons.length].focus();
      };
      const backdrop = element('div', { className: 'backdrop' }, card);
      this.root.append(backdrop);
      buttons.at(-1).focus();
    });
  }

  // Asks before anything is shared.
  async ask() {
    const agreed = await this.question({ title: this.say('title'), text: this.say('about', '', this.session.inviters), yes: this.say('yes'), no: this.say('no') });
    if (!agreed) this.remove();
    return agreed;
  }

  // Tells what there is nothing to answer to.
  async tell(key) {
    await this.question({ title: this.say(key), yes: this.say('close') });
    this.remove();
  }

  // Asks whether the agent may do more than now.
  askMode(mode) {
    const title = this.say(mode === 'shared' ? 'askShared' : 'askView');
    return this.question({ title, yes: this.say('allow'), no: this.say('refuse'), time: ANSWER_MS });
  }

  show() {
    this.attach();
    this.bar = new Bar(this);
    this.drawings = new Drawings(this.root);
    this.proposals = new Proposals(this, ANSWER_MS);
    this.notice = new Notice(this);
    this.notice.start();
    this.update();
  }

  update() {
    this.bar?.update();
  }

  // Shows an agent's pointer at a place of the viewport, or hides it.
  pointer(at, name = '') {
    if (!this.host.isConnected) return;
    this.arrow ??= this.makePointer();
    this.arrow.toggleAttribute('hidden', at === null);
    if (!at) return;
    this.arrow.style.transform = `translate(${at[0]}px, ${at[1]}px)`;
    if (this.arrow.lastChild.textContent !== name) this.arrow.lastChild.textContent = name;
  }

  makePointer() {
    const svg = svgElement('svg', { viewBox: '0 0 22 22', 'aria-hidden': 'true' });
    svg.append(svgElement('path', { d: 'M2 1 L2 17 L6.5 13 L9.5 20 L12.5 18.7 L9.6 12 L15.5 12 Z', fill: '#1d4ed8', stroke: '#fff', 'stroke-width': '1.5' }));
    const arrow = element('div', { className: 'pointer' }, svg, element('span'));
    this.root.append(arrow);
    return arrow;
  }

  // It may be attached again: with the tab that the customer comes back to.
  remove() {
    this.wanted = false;
    this.dismiss?.();
    this.drawings?.wipe();
    this.proposals?.clear();
    this.notice?.stop();
    this.host.remove();
  }
}

export function svgElement(name, attributes = {}) {
  const node = Document.prototype.createElementNS.call(document, 'http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
