// Reads a whole page by its markup: the browser's own serialiser says most of it in one string. Where it says all, which
// is seen by counting, that is enough (capture/src/census.rs); otherwise a walk that asks each node for its type and
// length tells what the string does not (capture/src/markup.rs); where the two do not agree, the page is read node by
// node.

import * as dom from './dom.js';
import { handOver } from './recorder.js';
import { IGNORE_ATTR, NONE, sizeOf } from './reader.js';
import { noteOpen } from './layers.js';
import { playbackOf } from './media.js';
import { shadowOf } from './roots.js';
import { KIND, kindOf, stateOf } from './state.js';

const REST = 'iframe,frame,object,embed,canvas,video,audio,[popover],dialog[open],img[src^="blob:"]';
const MEDIA = /^(video|audio)$/;
const FRAMES = /^(iframe|frame|object|embed)$/;

const SVG = 'http://www.w3.org/2000/svg';
const MATHML = 'http://www.w3.org/1998/Math/MathML';
const TEXT = 1, COMMENT = 2, SKIP = 3, FOREIGN = { [SVG]: 4, [MATHML]: 5 }, BITS = 3;
const HOST = 1, STATE = 2, CLOSED = 4, TEMPLATE = 8, SCROLL = 16, NAMESPACE = 32, IS = 64, RAW = 128,
  IN_SVG = 256, FOREIGN_BITS = 256 | 512, INTEREST_BITS = 10;

// Elements without an end tag; what is below one is not in the markup. A comment there may be overlooked.
const HIDING = ':not(:empty):is(area,base,basefont,bgsound,br,col,embed,frame,hr,img,input,keygen,link,meta,param,source,track,wbr)';

// HTML standard, §13.2.6.1, "adjust foreign attributes".
const ADJUSTED = [
  [/^xlink:(actuate|arcrole|href|role|show|title|type)$/, 'http://www.w3.org/1999/xlink'],
  [/^xml:(lang|space)$/, 'http://www.w3.org/XML/1998/namespace'],
  [/^xmlns(:xlink)?$/, 'http://www.w3.org/2000/xmlns/'],
];

// The page's nodes in tree order, and their shape; null where markup cannot tell this page.
function walk(document, root, reader, changes) {
  const { selectors } = reader;
  const foreign = dom.byTagNS(document, dom.HTML, '*').length !== dom.byTagNS(document, '*', '*').length;
  const templates = dom.all(document, 'template').length > 0;
  const ignoring = Boolean(selectors?.isIgnoring) || reader.hasIgnored(root);
  const marking = Boolean(selectors?.isMarking);
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
  return { nodes, shape: shape.subarray(0, count), contents };
}

function nextOutside(walker, root) {
  for (;;) {
    const next = dom.walkerSibling(walker);
    if (next !== null) return next;
    const parent = dom.walkerParent(walker);
    if (parent === null || parent === root) return null;
  }
}

// The page's element and its markup; null where markup does not tell a page.
export function markupOf({ document }) {
  const root = dom.documentElement(document);
  if (!root || dom.namespaceURI(root) !== dom.HTML || dom.contentType(document) !== 'text/html') return null;
  return { root, html: dom.outerHTML(root) };
}

// Reads the page into a new engine; false where that cannot be done, and the engine is to be thrown away.
export function readMarkup({ page, wasm, engine, reader, changes }, { root, html }) {
  const walked = walk(page.document, root, reader, changes);
  if (walked === null) return false;
  const { nodes, shape, contents } = walked;
  const words = new Uint32Array(shape.length + contents.length);
  words.set(shape);
  words.set(contents, shape.length);
  const interests = taken(wasm, engine, words, html, (bytes) => engine.markup(shape.length, contents.length, bytes, html.length));
  if (interests === null || !isUsual(nodes, interests)) return false;
  reader.start();
  reader.fresh = nodes;
  reader.settle([], engine.fresh());
  engine.settle();
  reader.start();
  noteRest(page.document, changes);
  stateInterests(nodes, interests, reader, changes);
  return true;
}

// The same by counts alone. Markup runs texts side by side together and shows no empty ones, and what it could show in
// place of something else would be counted as more.
export function readCensus({ page, wasm, engine, reader, changes }, { root, html }) {
  const { document } = page;
  const { selectors } = reader;
  if (selectors?.isMarking || selectors?.isIgnoring || reader.hasIgnored(root) || !countsEachText() || dom.all(document, HIDING).length > 0) return false;
  const templates = [...dom.all(document, 'template')].map((node) => dom.innerHTML(node).length);
  const elements = dom.byTagNS(document, '*', '*');
  const texts = count(document, root, './/text()'), comments = count(document, root, './/comment()');
  const nodes = elements.length + texts + comments;
  const counted = taken(wasm, engine, templates, html, (bytes) => engine.census(templates.length, bytes, html.length, nodes));
  if (counted === null) return false;
  const [htmlCount, svgCount, mathmlCount] = counted;
  // That the others are in the namespaces they were taken to be in, they say themselves.
  const agrees = texts === counted[3] && comments === counted[4] && elements.length === htmlCount + svgCount + mathmlCount &&
    dom.byTagNS(document, dom.HTML, '*').length === htmlCount;
  const interests = counted.subarray(5);
  if (!agrees || !isUsual(elements, interests)) return false;
  engine.settle();
  reader.ids.begin(engine, root, engine.nodes() - 1); // The document is none of them.
  reader.start();
  noteRest(document, changes);
  stateInterests(elements, interests, reader, changes);
  return true;
}

// What is in frames is in no markup, nor is what plays or is open.
function noteRest(document, changes) {
  const { reader } = changes;
  const open = [];
  for (const node of dom.all(document, REST)) {
    const name = dom.localName(node);
    if (FRAMES.test(name)) changes.hosts.add(node);
    else if (name === 'img') reader.pictures.add(node);
    else if (name === 'canvas') {
      if (reader.ids.find(node) !== undefined) reader.noteCanvas(node);
    } else if (MEDIA.test(name)) {
      if (playbackOf(node) !== null) changes.states.add(node);
    } else open.push(node);
  }
  for (const node of noteOpen(document, open)) changes.states.add(node);
}

const count = (document, root, path) => dom.evaluate(document, 'count(' + path + ')', root, null, XPathResult.NUMBER_TYPE, null).numberValue;

// XPath knows no two texts side by side; browsers count each.
let isEachCounted;
function countsEachText() {
  if (isEachCounted === undefined) {
    const node = dom.createElement(document, 'p');
    dom.append(node, 'a', 'b', '');
    isEachCounted = count(document, node, './/text()') === 3;
  }
  return isEachCounted;
}

function taken(wasm, engine, words, html, take) {
  try {
    return take(handOver(wasm, engine, words, html, html.length));
  } catch {
    return null;
  }
}

// Whether what markup does not show of these elements is what a parser would have made of it.
function isUsual(nodes, interests) {
  for (let i = 0; i < interests.length; i += 2) {
    const entry = interests[i];
    if ((entry & (NAMESPACE | IS | RAW | FOREIGN_BITS)) === 0) continue;
    const node = nodes[entry >>> INTEREST_BITS];
    if (entry & FOREIGN_BITS && dom.namespaceURI(node) !== (entry & IN_SVG ? SVG : MATHML)) return false;
    if (entry & NAMESPACE && !isParsed(node)) return false;
    if (entry & IS && dom.getAttribute(node, 'is') === null) return false;
    if (entry & RAW && !holdsText(node)) return false;
  }
  return true;
}

// Whether there is one text in the element and nothing else.
function holdsText(node) {
  const first = dom.firstChild(node);
  return first !== null && dom.nodeType(first) === dom.TEXT && dom.nextSibling(first) === null;
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
  for (let i = 0; i < interests.length; i += 2) {
    const entry = interests[i];
    if ((entry & (HOST | STATE | CLOSED | TEMPLATE | SCROLL)) === 0) continue;
    const node = nodes[entry >>> INTEREST_BITS];
    const id = interests[i + 1] === NONE ? undefined : interests[i + 1];
    if (entry & HOST && shadowOf(node) !== null) changes.hosts.add(node);
    if (entry & STATE) noteState(node, id, reader);
    if (entry & CLOSED) {
      reader.closed.add(node);
      if (dom.getAttribute(node, IGNORE_ATTR) !== null) reader.noteIgnored(node);
      if (id !== undefined && dom.localName(node) !== 'script') {
        reader.attr(id, reader.prop('blocked'), sizeOf(node));
        changes.sizes.observe(node);
      }
    }
    if (id === undefined) continue;
    if (entry & TEMPLATE) {
      const first = reader.first(node);
      reader.beginRun(id, first === null ? null : reader.ids.find(first));
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
  reader.ids.set(node, id);
  reader.controls.add(node);
  stateOf(node, kind, (name, value) => {
    if (value !== null) reader.attr(id, reader.prop(name), value);
  });
  if (kind !== KIND.STYLE) return;
  const sheet = reader.sheets.ofNew(node);
  if (sheet !== null) reader.sheets.dirty.add(sheet);
}
