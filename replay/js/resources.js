// What came with the stream as the agent could not load it: pictures and fonts, by the hash of their bytes.

import * as dom from './dom.js';

// In place of an image that waits: its attributes say its shape. One that could not be loaded here would have none, as a browser
// lets go of these attributes then.
function nothing(node) {
  const [width, height] = ['width', 'height'].map((name) => parseInt(dom.getAttribute(node, name), 10) || 0);
  return `url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='${width}' height='${height}'/%3E")`;
}
// What a `data:` address may hold behind its scheme, and nothing that ends it.
const BYTES = /^[\w.+-]+\/[\w.+-]+;base64,[A-Za-z0-9+/=]*$/;

export const isBytes = (text) => BYTES.test(text);

export class Resources {
  constructor(page) {
    this.page = page;
    this.bytes = new Map(); // hash → type and bytes, as in a `data:` address behind its scheme
    this.waiting = new Map(); // hash → elements that show it
    this.turns = new WeakMap(); // image → its last choice, while that is being loaded
    this.fonts = new Map(); // property of a font → what is said of it
    this.faces = new Map(); // the same → the font
    this.copies = new Map(); // hash → address of a copy
    this.work = Promise.resolve();
  }

  // A property of the document; false where it is none of these.
  setProp(name, value) {
    const [kind, hash] = name.split(' ');
    if (kind === 'font' && value === null) {
      dom.fontsOf(this.page.document).delete(this.faces.get(name));
      this.faces.delete(name);
      this.fonts.delete(name);
      return true;
    }
    if (hash === undefined || value === null) return false;
    if (kind === 'resource') {
      if (!isBytes(value)) return true;
      this.bytes.set(hash, value);
      for (const node of this.waiting.get(hash) ?? []) this.show(node);
      this.waiting.delete(hash);
    } else if (kind === 'font') {
      this.fonts.set(name, value);
    } else {
      return false;
    }
    for (const font of this.fonts.keys()) {
      if (!this.faces.has(font) && font.split(' ')[1] === hash && this.bytes.has(hash)) this.addFont(font, hash);
    }
    return true;
  }

  // The element shows what its properties say: bytes that came with the stream, or what the customer's browser has chosen of several
  // addresses; otherwise what its own address says.
  show(node) {
    const props = this.page.state.get(node);
    const hash = props?.get('picture');
    this.turns.delete(node);
    if (hash !== undefined && !this.bytes.has(hash)) {
      this.waiting.set(hash, [...(this.waiting.get(hash) ?? []), node]);
    } else if (dom.localName(node) === 'use') {
      if (hash !== undefined) this.showUse(node, hash);
    } else {
      const choice = props?.get('candidate');
      const [size, address] = (choice ?? '').split(' ');
      const url = hash === undefined ? addressOf(address) : 'data:' + this.bytes.get(hash);
      const isShown = hash === undefined && node.currentSrc === url && node.naturalWidth > 0;
      if (choice === '' && hash === undefined) this.page.show(node, { content: nothing(node) });
      else if (url === null || isShown) this.page.hide(node);
      else if (size === '') this.page.show(node, { content: `url("${url}")` });
      else this.work = Promise.all([this.work, this.choose(node, url, parseInt(size, 10))]);
    }
  }

  // A picture that is so wide in CSS pixels: it has as many of its own for each as the customer's screen asked for.
  async choose(node, url, width) {
    const turn = {};
    this.turns.set(node, turn);
    // One of the page's own: it is under the page's policy.
    const picture = Object.assign(new this.page.window.Image(), { referrerPolicy: 'no-referrer', src: url });
    await picture.decode().catch(() => undefined);
    if (this.turns.get(node) !== turn) return;
    if (picture.naturalWidth === 0) {
      this.page.assets.miss(url);
      return;
    }
    const density = picture.naturalWidth / width;
    const quoted = `url("${url.replace(/["\\]/g, '\\$&')}")`;
    this.page.show(node, { content: density === 1 ? quoted : `image-set(${quoted} ${density}x)` });
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

  // The element has loaded something by itself.
  loaded(node) {
    if (dom.localName(node) === 'img' && this.page.state.get(node)?.has('candidate')) this.show(node);
  }

  addFont(name, hash) {
    const { document, window } = this.page;
    try {
      const { family, ...descriptors } = JSON.parse(this.fonts.get(name));
      const [, base64] = this.bytes.get(hash).split(';base64,');
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const face = new window.FontFace(family.replace(/^["']|["']$/g, ''), bytes, descriptors);
      dom.fontsOf(document).add(face);
      this.faces.set(name, face);
      this.work = Promise.all([this.work, face.load().catch(() => undefined)]);
    } catch (error) {
      console.warn('cobrowse: a font that came with the stream cannot be used: ' + error.message);
    }
  }
}

// What may be shown as a picture; null for anything else.
function addressOf(text) {
  try {
    const { href, protocol } = new URL(text);
    return ['http:', 'https:', 'data:'].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}
