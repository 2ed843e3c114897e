// Style sheets whose rules are not what text or address say. Rules are set through the object model: the document's
// nodes stay as the page has them.

import * as dom from './dom.js';
import { FrameNode } from './frames.js';

// A rule of a sheet; `live` while the browser has taken it.
export class RuleNode {
  constructor(sheet, text) {
    this.sheet = sheet;
    this.text = text;
    this.live = false;
  }

  moveTo(sheet, before) {
    this.sheet.remove(this);
    this.sheet = sheet;
    sheet.insert(this, before);
  }
}

// The sheet of a `<style>` or `<link>`, or, without an owner, a constructed one.
export class SheetNode {
  constructor(owner, page) {
    this.owner = owner;
    this.page = page;
    this.rules = [];
    this.absent = 0; // rules that the browser does not have, as it does not take them or the sheet is not there yet
    this.live = null; // the browser's sheet whose rules are these
    this.media = '';
    this.disabled = false;
    this.number = null;
  }

  insert(rule, before) {
    const index = before === null ? this.rules.length : this.rules.indexOf(before);
    this.rules.splice(index, 0, rule);
    this.absent++;
    this.insertLive(rule, index);
  }

  insertLive(rule, index) {
    if (this.live === null) return;
    try {
      this.live.insertRule(this.absolute(rule.text), this.absent === 1 ? index : this.countLive(index));
      rule.live = true;
      this.absent--;
    } catch {
      // A rule of another browser's own.
    }
  }

  deleteLive(rule, index) {
    if (!rule.live) return;
    this.live.deleteRule(this.absent === 0 ? index : this.countLive(index));
    rule.live = false;
    this.absent++;
  }

  // How many rules before this one the browser has.
  countLive(index) {
    let count = 0;
    for (let i = 0; i < index; i++) if (this.rules[i].live) count++;
    return count;
  }

  remove(rule) {
    const index = this.rules.indexOf(rule);
    if (index < 0) return;
    this.deleteLive(rule, index);
    this.rules.splice(index, 1);
    this.absent--;
  }

  set(rule, text) {
    const index = this.rules.indexOf(rule);
    this.deleteLive(rule, index);
    rule.text = text;
    this.insertLive(rule, index);
  }

  // Gives all rules to a sheet of the browser's.
  fill(live) {
    while (live.cssRules.length > 0) live.deleteRule(live.cssRules.length - 1);
    this.live = live;
    this.absent = this.rules.length;
    let at = 0;
    for (const rule of this.rules) {
      try {
        live.insertRule(this.absolute(rule.text), at);
        rule.live = true;
        this.absent--;
        at++;
      } catch {
        rule.live = false;
      }
    }
  }

  absolute(text) {
    const { assets, document } = this.page;
    if (assets.hashes.size > 0) return assets.rewritten(text, assets.addressOf(this.owner) ?? this.base ?? dom.baseURI(this.owner ?? document));
    return this.base ? absoluteCss(text, this.base) : text;
  }
}

export class Sheets {
  constructor(page) {
    this.page = page;
    this.owned = new Set(); // SheetNodes of elements
    this.numbered = new Map(); // number → SheetNode, constructed
    this.adopted = new Map(); // root → its numbers
    this.roots = new Set(); // roots whose list is to be set
    this.given = new Map(); // element to whose sheet scripts gave media, or which they disabled → the sheet that has them
    this.styles = new Map(); // style element → the sheet in which addresses were made absolute
  }

  create(owner) {
    const isElement = owner !== null && dom.nodeType(owner) === 1;
    const sheet = new SheetNode(isElement ? owner : null, this.page);
    sheet.frame = this.page.frame ?? this.page.frames.around(owner);
    sheet.base = sheet.frame?.base ?? this.page.base;
    if (isElement) this.owned.add(sheet);
    return sheet;
  }

  setProp(sheet, name, value) {
    if (name === 'sheet') {
      sheet.number = value;
      this.numbered.set(value, sheet);
      for (const [root, numbers] of this.adopted) if (numbers.includes(value)) this.roots.add(root);
      return;
    }
    if (name === 'media') sheet.media = value ?? '';
    if (name === 'disabled') sheet.disabled = value === '1';
    if (sheet.live !== null) this.show(sheet);
  }

  show(sheet) {
    if (sheet.live.media.mediaText !== sheet.media) sheet.live.media.mediaText = sheet.media;
    sheet.live.disabled = sheet.disabled;
  }

  // What scripts gave to an element's sheet has changed. A sheet in its place, as when the element was moved, gets it, too.
  give(element) {
    this.given.set(element, undefined);
  }

  settleGiven() {
    for (const [element, had] of this.given) {
      const { sheet } = element;
      if (!sheet || sheet === had) continue;
      const props = this.page.state.get(element);
      sheet.disabled = props.get('disabled') === '1';
      sheet.media.mediaText = props.get('media') ?? dom.getAttribute(element, 'media') ?? '';
      if (props.has('disabled') || props.has('media')) this.given.set(element, sheet);
      else this.given.delete(element);
    }
  }

  // `root`: a document, a shadow root, or a frame.
  adopt(root, value) {
    if (value === null) this.adopted.delete(root);
    else this.adopted.set(root, value.split(' '));
    this.roots.add(root);
  }

  // A node that the page no longer has.
  forget(sheet) {
    this.owned.delete(sheet);
    if (sheet.number !== null && this.numbered.get(sheet.number) === sheet) this.numbered.delete(sheet.number);
  }

  // The element's own text or address counts again.
  release(sheet) {
    this.forget(sheet);
    const { owner, live } = sheet;
    if (owner === null || live === null || owner.sheet !== live) return;
    const text = dom.firstChild(owner);
    if (text !== null && dom.nodeType(text) === 3) text.data = text.data;
    else while (live.cssRules.length > 0) live.deleteRule(0);
  }

  // Once a frame is in place: sheets that the browser has read anew get their rules, and roots their lists.
  settle() {
    this.settleGiven();
    for (const sheet of this.owned) {
      const live = sheet.owner.sheet;
      if (live && live !== sheet.live) this.take(sheet, live);
    }
    for (const sheet of this.numbered.values()) {
      if (sheet.live !== null) continue;
      // A sheet can be adopted only where it was constructed.
      const window = sheet.frame === undefined ? this.page.window : sheet.frame.window;
      if (window === null) continue;
      sheet.fill(new window.CSSStyleSheet());
      this.show(sheet);
    }
    for (const root of this.roots) {
      const sheets = (this.adopted.get(root) ?? []).map((number) => this.numbered.get(number)?.live).filter(Boolean);
      try {
        dom.adoptSheets(root instanceof FrameNode ? root.document : root, sheets);
      } catch {
        // A fragment in place of a shadow root that the element cannot have here.
      }
    }
    this.roots.clear();
    if (this.page.base !== null) this.makeAbsolute(this.page.document, this.page.base);
    for (const { document, base, window } of this.page.frames.all) if (window !== null && base !== null) this.makeAbsolute(document, base);
  }

  // Roots that have come into this document have adopted nothing.
  moved(document) {
    for (const root of this.adopted.keys()) {
      const home = root instanceof FrameNode ? root.document : dom.ownerDocument(root) ?? root;
      if (home === document) this.roots.add(root);
    }
    for (const sheet of this.numbered.values()) if (sheet.frame?.document === document) sheet.live = null;
  }

  take(sheet, live) {
    try {
      sheet.fill(live);
    } catch {
      sheet.live = null; // A linked sheet that nobody may read from here.
    }
  }

  // In a document whose base is not the page's, addresses in the text of style elements lead elsewhere.
  makeAbsolute(document, base) {
    for (const style of dom.byTag(document, 'style')) {
      const { sheet } = style;
      if (!sheet || this.styles.get(style) === sheet) continue;
      this.styles.set(style, sheet);
      for (let i = 0; i < sheet.cssRules.length; i++) {
        const text = sheet.cssRules[i].cssText;
        const absolute = absoluteCss(text, base);
        if (absolute === text) continue;
        sheet.deleteRule(i);
        sheet.insertRule(absolute, i);
      }
    }
  }
}

// CSS text with its addresses made absolute.
export function absoluteCss(text, base) {
  return text.replace(/url\((['"]?)(?!#|data:)([^'")]+)\1\)/g, (all, quote, url) => {
    try {
      return `url("${new URL(url, base).href}")`;
    } catch {
      return all;
    }
  });
}
