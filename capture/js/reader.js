// Reads nodes in bulk: numbers into one array, strings into one string, handed over in one call. The numbers are those
// of capture/src/facts.rs. What is read is stated as it is; what of it may leave the page is decided behind this.

import * as dom from './dom.js';
import { Ids } from './ids.js';
import { popoverLayer } from './layers.js';
import { shadowOf } from './roots.js';
import { KIND, heard, kindOf, outsideOf, reportDocument, stateOf } from './state.js';

const GONE = 1, RUN = 2, END = 3, KNOWN = 4, ELEMENT = 5, UP = 6, TEXT = 7, COMMENT = 8, INSTRUCTION = 9,
  DOCTYPE = 10, CONTENT = 11, SHADOW = 12, ATTR = 13, NO_ATTR = 14, DATA = 15, NAME = 16, MARKS = 17, WITHHELD = 18,
  SHEET = 19, RULE = 20, FRAME = 21, PICTURE = 22;

// In place of an id.
export const NONE = 0xffffffff;
const SECRET_MARK = 8, BLOCK_MARK = 4;
// The twins of these are in capture/src/privacy/names.rs.
const COMPLETED = /(^|\s)(cc-|(current|new)-password\b|one-time-code\b)/i;
const NAMED = /c(vc|vv|cv)|iban|(credit|debit)[\W_]*card|c(ard|c)[\W_]*(num|nr|exp)|passw|passphrase|pwd/i;
// The clock is looked at once in so many nodes.
const STEPS = 32;
const BLOCK_ATTR = 'data-cobrowse-block';
export const IGNORE_ATTR = 'data-cobrowse-ignore';

export class Reader {
  constructor(options) {
    this.options = options;
    this.selectors = options.selectors; // null where there are none
    this.ids = new Ids();
    this.ignored = new WeakSet(); // our overlay, and what `ignore` names
    this.ignoredNodes = []; // our own of them
    this.secrets = new WeakSet(); // fields that were once seen as secret
    this.controls = new Set(); // elements whose state is in no attribute
    this.customNames = new Set(); // names of custom elements told
    this.canvases = new Set(); // those told
    this.pictures = new Set(); // images that may have to be carried
    this.closed = new WeakSet(); // elements whose content is not read
    this.joined = new WeakSet(); // frames of another origin that say themselves what they hold
    this.words = new Uint32Array(1 << 14);
    this.names = new Map(); // key → number
    this.qualified = new Map(); // namespace and local name of an attribute → the name it was told by
    this.htmlNames = new Map();
    this.plainNames = new Map();
    this.kinds = []; // number of an element's name → KIND
    this.props = new Map();
    this.nameCount = 0;
    this.withScroll = false;
    this.deadline = Infinity; // of what is told in one go
    this.start();
  }

  // Begins a batch.
  start() {
    this.count = 0;
    this.text = '';
    this.units = 0;
    this.fresh = [];
    this.told = new Set();
    this.steps = 0;
    this.isCut = false;
    this.cuts = []; // where to go on in the next batch
  }

  grow(room) {
    const words = new Uint32Array(Math.max(this.words.length * 2, this.count + room));
    words.set(this.words);
    this.words = words;
  }

  string(text) {
    if (text.length > 0) {
      // Half a pair at either end would find its other half in the string beside it; alone it becomes U+FFFD.
      if ((text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800) text = text.slice(0, -1) + '\ufffd';
      if ((text.charCodeAt(0) & 0xfc00) === 0xdc00) text = '\ufffd' + text.slice(1);
    }
    this.words[this.count++] = text.length;
    this.units += text.length;
    this.text += text;
  }

  // Gives a name the next number. It is told at the head of the batch, before any fact.
  name(namespace, text) {
    const number = this.nameCount++;
    this.pendingNames ??= [];
    this.pendingNames.push(namespace, text);
    return number;
  }

  elementName(node) {
    const uri = dom.namespaceURI(node);
    const local = dom.localName(node);
    const prefix = dom.prefix(node);
    if (uri === dom.HTML && prefix === null) {
      let number = this.htmlNames.get(local);
      if (number === undefined) {
        number = this.name(1, unprefixed(local));
        this.htmlNames.set(local, number);
        this.kinds[number] = kindOf(local);
      }
      return number;
    }
    const qualified = prefix === null ? unprefixed(local) : prefix + ':' + local;
    return this.foreignName(uri, qualified, local === 'script' && uri in dom.NAMESPACES ? KIND.SCRIPT : KIND.INLINE);
  }

  foreignName(uri, qualified, kind) {
    const key = (uri ?? '') + ' ' + qualified;
    let number = this.names.get(key);
    if (number === undefined) {
      const namespace = uri === null ? 0 : dom.NAMESPACES[uri];
      number = namespace === undefined ? this.name(dom.OTHER, key) : this.name(namespace, qualified);
      this.names.set(key, number);
      this.kinds[number] = kind;
      this.qualified.set((uri ?? '') + ' ' + qualified.slice(qualified.indexOf(':') + 1), qualified);
    }
    return number;
  }

  prop(name) {
    let number = this.props.get(name);
    if (number === undefined) {
      number = this.name(dom.PROP, name);
      this.props.set(name, number);
    }
    return number;
  }

  // An attribute's name by its qualified name; `uri` is looked up only where it can be another than none.
  attrName(element, name) {
    if (name.includes(':') || name === 'xmlns') {
      const attribute = dom.getAttributeNode(element, name);
      const uri = attribute === null ? null : attribute.namespaceURI;
      if (uri !== null) return this.foreignName(uri, name, KIND.PLAIN);
    }
    return this.plainName(name);
  }

  plainName(name) {
    let number = this.plainNames.get(name);
    if (number === undefined) {
      number = this.name(0, name);
      if (!name.includes(':') && name !== 'xmlns') this.plainNames.set(name, number);
      else this.names.set(' ' + name, number);
    }
    return number;
  }

  // Remembers a password or card field as such; returns the type of an input.
  noteSecret(node, kind) {
    const type = kind === KIND.INPUT ? dom.inputType(node) : '';
    const is = (pattern, name) => pattern.test(dom.getAttribute(node, name) ?? '');
    if (type === 'password' || is(COMPLETED, 'autocomplete') || is(NAMED, 'name') || is(NAMED, 'id')) this.secrets.add(node);
    return type;
  }

  marks(element) {
    return (this.secrets.has(element) ? SECRET_MARK : 0) | (this.selectors?.marks(element) ?? 0);
  }

  // The page says that the element is to be ignored. It may be told already, as one that is blocked.
  noteIgnored(element) {
    this.ignored.add(element);
    this.onIgnored?.(element);
  }

  // Whether there is something below `root` that is known to be kept out.
  hasIgnored(root) {
    return this.ignoredNodes.some((node) => dom.contains(root, node));
  }

  isIgnored(node) {
    if (this.ignored.has(node)) return true;
    if (this.selectors?.isIgnoring && dom.nodeType(node) === dom.ELEMENT && this.selectors.isIgnored(node)) {
      this.ignored.add(node);
      return true;
    }
    return false;
  }

  next(node) {
    do node = dom.nextSibling(node); while (node !== null && this.isIgnored(node));
    return node;
  }

  previous(node) {
    do node = dom.previousSibling(node); while (node !== null && this.isIgnored(node));
    return node;
  }

  first(node) {
    node = dom.firstChild(node);
    return node !== null && this.isIgnored(node) ? this.next(node) : node;
  }

  // Tells a node and all that is below it, as far as time allows. Without recursion: a page may be deep.
  tell(top) {
    let node = top;
    for (;;) {
      const below = this.tellOne(node);
      if (this.isTimeUp()) return this.cutAt(top, node, below);
      if (below !== null) {
        node = below;
        continue;
      }
      for (;;) {
        if (node === top) return;
        const next = this.next(node);
        if (next !== null) {
          node = next;
          break;
        }
        node = dom.parentNode(node);
        if (this.count === this.words.length) this.grow(64);
        this.words[this.count++] = UP;
      }
    }
  }

  // Whether the batch is to end here. Asked once for each node.
  isTimeUp() {
    if (++this.steps >= STEPS) {
      this.steps = 0;
      if (performance.now() > this.deadline) this.isCut = true;
    }
    return this.isCut;
  }

  // Ends what is open, and notes at each level the first node that was not told: those beside it are found from there.
  cutAt(top, node, below) {
    if (this.count + 8 > this.words.length) this.grow(8);
    if (below !== null) {
      this.cuts.push(below);
      this.words[this.count++] = UP;
    }
    while (node !== top) {
      const next = this.next(node);
      if (next !== null) this.cuts.push(next);
      node = dom.parentNode(node);
      if (this.count === this.words.length) this.grow(64);
      this.words[this.count++] = UP;
    }
  }

  // Tells one node; returns its first child when there is one to go on with. An element without children is ended.
  tellOne(node) {
    if (this.count + 64 > this.words.length) this.grow(64);
    const id = this.ids.get(node);
    const words = this.words;
    if (id !== undefined) {
      words[this.count++] = KNOWN;
      words[this.count++] = id;
      this.told.add(id);
      this.steps -= 7 / 8; // A node that moves is told in no time.
      return null;
    }
    this.fresh.push(node);
    switch (dom.nodeType(node)) {
      case dom.ELEMENT:
        return this.tellElement(node);
      case dom.TEXT:
      case dom.CDATA:
        words[this.count++] = TEXT;
        this.string(dom.data(node));
        return null;
      case dom.COMMENT:
        words[this.count++] = COMMENT;
        this.string(dom.data(node));
        return null;
      case dom.INSTRUCTION:
        words[this.count++] = INSTRUCTION;
        this.string(dom.target(node) + ' ' + dom.data(node));
        return null;
      case dom.DOCTYPE:
        words[this.count++] = DOCTYPE;
        this.string([dom.doctypeName(node), dom.doctypePublic(node), dom.doctypeSystem(node)].join('\0'));
        return null;
      default:
        this.fresh.pop();
        return null;
    }
  }

  tellElement(node) {
    const name = this.elementName(node);
    const kind = this.kinds[name];
    let closed = kind === KIND.SCRIPT, isPopover = false;
    let marks = 0;
    if (kind === KIND.INPUT || kind === KIND.TEXTAREA || kind === KIND.SELECT) {
      closed = this.noteSecret(node, kind) === 'file';
    }
    if (this.selectors !== null || this.secrets.has(node)) {
      marks = this.marks(node);
      if (marks & BLOCK_MARK) closed = true;
    }
    this.words[this.count++] = ELEMENT;
    this.words[this.count++] = name;
    this.words[this.count++] = marks;
    const countAt = this.count++;
    let count = 0;
    const attrs = dom.getAttributeNames(node);
    if (this.count + 2 * attrs.length + 32 > this.words.length) this.grow(2 * attrs.length + 64);
    for (let i = 0; i < attrs.length; i++) {
      const attr = attrs[i];
      const value = dom.getAttribute(node, attr);
      if (value === null) {
        count += this.tellAttributeNodes(node, attr);
        continue;
      }
      if (attr === BLOCK_ATTR) closed = true;
      else if (attr === IGNORE_ATTR) {
        closed = true;
        this.noteIgnored(node);
      } else if (attr === 'popover') isPopover = true;
      else if (attr === 'src') this.notePicture(node, value);
      this.words[this.count++] = this.plainNames.get(attr) ?? this.attrName(node, attr);
      this.string(attr === 'value' ? heard(node, value) : value);
      count++;
    }
    if (kind !== KIND.PLAIN && kind <= KIND.MEDIA) {
      // Of what plays, events tell.
      if (kind !== KIND.MEDIA) this.controls.add(node);
      count += this.tellState(node, kind);
    }
    if (kind === KIND.CANVAS && !closed) this.noteCanvas(node);
    if (isPopover) {
      const layer = popoverLayer(node);
      if (layer !== null) count += this.tellProp('popover', layer);
    }
    if (kind === KIND.FRAME && !closed) {
      const outside = this.joined.has(node) ? null : outsideOf(node);
      if (outside !== null) count += this.tellProp('outside', outside);
    }
    if (closed) {
      this.closed.add(node);
      if (kind !== KIND.SCRIPT) {
        this.words[this.count++] = this.prop('blocked');
        this.string(sizeOf(node));
        count++;
      }
    } else if (this.withScroll && (kind === KIND.PLAIN || kind === KIND.SELECT || kind === KIND.TEXTAREA)) {
      const left = dom.scrollLeft(node), top = dom.scrollTop(node);
      if (left !== 0) count += this.tellProp('scrollLeft', String(left));
      if (top !== 0) count += this.tellProp('scrollTop', String(top));
    }
    this.words[countAt] = count;
    if (!closed) {
      const shadow = shadowOf(node);
      if (shadow !== null) this.tellShadow(shadow);
      if (kind === KIND.TEMPLATE) this.tellContent(dom.content(node));
      if (kind === KIND.FRAME) this.tellFrame(node);
      if (kind === KIND.STYLE) {
        const sheet = this.sheets?.ofNew(node);
        if (sheet) this.sheets.tell(sheet, {});
      }
      const first = this.first(node);
      if (first !== null) return first;
    }
    this.words[this.count++] = UP;
    return null;
  }

  // Names that `getAttribute` cannot find, as it lowers the case of what it looks for.
  tellAttributeNodes(node, name) {
    for (const attribute of dom.attributes(node)) {
      if (attribute.name === name) {
        this.words[this.count++] = this.foreignName(attribute.namespaceURI, name, KIND.PLAIN);
        this.string(attribute.value);
        return 1;
      }
    }
    return 0;
  }

  tellProp(name, value) {
    if (this.count + 64 > this.words.length) this.grow(64);
    this.words[this.count++] = this.prop(name);
    this.string(value);
    return 1;
  }

  tellState(node, kind) {
    let count = 0;
    stateOf(node, kind, (name, value) => {
      if (value !== null) count += this.tellProp(name, value);
    });
    return count;
  }

  // The document in a frame, if the page may look at it.
  tellFrame(node) {
    const document = dom.frameDocument(node);
    if (document === null) return;
    const props = [];
    reportDocument(document, (name, value) => value !== null && props.push(name, value));
    this.tellRoot(FRAME, document, props);
    this.onFrame?.(node, document);
  }

  tellShadow(shadow) {
    const props = [];
    if (shadow.mode === 'closed') props.push('closed', '1');
    if (shadow.delegatesFocus) props.push('delegatesFocus', '1');
    if (shadow.slotAssignment === 'manual') props.push('slotAssignment', 'manual');
    this.tellRoot(SHADOW, shadow, props);
    this.onShadow?.(shadow);
  }

  tellRoot(fact, root, props) {
    const adopted = this.sheets?.adoptedBy(root);
    if (adopted) props.push('adopted', adopted);
    if (this.count + 64 > this.words.length) this.grow(64);
    this.words[this.count++] = fact;
    this.words[this.count++] = props.length / 2;
    for (let i = 0; i < props.length; i += 2) this.tellProp(props[i], props[i + 1]);
    this.fresh.push(root);
    this.tellChildren(root);
  }

  // Of a template; Chromium's may have none, in a frame's document that is about to be another's.
  tellContent(content) {
    if (!content) return;
    this.words[this.count++] = CONTENT;
    this.fresh.push(content);
    this.tellChildren(content);
    this.onContent?.(content);
  }

  tellSheet(sheet, props, rules) {
    const entries = Object.entries(props).filter(([, value]) => value !== null);
    if (this.count + 8 > this.words.length) this.grow(8);
    this.words[this.count++] = SHEET;
    this.words[this.count++] = entries.length;
    for (const [name, value] of entries) this.tellProp(name, value);
    this.fresh.push(sheet);
    for (let i = 0; i < rules.length; i++) this.tellRule(rules[i]);
    if (this.count + 8 > this.words.length) this.grow(8);
    this.words[this.count++] = UP;
  }

  tellRule(rule) {
    if (this.count + 8 > this.words.length) this.grow(8);
    this.words[this.count++] = RULE;
    this.string(rule.cssText);
    this.fresh.push(rule);
  }

  tellChildren(parent) {
    for (let child = this.first(parent); child !== null; child = this.next(child)) {
      if (this.isCut) {
        this.cuts.push(child);
        break;
      }
      this.tell(child);
    }
    if (this.count + 64 > this.words.length) this.grow(64);
    this.words[this.count++] = UP;
  }

  // An image that only this browser can load.
  notePicture(node, address = dom.getAttribute(node, 'src')) {
    if (address?.startsWith('blob:')) this.pictures.add(node);
  }

  noteCanvas(node) {
    this.canvases.add(node);
    this.onCanvas?.(node);
  }

  // Facts about what has an id.

  gone(id) {
    if (this.count + 8 > this.words.length) this.grow(8);
    this.words[this.count++] = GONE;
    this.words[this.count++] = id;
  }

  withheld(id) {
    if (this.count + 8 > this.words.length) this.grow(8);
    this.words[this.count++] = WITHHELD;
    this.words[this.count++] = id;
  }

  beginRun(parent, before) {
    if (this.count + 8 > this.words.length) this.grow(8);
    this.words[this.count++] = RUN;
    this.words[this.count++] = parent;
    this.words[this.count++] = before ?? NONE;
  }

  endRun() {
    if (this.count + 8 > this.words.length) this.grow(8);
    this.words[this.count++] = END;
  }

  attr(id, name, value) {
    if (this.count + 8 > this.words.length) this.grow(8);
    this.words[this.count++] = value === null ? NO_ATTR : ATTR;
    this.words[this.count++] = id;
    this.words[this.count++] = name;
    if (value !== null) this.string(value);
  }

  picture(id, hash, value) {
    if (this.count + 8 > this.words.length) this.grow(8);
    this.words[this.count++] = PICTURE;
    this.words[this.count++] = id;
    this.string(hash);
    this.string(value);
  }

  data(id, data) {
    if (this.count + 8 > this.words.length) this.grow(8);
    this.words[this.count++] = DATA;
    this.words[this.count++] = id;
    this.string(data);
  }

  remark(id, marks) {
    if (this.count + 8 > this.words.length) this.grow(8);
    this.words[this.count++] = MARKS;
    this.words[this.count++] = id;
    this.words[this.count++] = marks;
  }

  // The batch: the names it is the first to use come first.
  finish() {
    const names = this.pendingNames;
    if (!names) return { words: this.words.subarray(0, this.count), text: this.text, units: this.units };
    this.pendingNames = undefined;
    const head = new Uint32Array(names.length * 1.5);
    let text = '', at = 0;
    for (let i = 0; i < names.length; i += 2) {
      head[at++] = NAME;
      head[at++] = names[i];
      head[at++] = names[i + 1].length;
      text += names[i + 1];
    }
    const words = new Uint32Array(at + this.count);
    words.set(head);
    words.set(this.words.subarray(0, this.count), at);
    return { words, text: text + this.text, units: text.length + this.units };
  }

  // After a frame: the ids of the nodes told, in the order in which they were told, then those freed: what was told below
  // something that went is gone with it.
  settle(freed, ids) {
    const fresh = this.fresh;
    for (let i = 0; i < fresh.length; i++) {
      const id = ids[i];
      if (id !== NONE) this.ids.set(fresh[i], id);
    }
    for (let i = 0; i < freed.length; i++) this.ids.free(freed[i]);
    if (freed.length > 1000) this.ids.trim();
  }

  // Forgets the ids of a node and all below it, so that it is told anew.
  forget(top) {
    let node = top;
    while (node !== null) {
      this.ids.delete(node);
      const isElement = dom.nodeType(node) === dom.ELEMENT;
      this.closed.delete(node);
      if (isElement && node.sheet) this.sheets?.forget(node.sheet);
      const inner = isElement ? [shadowOf(node), contentOf(node), isHtml(node) ? dom.frameDocument(node) : null] : [];
      for (const fragment of inner) if (fragment) this.forget(fragment);
      const first = dom.firstChild(node);
      if (first !== null) {
        node = first;
        continue;
      }
      while (node !== top && dom.nextSibling(node) === null) node = dom.parentNode(node);
      node = node === top ? null : dom.nextSibling(node);
    }
  }
}

// A parser makes names with a colon that separates nothing: on the wire they begin with one.
const unprefixed = (local) => (local.includes(':') ? ':' + local : local);

const isHtml = (node) => dom.namespaceURI(node) === dom.HTML;
const contentOf = (node) => (isHtml(node) && dom.localName(node) === 'template' ? dom.content(node) : null);

// An element's size in CSS pixels, for a box in its place.
export function sizeOf(node) {
  const { width, height } = dom.getBoundingClientRect(node);
  return Math.round(width * 100) / 100 + 'x' + Math.round(height * 100) / 100;
}
