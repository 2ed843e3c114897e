// Media features as the customer has them: where the agent's browser has another value, what asks for the feature in style
// sheets is answered by the customer's. In a sheet that nobody may read it is answered by the agent's browser.

import * as dom from './dom.js';
import { isHeard } from './waits.js';

const FEATURE = /\(\s*([a-z-]+)\s*(?::\s*([a-z-]+)\s*)?\)/g;
const ALWAYS = '(min-width: 0px)', NEVER = '(max-width: 0px)';
// Without a value, a feature is asked for whether it has any but these.
const NOTHING = new Set(['none', 'no-preference']);
// Where nothing tells that a sheet has come: how often, and after which time, that is looked at.
const LOOKS = 40, LOOK_MS = 250;
const MEDIA_RULE = 4, IMPORT_RULE = 3;

export class Features {
  constructor(page) {
    this.page = page;
    this.said = undefined; // what is to be compared with the agent's
    this.other = new Map(); // feature → the customer's values, where the agent's are others
    this.seen = new WeakMap(); // sheet → how many rules it had
    this.asked = new WeakMap(); // media list → what it asks for
    this.onLoad = () => this.settle();
    this.looks = 0;
    this.timer = undefined;
  }

  set(value) {
    this.said = value;
  }

  // Without a root element WebKit says of every feature that it is not so.
  compare(value) {
    const said = new Map();
    for (const part of (value ?? '').split(' ')) {
      const [name, of] = part.split('=');
      if (of !== undefined) said.set(name, new Set(said.get(name)).add(of));
    }
    this.other = new Map([...said].filter(([name, values]) => [...values].some((value) => !this.page.window.matchMedia(`(${name}: ${value})`).matches)));
    this.seen = new WeakMap();
    // A sheet that comes later.
    const { document } = this.page;
    this.looks = isHeard(document) ? 0 : LOOKS;
    if (this.other.size > 0) document.addEventListener('load', this.onLoad, true);
  }

  // Looks at what is new in the page's sheets. Called when a frame is in place.
  settle() {
    const { document, frames, shadows } = this.page;
    if (this.said !== undefined && dom.documentElement(document) !== null) {
      this.compare(this.said);
      this.said = undefined;
    }
    if (this.other.size === 0) return;
    for (const root of [document, ...[...frames.all].map((frame) => frame.document), ...shadows]) {
      for (const sheet of dom.sheetsOf(root)) this.look(sheet);
    }
    this.showScheme();
    if (this.looks > 0 && this.timer === undefined && [...dom.all(document, 'link[rel~="stylesheet"]')].some((link) => !link.sheet)) this.lookLater();
  }

  lookLater() {
    this.looks--;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.settle();
    }, LOOK_MS);
  }

  look(sheet) {
    let rules;
    try {
      rules = sheet.cssRules;
    } catch {
      return;
    }
    if (this.seen.get(sheet) === rules.length) return;
    this.seen.set(sheet, rules.length);
    this.answer(sheet.media);
    this.walk(rules);
  }

  walk(rules) {
    for (const rule of rules) {
      if (rule.type === MEDIA_RULE) this.answer(rule.media);
      if (rule.type === IMPORT_RULE) {
        this.answer(rule.media);
        if (rule.styleSheet) this.look(rule.styleSheet);
      } else if (rule.cssRules?.length > 0) {
        this.walk(rule.cssRules);
      }
    }
  }

  answer(media) {
    const before = this.asked.get(media);
    const text = before?.answered === media.mediaText ? before.text : media.mediaText;
    const answered = text.replace(FEATURE, (whole, name, value) => {
      const values = this.other.get(name);
      if (values === undefined) return whole;
      const holds = value === undefined ? [...values].some((value) => !NOTHING.has(value)) : values.has(value);
      return holds ? ALWAYS : NEVER;
    });
    if (answered === media.mediaText) return;
    media.mediaText = answered;
    this.asked.set(media, { text, answered: media.mediaText });
  }

  // Colours that nobody chose are those of the scheme, too.
  showScheme() {
    const scheme = this.other.get('prefers-color-scheme');
    const root = dom.documentElement(this.page.document);
    if (!scheme || root === null || this.page.shown.has(root) || this.looked === root) return;
    this.looked = root;
    const schemes = this.page.window.getComputedStyle(root).colorScheme.split(' ');
    const [wanted] = scheme;
    if (schemes.includes(wanted) && schemes.length > 1) this.page.show(root, { colorScheme: wanted });
  }
}
