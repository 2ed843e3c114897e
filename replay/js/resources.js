// What came with the stream as the agent could not load it: pictures and fonts, by the hash of their bytes.

import * as dom from './dom.js';

// What a `data:` address may hold behind its scheme, and nothing that ends it.
const BYTES = /^[\w.+-]+\/[\w.+-]+;base64,[A-Za-z0-9+/=]*$/;

export const isBytes = (text) => BYTES.test(text);

export class Resources {
  constructor(page) {
    this.page = page;
    this.bytes = new Map(); // hash → type and bytes, as in a `data:` address behind its scheme
    this.waiting = new Map(); // hash → elements that show it
    this.fonts = new Map(); // hash → what it is of
    this.copies = new Map(); // hash → address of a copy
    this.work = Promise.resolve();
  }

  // A property of the document; false where it is none of these.
  setProp(name, value) {
    const [kind, hash] = name.split(' ');
    if (hash === undefined || value === null) return false;
    if (kind === 'resource') {
      if (!isBytes(value)) return true;
      this.bytes.set(hash, value);
      for (const node of this.waiting.get(hash) ?? []) this.show(node, hash);
      this.waiting.delete(hash);
    } else if (kind === 'font') {
      this.fonts.set(hash, value);
    } else {
      return false;
    }
    if (this.fonts.has(hash) && this.bytes.has(hash)) this.addFont(hash);
    return true;
  }

  // The element shows this resource; null for what its own address says.
  setPicture(node, hash) {
    if (hash === null) this.page.hide(node);
    else if (this.bytes.has(hash)) this.show(node, hash);
    else this.waiting.set(hash, [...(this.waiting.get(hash) ?? []), node]);
  }

  show(node, hash) {
    if (dom.localName(node) === 'use') {
      this.showUse(node, hash);
      return;
    }
    this.page.show(node, { content: `url("data:${this.bytes.get(hash)}")` });
  }

  // A part of a file, by the address of a copy of it: of the file itself this origin's pages may show nothing.
  showUse(node, hash) {
    const { address, window } = this.page;
    if (!address || new URL(address).origin === location.origin) return;
    const part = /#.*$/.exec(dom.getAttribute(node, 'href') ?? dom.getAttribute(node, 'xlink:href') ?? '')?.[0] ?? '';
    let copy = this.copies.get(hash);
    if (copy === undefined) {
      const [type, base64] = this.bytes.get(hash).split(';base64,');
      if (type !== 'image/svg+xml') return;
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      this.copies.set(hash, (copy = window.URL.createObjectURL(new Blob([bytes], { type }))));
    }
    for (const name of ['href', 'xlink:href']) {
      const attribute = dom.getAttributeNode(node, name);
      if (attribute !== null) attribute.value = copy + part;
    }
  }

  addFont(hash) {
    const { document, window } = this.page;
    try {
      const { family, ...descriptors } = JSON.parse(this.fonts.get(hash));
      const [, base64] = this.bytes.get(hash).split(';base64,');
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const face = new window.FontFace(family.replace(/^["']|["']$/g, ''), bytes, descriptors);
      document.fonts.add(face);
      this.work = Promise.all([this.work, face.load().catch(() => undefined)]);
    } catch (error) {
      console.warn('cobrowse: a font that came with the stream cannot be used: ' + error.message);
    }
  }
}
