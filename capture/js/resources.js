// Resources that the agent could not load by itself: pictures behind `blob:` addresses, those that an agent's page has said it
// could not load, fonts of the page's own origin, which a browser gives to no other, and those that scripts made. Each goes once,
// by the hash of its bytes, when there is time, within a budget.

import * as dom from './dom.js';

const MAX_BYTES = 1 << 20;
const MAX_TOTAL = 4 << 20;
// Each is a property of the document, a font two; a node holds 1,024.
const MAX_COUNT = 400;
const FONT_FACE = 5;

export class Resources {
  constructor(recorder, mode) {
    this.recorder = recorder;
    this.mode = mode;
    this.loaded = new Map(); // address → promise of { hash, value }, or of null
    this.forced = new Set(); // addresses that an agent's page could not load
    this.restart();
    this.bytes = 0;
    this.count = 0;
    this.names = 0; // of properties given so far
    this.kept = new WeakMap(); // font that a script made → promise of its bytes
    this.left = new Map(); // address → why it was not carried
    this.work = Promise.resolve();
  }

  restart() {
    this.pictures = new Map(); // element → the address told
    this.pending = []; // what is to be stated
    this.saidFonts = new Map(); // what is said of a font → its property; null while it is being loaded
    this.made = new Map(); // fonts that scripts made → what is said of them
    this.checked = null;
  }

  poll() {
    if (this.mode === 'reference') return;
    this.look();
    this.lookForFonts(this.recorder.page.document);
  }

  async flush() {
    if (this.mode !== 'reference') this.look();
    let work;
    do {
      work = this.work;
      await work;
    } while (work !== this.work);
  }

  // Whether an agent elsewhere could not load a picture.
  isClosed(url) {
    if (/^blob:/.test(url)) return true;
    if (/^data:/.test(url) || !/^http/.test(url)) return false;
    return this.mode === 'inline' || this.forced.has(url);
  }

  // Pictures that may be such: noted as they are told, or, where all are carried, every one.
  look() {
    const { changes, reader } = this.recorder;
    const selector = this.mode === 'inline' || this.forced.size > 0 ? 'img' : 'img[srcset*="blob:"],picture>img';
    for (const root of changes.roots) for (const node of dom.all(root, selector)) reader.pictures.add(node);
    for (const node of reader.pictures) {
      const url = node.currentSrc || node.src;
      if (url !== '' && !node.complete) continue; // It is looked at again.
      reader.pictures.delete(node);
      if (url === '' || this.pictures.get(node) === url || !this.isClosed(url)) continue;
      this.pictures.set(node, url);
      this.then(async () => {
        const loaded = await this.load(url, node);
        if (loaded !== null) this.pending.push({ node, url, ...loaded });
      });
    }
    this.lookAtUses();
    for (const node of this.pictures.keys()) {
      if (!node.isConnected) this.pictures.delete(node);
      else if (dom.localName(node) === 'use') continue;
      else if (!this.isClosed(node.currentSrc || node.src)) {
        this.pictures.delete(node);
        this.pending.push({ node, hash: null });
        this.recorder.schedule();
      }
    }
  }

  // Icons out of a file of the page's own: a browser gives them to no other origin.
  lookAtUses() {
    const { changes } = this.recorder;
    for (const root of changes.roots) {
      for (const node of dom.all(root, 'use')) {
        const url = fileOf(node);
        if (url === null || this.pictures.get(node) === url) continue;
        this.pictures.set(node, url);
        this.then(async () => {
          const loaded = await this.load(url, null);
          if (loaded !== null) this.pending.push({ node, url, ...loaded });
        });
      }
    }
  }

  then(run) {
    this.work = this.work.then(run).then(() => this.pending.length > 0 && this.recorder.schedule(), () => undefined);
  }

  // `type`: what it has to be.
  load(url, node, type) {
    let loading = this.loaded.get(url);
    if (loading === undefined) this.loaded.set(url, (loading = this.fetch(url, node, type)));
    return loading;
  }

  async fetch(url, node, type = /^(?!text\/html)/) {
    let blob;
    try {
      const response = await fetch(url, { cache: 'force-cache', credentials: 'same-origin' });
      if (!response.ok) throw new Error(String(response.status));
      blob = await response.blob();
      if (!type.test(blob.type)) throw new Error('found ' + blob.type);
    } catch (error) {
      // An address that was taken back is on the screen still.
      blob = node ? await drawn(node).catch(() => null) : null;
      if (blob === null) {
        this.left.set(url, String(error));
        return null;
      }
    }
    return this.keep(url, blob);
  }

  // Counts it, if there is room for it.
  async keep(url, blob) {
    if (blob.size > MAX_BYTES || this.bytes + blob.size > MAX_TOTAL) {
      this.left.set(url, 'too large: ' + blob.size + ' bytes');
      return null;
    }
    if (this.count >= MAX_COUNT) {
      this.left.set(url, 'too many: ' + MAX_COUNT + ' are carried');
      return null;
    }
    this.count++;
    this.bytes += blob.size;
    const digest = await hashOf(blob);
    return { hash: digest, value: await dataOf(blob) };
  }

  // Fonts that are in use and come from the page's own origin.
  lookForFonts(document) {
    const faces = document.fonts;
    if (!faces) return;
    const inUse = new Set(), unknown = new Map();
    for (const face of faces) {
      if (face.status !== 'loaded') continue;
      const key = keyOf(face.family, face.weight, face.style, face.unicodeRange);
      inUse.add(key);
      const source = this.recorder.faces?.sources.get(face);
      if (source === undefined) unknown.set(key, face);
      else if (!this.made.has(face)) this.lookAtFace(face, source);
    }
    for (const [face, said] of this.made) {
      if (faces.has(face)) continue;
      this.made.delete(face);
      this.pending.push({ font: null, property: this.saidFonts.get(said) });
      this.saidFonts.delete(said);
      this.recorder.schedule();
    }
    const key = [...inUse].join();
    if (key === this.checked) return;
    this.checked = key;
    this.closedSheets = 0;
    const adopted = this.recorder.changes.sheets.adopted.get(document) ?? [];
    for (const sheet of [...dom.styleSheets(document), ...adopted]) this.lookInSheet(sheet, inUse, unknown);
    // No rule says where they come from: they were made before anybody looked. Those of sheets that nobody may read look alike.
    if (this.closedSheets > 0) return;
    for (const { family } of unknown.values()) this.left.set('font ' + family, 'made before the session');
  }

  // A font that a script has made, of bytes or of an address.
  lookAtFace(face, source) {
    const said = JSON.stringify({ family: face.family, weight: face.weight, style: face.style, stretch: face.stretch, unicodeRange: face.unicodeRange });
    this.made.set(face, said);
    if (typeof source === 'string') {
      this.carryFont(said, urlsIn(source, location.href));
      return;
    }
    this.saidFonts.set(said, null);
    this.then(async () => {
      if (!this.kept.has(face)) this.kept.set(face, this.keep('font ' + face.family, new Blob([source], { type: 'font/sfnt' })));
      const loaded = await this.kept.get(face);
      if (loaded !== null) this.pending.push({ font: said, ...loaded });
    });
  }

  lookInSheet(sheet, inUse, unknown) {
    let rules;
    try {
      rules = sheet.cssRules;
    } catch {
      this.closedSheets++;
      return; // Another origin's: its fonts are for everybody, or for nobody.
    }
    for (const rule of rules) {
      if (rule.type === FONT_FACE) this.lookAtFont(rule, sheet, inUse, unknown);
      else if (rule.styleSheet) this.lookInSheet(rule.styleSheet, inUse, unknown);
      else if (rule.cssRules && rule.selectorText === undefined) this.lookInSheet({ cssRules: rule.cssRules, href: sheet.href, ownerNode: sheet.ownerNode }, inUse, unknown);
    }
  }

  lookAtFont({ style }, { href, ownerNode }, inUse, unknown) {
    const says = (name, otherwise) => style.getPropertyValue(name) || otherwise;
    const family = says('font-family', '');
    const [weight, slant, range, stretch] = [says('font-weight', 'normal'), says('font-style', 'normal'), says('unicode-range', 'U+0-10FFFF'), says('font-stretch', 'normal')];
    const key = keyOf(family, weight, slant, range);
    if (!inUse.has(key)) return;
    unknown.delete(key);
    const base = href ?? (ownerNode ? dom.baseURI(ownerNode) : location.href);
    this.carryFont(JSON.stringify({ family, weight, style: slant, stretch, unicodeRange: range }), urlsIn(says('src', ''), base));
  }

  carryFont(said, urls) {
    const url = urls.find((url) => performance.getEntriesByName(url).length > 0) ?? urls[0];
    if (url === undefined || /^data:/.test(url) || this.saidFonts.has(said)) return;
    if (new URL(url).origin !== location.origin && this.mode !== 'inline') return;
    this.saidFonts.set(said, null);
    this.then(async () => {
      const loaded = await this.load(url, null);
      if (loaded !== null) this.pending.push({ font: said, ...loaded });
    });
  }

  state(reader) {
    const pending = this.pending;
    this.pending = [];
    for (const { node, url, font, property, asset, hash, value } of pending) {
      if (font === null) {
        if (property) reader.attr(0, reader.prop(property), null);
        continue;
      }
      if (font !== undefined && this.saidFonts.has(font)) {
        const name = 'font ' + hash + ' ' + this.names++;
        this.saidFonts.set(font, name);
        reader.attr(0, reader.prop('resource ' + hash), value);
        reader.attr(0, reader.prop(name), font);
      }
      if (font !== undefined) continue;
      const id = reader.ids.find(node);
      if (asset !== undefined) {
        if (id === undefined || !this.recorder.engine.is_seen(id)) continue;
        reader.attr(0, reader.prop('resource ' + hash), value);
        reader.attr(0, reader.prop('asset ' + this.names++), hash + ' ' + asset);
        continue;
      }
      if (id === undefined) this.pictures.delete(node);
      else if (hash === null) reader.attr(id, reader.prop('picture'), null);
      else if (this.pictures.get(node) === url) reader.picture(id, hash, value);
    }
  }

  stats() {
    return { carried: this.bytes, notCarried: [...this.left].map(([url, reason]) => ({ url, reason })) };
  }

}

// The file that a `<use>` shows a part of, if it is of the page's origin and not the page itself.
export function fileOf(node) {
  const address = dom.getAttribute(node, 'href') ?? dom.getAttribute(node, 'xlink:href');
  if (address === null || address.startsWith('#')) return null;
  try {
    const url = new URL(address, dom.baseURI(node));
    url.hash = '';
    const isPage = url.href === dom.documentURL(dom.ownerDocument(node)).replace(/#.*/, '');
    return url.origin === location.origin && !isPage ? url.href : null;
  } catch {
    return null;
  }
}

const urlsIn = (text, base) => [...text.matchAll(/url\(\s*["']?([^"')]+)["']?\s*\)/g)].map(([, url]) => new URL(url, base).href);

const keyOf = (family, weight, style, range) =>
  [family.replace(/["']/g, ''), weight === 'normal' ? '400' : weight === 'bold' ? '700' : weight, style, range.replace(/\s/g, '').toUpperCase()].join('|');

async function drawn(node) {
  const canvas = new OffscreenCanvas(node.naturalWidth, node.naturalHeight);
  canvas.getContext('2d').drawImage(node, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}

// The first half of SHA-256 where there is one (a page with TLS), otherwise something as long.
async function hashOf(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (window.crypto.subtle) {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return hex(digest.subarray(0, 16));
  }
  const hash = new Uint32Array([1, 2, 3, 4]);
  for (let i = 0; i < bytes.length; i++) hash[i & 3] = Math.imul(hash[i & 3] ^ bytes[i] ^ (i << 8), 0x9e3779b1) ^ (hash[(i + 1) & 3] >>> 13);
  return hex(new Uint8Array(hash.buffer));
}

const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

// Type and bytes as in a `data:` address, behind the scheme.
export const dataOf = (blob) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice('data:'.length));
    reader.onerror = () => reject(reader.error);
    // A type's parameters are of no use.
    reader.readAsDataURL(blob.type.includes(';') ? new Blob([blob], { type: blob.type.split(';')[0] }) : blob);
  });
