// Files that this page could not load: they are told to the customer's page, which carries what it shows of them. Images come as
// others do that only the customer's browser can load; style sheets, and pictures in rules, by their addresses. In the place of a
// sheet's address stands that of a copy: a browser takes rules for a `<link>` from nowhere else. In rules and style attributes it is
// done without a trace in the document.

import * as dom from './dom.js';
import { absoluteCss } from './sheets.js';

// So many addresses are told of a page, so long after the first of them, and so many at a time (protocol/src/control.rs).
const MAX_TOLD = 512;
const WAIT_MS = 200;
const AT_ONCE = 32;
const MAX_LENGTH = 1024;
// Of so many files the browser notes that the page has asked for them.
const MAX_ENTRIES = 2000;
// How long what a frame brought may take to be loaded before it is looked at.
const LOOK_MS = 700;
// What rules name that is no picture: what they import, and fonts, which are carried anyway.
const OTHERS = /\.(css|woff2?|[ot]tf|eot)$/i;
const URLS = /url\("((?:[^"\\]|\\.)*)"\)/g;

export class Assets {
  // `tell(addresses)` says what is missing.
  constructor(page, tell) {
    this.page = page;
    this.tell = tell;
    this.hashes = new Map(); // address → the hash of its bytes
    this.copies = new Map(); // address → its copy: `url`, and of a sheet the text and when it was made
    this.links = new Map(); // link → the address that it had, and that of the copy
    this.turn = 0; // counts the frames that brought something
    this.missing = new Set(); // addresses that could not be loaded
    this.untold = [];
    this.seen = 0; // how many files the page has loaded when it was last looked at
    this.isDue = false;
    this.isMixed = false; // whether pictures of that page may be blocked here before they are asked for
    this.scanned = new WeakMap(); // sheet → how many rules it had when it was looked through
    this.tried = new Set(); // addresses that were asked for once more
    page.window.performance?.setResourceTimingBufferSize?.(MAX_ENTRIES);
  }

  // A property of the document; false where it is none of these.
  setProp(name, value) {
    if (!name.startsWith('asset ') || value === null) return false;
    const space = value.indexOf(' ');
    this.hashes.set(value.slice(space + 1), value.slice(0, space));
    this.isDue = true;
    return true;
  }

  // An element could not load what it names.
  failed(node) {
    const name = dom.localName(node);
    if (name === 'link') {
      // It also says so where only what it imports is missing.
      const isThere = isReadable(node.sheet) && node.sheet.cssRules.length > 0;
      if (!this.lookAtLink(node) && isSheet(node) && !isThere) this.miss(node.href);
    } else if (name === 'img' || name === 'input') this.miss(node.currentSrc || node.src);
  }

  loaded(node) {
    if (this.isMixed) this.lookSoon();
    if (this.hashes.size === 0) return;
    if (dom.localName(node) === 'link') this.lookAtLink(node);
    else if (dom.localName(node) === 'style' && node.sheet) this.showInSheet(node.sheet, dom.baseURI(node));
  }

  // The policy of the document forbids it.
  refused(address) {
    this.page.blocked(address);
    this.miss(address);
  }

  // An element is kept from what its address leads to.
  keptFrom(node, address) {
    this.page.blocked(address);
    if (dom.localName(node) === 'img' || dom.localName(node) === 'input') this.miss(address);
  }

  miss(address) {
    if (this.hashes.has(address) || this.missing.has(address)) return;
    if (!/^https?:/.test(address) || address.length > MAX_LENGTH || this.missing.size >= MAX_TOLD) return;
    this.missing.add(address);
    this.untold.push(address);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      while (this.untold.length > 0) this.tell(this.untold.splice(0, AT_ONCE));
    }, WAIT_MS);
  }

  // The customer's page has come back, and may not have heard.
  again() {
    const { missing } = this;
    this.missing = new Set();
    for (const address of missing) this.miss(address);
  }

  // Once a frame is in place.
  settle() {
    this.lookSoon();
    if (!this.isDue) return;
    this.isDue = false;
    this.turn++;
    for (const root of this.roots()) {
      for (const link of dom.allIn(root, 'link[rel~="stylesheet" i][href]')) this.lookAtLink(link);
      for (const sheet of dom.sheetsOf(root)) if (sheet.ownerNode === null || !this.links.has(sheet.ownerNode)) this.showInSheet(sheet, dom.baseURI(root));
      for (const node of dom.allIn(root, '[style*="url("]')) this.showInStyle(node);
    }
  }

  lookSoon() {
    this.looking ??= setTimeout(() => {
      this.looking = undefined;
      this.lookAtLoaded();
    }, LOOK_MS);
  }

  roots() {
    const { page } = this;
    return [page.document, ...page.shadows, ...[...page.frames.all].map((frame) => frame.document)];
  }

  // Its own sheet, unless that is not there, or cannot be read: then nothing that scripts change in it can be shown either. True
  // where it gets a copy.
  lookAtLink(link) {
    if (!dom.isConnected(link) || !isSheet(link)) return false;
    const before = this.links.get(link);
    const isCopy = before?.copy === link.href;
    const address = isCopy ? before.address : link.href;
    const copy = this.copyOf(address);
    if (copy === null || !isCopy && isReadable(link.sheet)) {
      if (this.hashes.size > 0 && link.sheet) this.showInSheet(link.sheet, link.sheet.href);
      return false;
    }
    // One whose text names more copies now takes the place of that before: Chromium loses what a sheet imports that is edited.
    if (copy !== link.href) {
      this.links.set(link, { address, copy });
      dom.getAttributeNode(link, 'href').value = copy;
    }
    return true;
  }

  // What addresses in a link's sheet are relative to; undefined for another element's.
  addressOf(owner) {
    if (owner === null || dom.localName(owner) !== 'link') return undefined;
    const copy = this.links.get(owner);
    return copy?.copy === owner.href ? copy.address : owner.href;
  }

  // The address of a copy of what an address leads to; null where it has not come.
  copyOf(address) {
    const hash = this.hashes.get(address);
    const bytes = hash === undefined ? undefined : this.page.resources.bytes.get(hash);
    if (bytes === undefined) return null;
    const { window } = this.page;
    const before = this.copies.get(address);
    const [type, base64] = bytes.split(';base64,');
    const isCss = type === 'text/css';
    if (before !== undefined && (!isCss || before.turn === this.turn)) return before.url;
    const content = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const copy = { url: before?.url ?? null, text: before?.text, turn: this.turn };
    this.copies.set(address, copy); // What it imports may import it.
    const text = isCss ? this.rewritten(new TextDecoder().decode(content), address) : undefined;
    if (copy.url === null || text !== copy.text) {
      if (copy.url !== null) setTimeout(window.URL.revokeObjectURL, LOOK_MS * 4, copy.url);
      Object.assign(copy, { text, url: window.URL.createObjectURL(new Blob([text ?? content], { type })) });
    }
    return copy.url;
  }

  // CSS text as it is read from another place, with addresses of copies where there are any.
  rewritten(text, base) {
    const imports = text.replace(/(@import\s+)(?:"([^"]*)"|'([^']*)')/gi, (_, start, a, b) => `${start}url("${a ?? b}")`);
    const absolute = absoluteCss(imports, base);
    return absolute.replace(URLS, (all, address) => {
      const copy = this.copyOf(address);
      return copy === null ? all : `url("${copy}")`;
    });
  }

  // Addresses in the declarations of a style are those of copies, where there are any. Returns what has changed.
  replaced(style, base) {
    const changes = [];
    if (!style.cssText.includes('url(')) return changes;
    for (const name of style) {
      const value = style.getPropertyValue(name);
      if (!value.includes('url(')) continue;
      const now = value.replace(URLS, (all, address) => {
        const copy = this.copyOf(hrefOf(address, base));
        return copy === null ? all : `url("${copy}")`;
      });
      if (now !== value) changes.push([name, now, style.getPropertyPriority(name)]);
    }
    return changes;
  }

  showInSheet(sheet, base) {
    const stack = [[sheet, base]];
    while (stack.length > 0) {
      const [holder, outer] = stack.pop();
      const at = holder.href ?? outer;
      let rules;
      try {
        rules = holder.cssRules;
      } catch {
        continue; // Nobody may read it.
      }
      for (const rule of rules ?? []) {
        if (rule.styleSheet) stack.push([rule.styleSheet, at]);
        if (rule.cssRules?.length > 0) stack.push([rule, at]);
        if (rule.style) for (const [name, value, priority] of this.replaced(rule.style, at)) rule.style.setProperty(name, value, priority);
      }
    }
  }

  showInStyle(node) {
    const changes = this.replaced(node.style, dom.baseURI(node));
    if (changes.length === 0) return;
    const frame = {};
    for (const [name, value] of changes) frame[name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase())] = value;
    this.page.show(node, frame);
  }

  // Of pictures in rules nobody says that they could not be loaded: those that the page asked for are asked for once more.
  lookAtLoaded() {
    const { window } = this.page;
    const entries = window.performance?.getEntriesByType('resource') ?? [];
    const { seen } = this;
    this.seen = entries.length;
    let imported;
    if (this.isMixed) for (const address of this.pictures()) this.tryAgain(address);
    for (const { name, initiatorType, responseStatus: status = 0 } of entries.slice(seen)) {
      if (initiatorType !== 'css' || !/^https?:/.test(name) || this.missing.has(name)) continue;
      if (status >= 200 && status < 400 || OTHERS.test(new URL(name).pathname)) continue;
      if (this.hashes.has(name)) {
        this.isDue = true;
        continue;
      }
      // Not every browser, nor any of every file, says how it was answered. A style sheet that another one imports is no picture.
      imported ??= this.imported();
      if (imported.has(name)) continue;
      this.tryAgain(name);
    }
    if (this.isDue) this.settle();
  }

  tryAgain(address) {
    if (this.hashes.has(address) || this.missing.has(address) || this.tried.has(address) || this.tried.size >= MAX_ENTRIES) return;
    this.tried.add(address);
    // One of the page's own: it is under the page's policy.
    const picture = Object.assign(new this.page.window.Image(), { referrerPolicy: 'no-referrer' });
    picture.onerror = () => this.miss(address);
    picture.src = address;
  }

  // Addresses without TLS of pictures in rules, and in style attributes. What a page that came with TLS may not load leaves no entry.
  *pictures() {
    for (const root of this.roots()) {
      for (const node of dom.allIn(root, '[style*="url("]')) yield* withoutTls(dom.getAttribute(node, 'style'), dom.baseURI(node));
      for (const sheet of dom.sheetsOf(root)) yield* this.picturesIn(sheet, this.addressOf(sheet.ownerNode) ?? dom.baseURI(root));
    }
  }

  *picturesIn(sheet, base) {
    let rules = [];
    try {
      rules = sheet.cssRules;
    } catch {
      // Nobody may read it: its text comes when the customer's page is asked for it.
    }
    const isKnown = this.scanned.get(sheet) === rules.length;
    this.scanned.set(sheet, rules.length);
    const stack = [...rules];
    while (stack.length > 0) {
      const rule = stack.pop();
      if (rule.styleSheet) yield* this.picturesIn(rule.styleSheet, rule.styleSheet.href ?? base);
      if (isKnown) continue;
      stack.push(...(rule.cssRules ?? []));
      if (rule.selectorText !== undefined && rule.style) yield* withoutTls(rule.style.cssText, base);
    }
  }

  // Addresses of style sheets that are there as others import them; one without rules may not have come.
  imported() {
    const found = new Set();
    const stack = this.roots().flatMap((root) => [...dom.sheetsOf(root)]);
    while (stack.length > 0) {
      const sheet = stack.pop();
      let rules = [];
      try {
        rules = sheet.cssRules ?? [];
        if (rules.length === 0) continue;
      } catch {
        // Nobody may read it, but it is there.
      }
      found.add(sheet.href);
      for (const rule of rules) if (rule.styleSheet ?? null) stack.push(rule.styleSheet);
    }
    return found;
  }

  stop() {
    clearTimeout(this.timer);
    clearTimeout(this.looking);
    for (const { url } of this.copies.values()) if (url !== null) URL.revokeObjectURL(url);
  }
}

const isSheet = (link) => /(^|\s)stylesheet(\s|$)/i.test(dom.getAttribute(link, 'rel') ?? '');

function isReadable(sheet) {
  try {
    return sheet !== null && sheet.cssRules !== null;
  } catch {
    return false;
  }
}

function* withoutTls(text, base) {
  if (!text.includes('url(')) return;
  for (const [, address] of text.matchAll(/url\(\s*["']?([^"')]*)/g)) {
    const href = hrefOf(address.trim(), base);
    if (href.startsWith('http:')) yield href;
  }
}

function hrefOf(address, base) {
  try {
    return new URL(address, base).href;
  } catch {
    return address;
  }
}
