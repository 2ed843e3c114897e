// Documents in frames of the rebuilt page. A frame has its document only while it is in the page: until then, and while
// it moves, the nodes are kept in a document that is not shown.

import * as dom from './dom.js';
import { DOCTYPES, clear, headOf } from './frame.js';

export class FrameNode {
  constructor(element, document) {
    this.element = element;
    this.document = document; // where its nodes are
    this.window = null;
    this.url = null;
    this.base = null; // what addresses in it are relative to
    this.mode = 'no-quirks';
    this.scroll = null; // where it has been scrolled to, once it has
    this.stale = false; // its document is to be opened anew
    this.outer = undefined; // the frame around it, while it is being told
  }

  // Where the customer has scrolled to: what is loaded or inserted may have moved it.
  showScroll() {
    const { window, scroll } = this;
    if (window === null || scroll === null) return;
    const { left, top } = scroll;
    if (Math.abs(window.scrollX - left) > 1 || Math.abs(window.scrollY - top) > 1) window.scrollTo({ left, top, behavior: 'instant' });
  }

  setProp(name, value) {
    if (name === 'scrollLeft') this.scroll = { top: 0, ...this.scroll, left: Number(value ?? 0) };
    if (name === 'scrollTop') this.scroll = { left: 0, ...this.scroll, top: Number(value ?? 0) };
    if (name === 'url') this.url = value;
    if (name === 'base') this.ownBase = value;
    if (name === 'mode' && value !== this.mode) {
      this.mode = value;
      this.stale = true; // A document has one mode for as long as it is open.
    }
    this.base = this.ownBase ?? this.url;
  }
}

const marginsOf = (document) => ['marginwidth', 'marginheight'].filter((name) => dom.body(document) !== null && dom.getAttribute(dom.body(document), name) !== null);

export class Frames {
  constructor(page) {
    this.page = page;
    this.all = new Set();
    this.of = new WeakMap(); // document → FrameNode
  }

  create(element) {
    const document = dom.createHTMLDocument(dom.implementation(this.page.document), '');
    clear(document);
    const frame = new FrameNode(element, document);
    this.all.add(frame);
    this.of.set(document, frame);
    return frame;
  }

  // The frame that a node is in; undefined for what is in none.
  around(node) {
    return this.all.size === 0 ? undefined : this.of.get(dom.nodeType(node) === 9 ? node : dom.ownerDocument(node));
  }

  // The page no longer shows this document: what comes next in the frame begins with nothing.
  release(frame) {
    this.all.delete(frame);
    clear(frame.document);
  }

  // Gives frames that are in the page their documents. Those further in come after those around them.
  settle() {
    for (const frame of this.all) {
      if (!dom.isConnected(frame.element)) continue;
      const document = dom.frameDocument(frame.element);
      if (document === null || document === frame.document && !frame.stale) continue;
      this.mount(frame, document);
    }
  }

  // The nodes of a document, in one that is not shown.
  kept(document) {
    const kept = dom.createHTMLDocument(dom.implementation(this.page.document), '');
    clear(kept);
    for (let node; (node = dom.firstChild(document)) !== null; ) dom.appendChild(kept, node);
    return kept;
  }

  mount(frame, document) {
    // A browser may load the empty document of a new frame once more; of the one written here it says the same.
    if (frame.window === null) frame.element.addEventListener('load', () => this.page.settle());
    const before = frame.document === document ? this.kept(document) : frame.document;
    frame.document = document;
    frame.stale = false;
    dom.openDocument(document);
    dom.write(document, DOCTYPES[frame.mode] + headOf(this.page.loading.policy));
    dom.closeDocument(document);
    this.page.listenIn(document);
    clear(document);
    const margins = marginsOf(before);
    for (let node; (node = dom.firstChild(before)) !== null; ) dom.appendChild(document, node);
    // Chromium gives a body in a frame the frame's margins, as attributes.
    for (const name of marginsOf(document)) if (!margins.includes(name)) dom.removeAttribute(dom.body(document), name);
    frame.window = frame.element.contentWindow;
    this.of.set(document, frame);
    this.page.sheets.moved(document);
  }
}
