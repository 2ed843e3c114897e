// States of elements that follow from the customer's pointer, focus and address: a rebuilt page has none of them, as the
// agent's own pointer and focus are elsewhere. The declarations of rules that ask for them are given to the elements they
// would match there, by animations that leave no trace in the document.

import * as dom from './dom.js';

const ASKING = /:(hover|active|focus-visible|focus-within|focus|target|fullscreen|-webkit-full-screen)(?![\w-])/;
const EACH = new RegExp(ASKING, 'g');
const PSEUDO = /::?(before|after|marker|placeholder|first-line|first-letter|backdrop)$/;
const NEVER = ':not(*)';
// What a browser gives an element that fills the screen.
const FULL = { position: 'fixed', inset: '0', width: '100%', height: '100%', maxWidth: 'none', maxHeight: 'none', margin: '0', boxSizing: 'border-box', objectFit: 'contain', zIndex: '2147483647' };

export class States {
  constructor(page) {
    this.page = page;
    this.said = {}; // hover, active, focus, fullscreen → id; visible → '1'
    this.animations = [];
  }

  setProp(name, value) {
    if (!['hover', 'active', 'focus', 'focusVisible', 'fullscreen'].includes(name)) return;
    if (value === null) delete this.said[name];
    else this.said[name] = value;
  }

  // Shows what is so now. Called when a frame is in place.
  show() {
    const sets = this.sets();
    if (sets.size === 0 && this.animations.length === 0) return;
    const found = new Map(); // element and pseudo-element → declarations
    const full = this.element('fullscreen');
    if (full) found.set(full, new Map([['', { ...FULL }]]));
    for (const root of this.roots(sets)) {
      for (const [selector, style] of rulesOf(root, this.windowOf(root))) this.match(root, selector, style, sets, found);
    }
    const animations = [];
    for (const [element, styles] of found) {
      for (const [pseudo, style] of styles) animations.push([element, pseudo, style]);
    }
    for (const animation of this.animations) animation.cancel();
    this.animations = animations.map(([element, pseudo, style]) =>
      dom.animate(element, style, { duration: 0, fill: 'forwards', pseudoElement: pseudo || undefined }));
  }

  element(name) {
    const id = this.said[name];
    const node = id === undefined ? undefined : this.page.nodeOf(Number(id));
    return node && dom.nodeType(node) === 1 && dom.isConnected(node) ? node : null;
  }

  // State → elements that are in it.
  sets() {
    const sets = new Map();
    const [hovered, active, focused] = ['hover', 'active', 'focus'].map((name) => this.element(name));
    if (hovered) sets.set('hover', this.way(hovered));
    if (active) sets.set('active', this.way(active));
    if (focused) {
      sets.set('focus', [focused]);
      sets.set('focus-within', this.way(focused));
      if (this.said.focusVisible) sets.set('focus-visible', [focused]);
    }
    const target = this.target();
    if (target) sets.set('target', [target]);
    const full = this.element('fullscreen');
    if (full) sets.set('fullscreen', [full]);
    return sets;
  }

  target() {
    try {
      const { hash } = new URL(this.page.address ?? '');
      return hash.length > 1 ? dom.getElementById(this.page.document, decodeURIComponent(hash.slice(1))) : null;
    } catch {
      return null;
    }
  }

  // The element and all that it is in, out of shadow roots and frames too.
  way(element) {
    const way = [];
    for (let node = element; node; ) {
      if (dom.nodeType(node) === 1) way.push(node);
      const parent = dom.parentNode(node);
      node = parent ?? node.host ?? this.page.frames.around(node)?.element;
    }
    return way;
  }

  // Documents and shadow roots in which there is something to match.
  roots(sets) {
    const roots = new Set([this.page.document]);
    for (const elements of sets.values()) for (const element of elements) roots.add(dom.getRootNode(element));
    return roots;
  }

  windowOf(root) {
    return this.page.frames.around(root)?.window ?? this.page.window;
  }

  match(root, selector, style, sets, found) {
    const lists = {};
    const resolved = (text) => text.replace(EACH, (_, name) => (lists[name] ??= this.listOf(root, sets.get(name === '-webkit-full-screen' ? 'fullscreen' : name))));
    for (const part of splitSelectors(selector)) {
      if (!ASKING.test(part)) continue;
      const pseudo = PSEUDO.exec(part);
      const plain = pseudo ? part.slice(0, pseudo.index) || '*' : part;
      let elements;
      try {
        elements = root.querySelectorAll(resolved(plain));
      } catch {
        continue; // `:host` and the like, of which nobody can ask.
      }
      for (const element of elements) {
        const styles = found.get(element) ?? new Map();
        found.set(element, styles);
        const key = pseudo ? '::' + pseudo[1] : '';
        styles.set(key, { ...styles.get(key), ...declarations(style, key === '' ? element : null) });
      }
    }
  }

  // A selector that matches these elements of a root and no others.
  listOf(root, elements) {
    const paths = (elements ?? []).filter((element) => dom.getRootNode(element) === root).map(pathOf);
    return paths.length === 0 ? NEVER : `:is(${paths.join(',')})`;
  }
}

// Where an element is, counted from its root.
function pathOf(element) {
  const steps = [];
  for (let at = element; at !== null && dom.nodeType(at) === 1; at = dom.parentNode(at)) {
    let index = 1;
    for (let left = dom.previousElementSibling(at); left !== null; left = dom.previousElementSibling(left)) index++;
    steps.unshift(`:nth-child(${index})`);
  }
  steps[0] += ':not(* > *)';
  return steps.join(' > ');
}

// Selectors and declarations of rules that ask for states, in order.
function rulesOf(root, window) {
  const found = [];
  const walk = (rules, outer) => {
    for (const rule of rules) {
      const { selectorText: selector } = rule;
      if (selector !== undefined) {
        const whole = outer === null ? selector : splitSelectors(selector).map((part) => (part.includes('&') ? part.replace(/&/g, `:is(${outer})`) : `:is(${outer}) ${part}`)).join(',');
        if (ASKING.test(whole) && rule.style.length > 0) found.push([whole, rule.style]);
        if (rule.cssRules?.length > 0) walk(rule.cssRules, whole);
      } else if (rule.styleSheet) {
        if (window.matchMedia(rule.media.mediaText).matches) inSheet(rule.styleSheet);
      } else if (rule.cssRules && holds(rule, window)) {
        walk(rule.cssRules, outer);
      }
    }
  };
  const inSheet = (sheet) => {
    try {
      if (!sheet.disabled && (sheet.media.length === 0 || window.matchMedia(sheet.media.mediaText).matches)) walk(sheet.cssRules, null);
    } catch {
      // Another site's: nobody may read it.
    }
  };
  for (const sheet of dom.sheetsOf(root)) inSheet(sheet);
  return found;
}

function holds(rule, window) {
  if (rule.media) return window.matchMedia(rule.media.mediaText).matches;
  return rule.constructor.name === 'CSSSupportsRule' ? window.CSS.supports(rule.conditionText) : rule.constructor.name !== 'CSSKeyframesRule';
}

// Declarations as a frame of an animation; what the element's own attribute says counts more.
function declarations(style, element) {
  const frame = {};
  for (const name of style) {
    if (/^(animation|transition)/.test(name)) continue;
    if (element?.style?.getPropertyValue(name) && style.getPropertyPriority(name) === '') continue;
    const key = name.startsWith('--') ? name : name === 'float' ? 'cssFloat' : name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
    frame[key] = style.getPropertyValue(name);
  }
  return frame;
}

// A list of selectors, one by one: commas in brackets and strings separate nothing.
function splitSelectors(text) {
  const parts = [];
  let depth = 0, from = 0, quote = '';
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (letter === '\\') i++;
    else if (quote !== '') quote = letter === quote ? '' : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === '(' || letter === '[') depth++;
    else if (letter === ')' || letter === ']') depth--;
    else if (letter === ',' && depth === 0) {
      parts.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  parts.push(text.slice(from).trim());
  return parts;
}
