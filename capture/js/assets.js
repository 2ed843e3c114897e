// Files that an agent's page could not load, as it says: they are behind a login, or not to be had with TLS. Images are carried as
// others are that only this browser can load (`resources.js`); style sheets, what they import, and the pictures in their rules by
// their addresses. With `inline` nobody has to ask. Who asks gets only what the page shows him.

import * as dom from './dom.js';

// So many addresses are looked for in a session, and among so many elements for one that an agent may see.
const MAX_ASKED = 512;
const MAX_TRIED = 50;
// How often one is looked for: the page may still be loading it, or is about to show it.
const LOOKS = 10;
const LINE_LENGTH = 1024, LINES = 32;
const URLS = /url\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^"')\s]*))\s*\)/g;
// What says when or which part: the elements are there without it.
const PASSING = /::[\w-]+(\([^)]*\))?|:(before|after|hover|active|focus(-within|-visible)?|visited|target)(?![\w-])/g;

export class Assets {
  constructor(recorder, resources) {
    this.recorder = recorder;
    this.resources = resources;
    this.asked = new Set();
    this.open = new Map(); // asked for, and not found yet → how often it is looked for
    this.scanned = new WeakMap(); // sheet → how many rules it had when it was looked through
  }

  restart() {
    for (const address of this.asked) this.open.set(address, LOOKS);
    this.scanned = new WeakMap();
  }

  // Addresses that an agent's page could not load, with line breaks between.
  missing(text) {
    if (this.resources.mode === 'reference') return;
    for (const address of text.split('\n').slice(0, LINES)) if (address.length <= LINE_LENGTH) this.ask(address);
    this.look();
  }

  ask(address) {
    if (this.asked.has(address) || this.asked.size >= MAX_ASKED || !/^https?:/.test(address)) return;
    this.asked.add(address);
    this.open.set(address, LOOKS);
  }

  look() {
    if (this.resources.mode === 'inline') this.askForAll();
    if (this.open.size === 0) return;
    const sheets = new Map(), pictures = new Map();
    for (const found of this.sheets()) if (found.sheet.href !== null) sheets.set(found.sheet.href, found);
    for (const [address, place] of this.pictures()) pictures.set(address, [...(pictures.get(address) ?? []), place]);
    for (const [address, looks] of this.open) {
      const sheet = sheets.get(address);
      const isFound = sheet === undefined ? this.carryPicture(address, pictures.get(address) ?? []) : this.carrySheet(sheet);
      this.resources.forced.add(address); // It may be an image's, too.
      if (isFound || looks === 1) this.open.delete(address);
      else this.open.set(address, looks - 1);
    }
  }

  // All there is in sheets that were not looked through yet.
  askForAll() {
    for (const { sheet, owner, root } of this.sheets()) {
      const { length } = rulesOf(sheet);
      if (this.scanned.get(sheet) === length) continue;
      this.scanned.set(sheet, length);
      if (sheet.href !== null) this.ask(sheet.href);
      for (const [address] of picturesIn(sheet, owner, root)) this.ask(address);
    }
  }

  *sheets() {
    const { changes } = this.recorder;
    for (const root of changes.roots) {
      const own = dom.nodeType(root) === dom.DOCUMENT ? dom.styleSheets(root) : root.styleSheets;
      for (const sheet of own) yield* withImports(sheet, sheet.ownerNode, root);
      for (const sheet of changes.sheets.adopted.get(root) ?? []) yield { sheet, owner: null, root };
    }
  }

  // Addresses of pictures in rules and in style attributes, and where they are shown.
  *pictures() {
    for (const { sheet, owner, root } of this.sheets()) yield* picturesIn(sheet, owner, root);
    for (const root of this.recorder.changes.roots) {
      for (const node of dom.all(root, '[style*="url("]')) {
        for (const address of addressesIn(dom.getAttribute(node, 'style'), dom.baseURI(node))) yield [address, { node }];
      }
    }
  }

  isSeen(node) {
    const id = this.recorder.idOf(node);
    return id !== undefined && this.recorder.engine.is_seen(id);
  }

  // What it imports comes first: it is there when the sheet is read.
  carrySheet({ sheet, owner }) {
    if (!this.isSeen(owner)) return false;
    for (const rule of rulesOf(sheet)) if (rule.styleSheet?.href) this.carrySheet({ sheet: rule.styleSheet, owner });
    this.carry(sheet.href, owner, /^text\/css/);
    return true;
  }

  carryPicture(address, places) {
    for (const { node, root, selector } of places) {
      const nodes = node !== undefined ? [node] : nodesOf(root, selector);
      const seen = nodes.find((one) => this.isSeen(one));
      if (seen === undefined) continue;
      this.carry(address, seen, /^image\//);
      return true;
    }
    return false;
  }

  // `node`: one of those that show it.
  carry(address, node, type) {
    const { resources } = this;
    resources.then(async () => {
      const loaded = await resources.load(address, null, type);
      if (loaded !== null) resources.pending.push({ asset: address, node, ...loaded });
    });
  }
}

function* withImports(sheet, owner, root) {
  yield { sheet, owner, root };
  for (const rule of rulesOf(sheet)) if (rule.styleSheet) yield* withImports(rule.styleSheet, owner, root);
}

export function rulesOf(sheet) {
  try {
    return sheet.cssRules;
  } catch {
    return []; // Another origin's.
  }
}

function* picturesIn(sheet, owner, root) {
  const base = sheet.href ?? (owner === null ? dom.baseURI(root) : dom.baseURI(owner));
  const stack = [[rulesOf(sheet), null]];
  while (stack.length > 0) {
    const [rules, outer] = stack.pop();
    for (const rule of rules) {
      // What is nested in a rule is shown by what is below the rule's elements.
      const selector = outer ?? rule.selectorText;
      if (rule.cssRules?.length > 0) stack.push([rule.cssRules, selector ?? null]);
      if (selector === undefined || !rule.style) continue;
      for (const address of addressesIn(rule.style.cssText, base)) yield [address, { root, selector }];
    }
  }
}

function* addressesIn(text, base) {
  if (!text.includes('url(')) return;
  for (const [, a, b, c] of text.matchAll(URLS)) {
    try {
      const { href, protocol } = new URL((a ?? b ?? c).replace(/\\(.)/g, '$1'), base);
      if (/^https?:$/.test(protocol)) yield href;
    } catch {
      // No address.
    }
  }
}

function nodesOf(root, selector) {
  if (selector.includes(':host')) return [root.host];
  try {
    return [...dom.all(root, selector.replace(PASSING, ''))].slice(0, MAX_TRIED);
  } catch {
    return []; // Nothing is left of it.
  }
}
