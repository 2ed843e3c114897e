// Reads a whole page by its markup: the browser's own serialiser says most of it in one string, and a walk that asks
// each node for its type and length tells what the string does not. The other half is capture/src/markup.rs; where the
// two do not agree, the page is read node by node.

import * as dom from './dom.js';
import { handOver } from './recorder.js';
import { sizeOf } from './reader.js';
import { KIND, kindOf, stateOf } from './state.js';

const TEXT = 1, COMMENT = 2, SKIP = 3, FOREIGN = { 'http://www.w3.org/2000/svg': 4, 'http://www.w3.org/1998/Math/MathML': 5 }, BITS = 3;
const HOST = 1, STATE = 2, CLOSED = 4, TEMPLATE = 8, SCROLL = 16, NAMESPACE = 32, IS = 64,
  INTEREST_BITS = 7;

// HTML standard, §13.2.6.1, "adjust foreign attributes".
const ADJUSTED = [
  [/^xlink:(actuate|arcrole|href|role|show|title|type)$/, 'http://www.w3.org/1999/xlink'],
  [/^xml:(lang|space)$/, 'http://www.w3.org/XML/1998/namespace'],
  [/^xmlns(:xlink)?$/, 'http://www.w3.org/2000/xmlns/'],
];

// The page's nodes in tree order, and their shape; null where markup cannot tell this page.
function walk(document, root, reader, changes) {
  const html = dom.outerHTML(root);
  const { options } = reader;
  const foreign = dom.byTagNS(document, dom.HTML, '*').length !== dom.byTagNS(document, '*', '*').length;
  const templates = dom.all(document, 'template').length > 0;
  const ignoring = Boolean(options.ignore) || reader.hasIgnored(root);
  const marking = Boolean(options.mask || options.unmask || options.block);
  const careful = foreign || templates || ignoring || marking;
  const walker = dom.createTreeWalker(document, root);
  const nodes = [], contents = [], late = [];
  let shape = new Uint32Array(1 << 15), count = 0;
  let node = root;
  while (node !== null) {
    if (count === shape.length) {
      const grown = new Uint32Array(count * 2);
      grown.set(shape);
      shape = grown;
    }
    const type = dom.nodeType(node);
    if (type === dom.ELEMENT) {
      let marks = 0, kind = 0;
      if (careful) {
        const uri = foreign ? dom.namespaceURI(node) : dom.HTML;
        if (uri !== dom.HTML) kind = dom.localName(node).includes(':') || dom.prefix(node) !== null ? SKIP : FOREIGN[uri] ?? SKIP;
        const isIgnored = ignoring && reader.isIgnored(node);
        if (kind === SKIP || isIgnored) {
          if (node === root) return null;
          if (!isIgnored) late.push(node); // Told node by node.
          shape[count++] = dom.outerHTML(node).length << BITS | SKIP;
          node = nextOutside(walker, root);
          continue;
        }
        if (marking) marks = reader.marks(node);
        if (templates && kind === 0 && dom.localName(node) === 'template') contents.push(dom.innerHTML(node).length);
      }
      shape[count++] = marks << BITS | kind;
      nodes.push(node);
    } else {
      const length = type === dom.TEXT || type === dom.COMMENT ? dom.dataLength(node) : -1;
      if (length < 0) return null;
      if (length === 0 && type === dom.TEXT) late.push(node); // Markup does not show where it is.
      else {
        shape[count++] = length << BITS | (type === dom.TEXT ? TEXT : COMMENT);
        nodes.push(node);
      }
    }
    node = dom.nextNode(walker);
  }
  for (const node of late) changes.touched.add(node);
  return { html, nodes, shape: shape.subarray(0, count), contents };
}

function nextOutside(walker, root) {
  for (;;) {
    const next = dom.walkerSibling(walker);
    if (next !== null) return next;
    const parent = dom.walkerParent(walker);
    if (parent === null || parent === root) return null;
  }
}

// Reads the page into a new engine; false where that cannot be done, and the engine is to be thrown away.
export function readMarkup({ page, wasm, engine, reader, changes }) {
  const root = dom.documentElement(page.document);
  if (!root || dom.namespaceURI(root) !== dom.HTML || dom.contentType(page.document) !== 'text/html') return false;
  const walked = walk(page.document, root, reader, changes);
  if (walked === null) return false;
  const { html, nodes, shape, contents } = walked;
  let interests;
  try {
    const words = new Uint32Array(shape.length + contents.length);
    words.set(shape);
    words.set(contents, shape.length);
    const bytes = handOver(wasm, engine, words, html, html.length);
    interests = engine.markup(shape.length, contents.length, bytes, html.length);
  } catch {
    return false;
  }
  for (const entry of interests) {
    if (entry & NAMESPACE && !isParsed(nodes[entry >>> INTEREST_BITS])) return false;
    if (entry & IS && dom.getAttribute(nodes[entry >>> INTEREST_BITS], 'is') === null) return false;
  }
  reader.start();
  reader.fresh = nodes;
  reader.settle([], engine.fresh());
  engine.settle();
  reader.start();
  stateInterests(nodes, interests, reader, changes);
  return true;
}

// Whether each attribute is in the namespace that a parser puts it in.
function isParsed(node) {
  const isForeign = dom.namespaceURI(node) !== dom.HTML;
  for (const { name, namespaceURI } of dom.attributes(node)) {
    const [, namespace = null] = isForeign ? ADJUSTED.find(([names]) => names.test(name)) ?? [] : [];
    if (namespaceURI !== namespace) return false;
  }
  return true;
}

// What markup leaves out.
function stateInterests(nodes, interests, reader, changes) {
  for (const entry of interests) {
    const node = nodes[entry >>> INTEREST_BITS];
    const id = reader.ids.get(node);
    if (entry & HOST && dom.shadowRoot(node) !== null) changes.hosts.add(node);
    if (entry & STATE) noteState(node, id, reader);
    if (entry & CLOSED) {
      reader.closed.add(node);
      if (id !== undefined && dom.localName(node) !== 'script') {
        reader.attr(id, reader.prop('blocked'), sizeOf(node));
        changes.sizes.observe(node);
      }
    }
    if (id === undefined) continue;
    if (entry & TEMPLATE) {
      const first = reader.first(node);
      reader.beginRun(id, first === null ? null : reader.ids.get(first));
      reader.tellContent(dom.content(node));
      reader.endRun();
    }
    if (entry & SCROLL) {
      const left = dom.scrollLeft(node), top = dom.scrollTop(node);
      if (left !== 0) reader.attr(id, reader.prop('scrollLeft'), String(left));
      if (top !== 0) reader.attr(id, reader.prop('scrollTop'), String(top));
    }
  }
}

function noteState(node, id, reader) {
  const kind = kindOf(dom.localName(node));
  if (kind === KIND.INPUT || kind === KIND.TEXTAREA || kind === KIND.SELECT) reader.noteSecret(node, kind);
  if (id === undefined) return;
  reader.controls.add(node);
  stateOf(node, kind, (name, value) => {
    if (value !== null) reader.attr(id, reader.prop(name), value);
  });
  if (kind !== KIND.STYLE) return;
  const sheet = reader.sheets.ofNew(node);
  if (sheet !== null) reader.sheets.dirty.add(sheet);
}
