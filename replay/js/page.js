// The rebuilt page: carries out commands in the iframe's document. The numbers are those of replay/src/commands.rs.
// The document holds the page's nodes and nothing else; what is shown besides is shown by means that leave no trace in
// it (Web Animations), or outside of the iframe.

import { Assets } from './assets.js';
import * as dom from './dom.js';
import { Canvases } from './canvas.js';
import { Choices } from './choices.js';
import { Features } from './features.js';
import { FrameNode, Frames } from './frames.js';
import { HTML, createElement, createLeaf, retype, setAttribute, setValue } from './make.js';
import { Motion } from './motion.js';
import { Resources } from './resources.js';
import { States } from './states.js';
import { RuleNode, SheetNode, Sheets, absoluteCss } from './sheets.js';
import { once } from './waits.js';

const PLACE = 2, ELEMENT = 3, LEAF = 4, CONTENT = 5, SHADOW = 6, KNOWN = 7, UP = 8, END = 9, REMOVE = 10,
  ATTR = 11, NO_ATTR = 12, DATA = 13, SHEET = 14, FRAME = 15;
const NONE = 0xffffffff;
const PROP = 7, OTHER = 8;

const NAMESPACES = [
  null, HTML, 'http://www.w3.org/2000/svg', 'http://www.w3.org/1998/Math/MathML', 'http://www.w3.org/1999/xlink',
  'http://www.w3.org/XML/1998/namespace', 'http://www.w3.org/2000/xmlns/',
];

// Attributes that hold an address, for documents whose own base is not the page's.
const ADDRESSES = new Set(['src', 'href', 'poster', 'background', 'xlink:href']);

const DECODER = new TextDecoder();

const WHOLE = /^\s*(https?:\/\/|(?!https?:)[a-z][a-z0-9+.-]*:)/i;

// Not every browser animates `display`.
const UNSEEN = { display: 'none', position: 'absolute', visibility: 'hidden', width: '0', height: '0', overflow: 'hidden', pointerEvents: 'none' };

export class Page {
  // `clock()` gives the stream's time, `loading` is what may be loaded; `tell(addresses)` says what could not be loaded, `blocked(address)`
  // what was not asked for.
  constructor(document, window, clock, loading, tell, blocked) {
    this.document = document;
    this.window = window;
    this.loading = loading;
    this.blocked = blocked;
    this.nodes = [document];
    this.names = [];
    this.base = null; // set where addresses are to be made absolute here
    this.late = []; // what waits until the whole frame is in place
    this.state = new WeakMap(); // control → Map of properties that are not what the attributes say
    this.choices = new Choices(this.state);
    this.sheets = new Sheets(this);
    this.frames = new Frames(this);
    this.stateful = new Set(); // elements in the top layer, and those that play
    this.canvases = new Canvases(this);
    this.drawn = new Set(); // canvases with other pixels in this frame
    this.resources = new Resources(this);
    this.assets = new Assets(this, tell);
    this.states = new States(this);
    this.features = new Features(this);
    this.motion = new Motion(clock);
    this.lists = new Set(); // selects whose list is open
    this.frame = undefined; // the one that is being told
    this.roots = new WeakMap(); // host → shadow root, closed ones too
    this.shadows = new Set(); // all of these
    this.shown = new WeakMap(); // element → the animation that stands for something it has not by itself
    this.listenIn(document);
  }

  // Carries out one frame's commands.
  apply([nameWords, nameText, words, text], freed) {
    this.learn(nameWords, DECODER.decode(nameText));
    this.words = words;
    this.text = DECODER.decode(text);
    this.at = 0;
    this.textAt = 0;
    while (this.at < words.length) this.command();
    for (const id of freed) {
      const node = this.nodes[id];
      if (node instanceof SheetNode) this.sheets.forget(node);
      else if (node instanceof FrameNode) this.frames.all.delete(node);
      else {
        this.stateful.delete(node);
        this.motion.forget(node);
        this.shadows.delete(node);
        this.sheets.given.delete(node);
      }
      this.nodes[id] = undefined;
    }
    this.settle();
    const late = this.late;
    this.late = [];
    // In a single choice, what is no longer chosen comes before what is.
    late.sort((a, b) => a[0] - b[0]);
    for (const [, run] of late) run();
    this.choices.settle();
    for (const node of this.drawn) this.canvases.update(node, this.state.get(node));
    this.drawn.clear();
  }

  settle() {
    this.frames.settle();
    this.sheets.settle();
    this.assets.settle();
    this.features.settle();
  }

  // What elements load by themselves. These events leave neither frames nor shadow roots.
  listenIn(root) {
    const hear = (type, run) => root.addEventListener(type, ({ target }) => dom.nodeType(target) === 1 && run(target), true);
    hear('load', (target) => {
      this.resources.loaded(target);
      this.assets.loaded(target);
      // A linked sheet is there, or another in its place: what scripts made of it is made of this one.
      if (dom.localName(target) === 'link') this.sheets.settle();
    });
    hear('error', (target) => this.assets.failed(target));
    // What the policy forbids: of pictures in rules nothing else tells.
    root.addEventListener('securitypolicyviolation', ({ blockedURI }) => this.assets.refused(blockedURI));
  }

  // What other nodes can be below: of a frame, its document.
  nodeOf(id) {
    const node = this.nodes[id];
    return node instanceof FrameNode ? node.document : node;
  }

  learn(words, text) {
    for (let at = 0, textAt = 0; at < words.length; at += 4) {
      const number = words[at + 1], namespace = words[at + 2];
      const name = text.slice(textAt, (textAt += words[at + 3]));
      if (namespace === OTHER) {
        const space = name.lastIndexOf(' ');
        // An empty namespace is none.
        this.names[number] = { uri: name.slice(0, space) || null, name: name.slice(space + 1), prop: false };
      } else {
        this.names[number] = { uri: NAMESPACES[namespace] ?? null, name, prop: namespace === PROP };
      }
    }
  }

  string() {
    return this.text.slice(this.textAt, (this.textAt += this.words[this.at++]));
  }

  command() {
    const words = this.words;
    switch (words[this.at++]) {
      case PLACE:
        this.place();
        this.frame = undefined;
        break;
      case REMOVE: {
        const node = this.nodes[words[this.at++]];
        if (node instanceof RuleNode) node.sheet.remove(node);
        else if (node instanceof SheetNode) this.sheets.release(node);
        else if (node instanceof FrameNode) this.frames.release(node);
        else if (node) {
          this.choices.note(dom.parentNode(node));
          removeNode(node);
        }
        break;
      }
      case ATTR: {
        const node = this.nodes[words[this.at++]];
        const name = this.names[words[this.at++]];
        const value = this.string();
        if (node) this.setAttr(node, name, value);
        break;
      }
      case NO_ATTR: {
        const node = this.nodes[words[this.at++]];
        const name = this.names[words[this.at++]];
        if (node) this.removeAttr(node, name);
        break;
      }
      case DATA: {
        const node = this.nodes[words[this.at++]];
        const data = this.string();
        if (node instanceof RuleNode) node.sheet.set(node, data);
        else if (node) node.data = dom.nodeType(node) === 7 ? data.slice(data.indexOf(' ') + 1) : data;
        break;
      }
      default:
        throw new Error(`cobrowse: command ${words[this.at - 1]} at ${this.at - 1} is unknown`);
    }
  }

  // A run of rows. What is new is built apart and put in its place once it is complete.
  place() {
    const words = this.words;
    const parentId = words[this.at++], beforeId = words[this.at++];
    const before = beforeId === NONE ? null : this.nodes[beforeId];
    const parent = before instanceof RuleNode ? before.sheet : before ? dom.parentNode(before) : this.nodeOf(parentId);
    const isNode = parent && !(parent instanceof SheetNode);
    this.frame = isNode ? this.frames.around(parent) : undefined;
    if (isNode) this.choices.note(parent);
    const stack = [];
    let into = parent;
    for (;;) {
      switch (words[this.at++]) {
        case END:
          return;
        case UP: {
          const node = into;
          into = stack.pop();
          if (node === this.frame?.document) this.frame = this.frame.outer;
          if (node && !(node instanceof SheetNode) && dom.nodeType(node) === 1) {
            this.complete(node);
            if (stack.length === 0) {
              if (dom.nodeType(parent) === 9) this.makeRoom(parent, node);
              this.insert(parent, node, before);
            }
          }
          break;
        }
        case ELEMENT: {
          stack.push(into);
          const node = this.element();
          // Below a shadow root or a template's content, as anywhere below what is new, children go in at once.
          if (stack.length > 1) this.insert(into, node, null);
          into = node;
          break;
        }
        case LEAF: {
          const node = this.leaf(into);
          if (stack.length === 0 && !(parent instanceof SheetNode) && dom.nodeType(parent) === 9) this.makeRoom(parent, node);
          if (node instanceof RuleNode) node.sheet.insert(node, stack.length === 0 ? before : null);
          else if (node) this.insert(into, node, stack.length === 0 ? before : null);
          break;
        }
        case CONTENT: {
          stack.push(into);
          const id = words[this.at++];
          into = contentOf(into) ?? dom.createDocumentFragment(this.document);
          this.nodes[id] = into;
          break;
        }
        case SHADOW:
          stack.push(into);
          into = this.shadow(into);
          break;
        case FRAME:
          stack.push(into);
          into = this.innerDocument(into);
          break;
        case SHEET:
          stack.push(into);
          into = this.sheet(into);
          break;
        case KNOWN: {
          const node = this.nodes[words[this.at++]];
          const mark = stack.length === 0 ? before : null;
          if (node instanceof RuleNode) node.moveTo(into, mark);
          else if (node) this.insert(into, node, mark);
          break;
        }
        default:
          throw new Error(`cobrowse: row ${words[this.at - 1]} at ${this.at - 1} is unknown`);
      }
    }
  }

  // A page with a base of its own was put together before that was in its place: what was resolved then is resolved anew.
  rebase() {
    for (const node of dom.all(this.document, '[style*="url("], [src], [srcset], [poster], [background]')) {
      for (const name of ['style', 'src', 'srcset', 'poster', 'background']) {
        const value = dom.getAttribute(node, name);
        if (value === null || (name === 'style' && !value.includes('url('))) continue;
        dom.removeAttributeNS(node, null, name);
        setAttribute(node, null, name, value);
      }
    }
  }

  // Where a browser can move a node without removing it, what is in it keeps its state: documents in frames, what plays, what
  // is in the top layer. Nothing else is moved so: Chromium has crashed over a field among texts.
  insert(parent, node, before) {
    if (!parent) return;
    if (dom.move !== null && dom.isConnected(node) && dom.isConnected(parent) && this.holdsState(node)) {
      try {
        dom.move(parent, node, before);
        return;
      } catch {
        // Not every node can be moved that way.
      }
    }
    attempt(() => dom.insertBefore(parent, node, before));
  }

  holdsState(node) {
    for (const held of this.stateful) if (dom.includes(node, held)) return true;
    for (const { element } of this.frames.all) if (dom.includes(node, element)) return true;
    return false;
  }

  // A document has one doctype and one element: what takes their place goes in before they are told to go.
  makeRoom(document, node) {
    const type = node instanceof RuleNode ? 0 : dom.nodeType(node);
    if (type !== 1 && type !== 10) return;
    const root = dom.documentElement(document), doctype = dom.doctype(document);
    if (type === 10 && doctype !== null) removeNode(doctype);
    if (root !== null && root !== node && (type === 1 || this.isLeaving(root))) removeNode(root);
  }

  // Whether this frame removes the node.
  isLeaving(node) {
    const id = this.nodes.indexOf(node);
    const { words } = this;
    for (let at = words.length - 2; at >= this.at; at -= 2) {
      if (words[at] !== REMOVE) return false;
      if (words[at + 1] === id) return true;
    }
    return false;
  }

  element() {
    const words = this.words;
    const id = words[this.at++];
    const name = this.names[words[this.at++]];
    const node = createElement(this.document, name);
    this.nodes[id] = node;
    for (let count = words[this.at++]; count > 0; count--) {
      const attr = this.names[words[this.at++]];
      this.setAttr(node, attr, this.string());
    }
    return node;
  }

  leaf(parent) {
    const words = this.words;
    const id = words[this.at++], kind = words[this.at++];
    const data = this.string();
    const node = parent instanceof SheetNode ? new RuleNode(parent, data) : createLeaf(this.document, kind, data);
    this.nodes[id] = node;
    return node;
  }

  sheet(owner) {
    const words = this.words;
    const sheet = this.sheets.create(owner);
    this.nodes[words[this.at++]] = sheet;
    for (let count = words[this.at++]; count > 0; count--) {
      const { name } = this.names[words[this.at++]];
      this.sheets.setProp(sheet, name, this.string());
    }
    return sheet;
  }

  shadowOf(host) {
    return this.roots.get(host) ?? null;
  }

  // The document in a frame.
  innerDocument(owner) {
    const words = this.words;
    const frame = this.frames.create(owner);
    frame.outer = this.frame;
    this.nodes[words[this.at++]] = frame;
    for (let count = words[this.at++]; count > 0; count--) {
      const { name } = this.names[words[this.at++]];
      this.setProp(frame, name, this.string());
    }
    this.frame = frame;
    return frame.document;
  }

  shadow(host) {
    const words = this.words;
    const id = words[this.at++];
    const options = { mode: 'open' };
    let adopted = null;
    for (let count = words[this.at++]; count > 0; count--) {
      const { name } = this.names[words[this.at++]];
      const value = this.string();
      if (name === 'closed') options.mode = 'closed';
      if (name === 'delegatesFocus') options.delegatesFocus = true;
      if (name === 'slotAssignment') options.slotAssignment = value;
      if (name === 'adopted') adopted = value;
    }
    let root;
    try {
      root = this.shadowOf(host) ?? dom.attachShadow(host, options);
      this.roots.set(host, root);
      this.shadows.add(root);
      this.listenIn(root);
    } catch {
      root = dom.createDocumentFragment(this.document); // An element that can have none.
    }
    if (adopted !== null) this.sheets.adopt(root, adopted);
    this.nodes[id] = root;
    return root;
  }

  // An element whose attributes and children are there.
  complete(node) {
    if (dom.namespaceURI(node) !== HTML) return;
    const name = dom.localName(node);
    if (name === 'noscript') this.show(node, UNSEEN);
    if (name === 'select') this.choices.note(node);
    if (name === 'canvas' && !this.state.get(node)?.has('tiles')) this.late.push([3, () => this.canvases.show(node)]);
  }

  setAttr(node, { uri, name, prop }, value) {
    if (prop) {
      this.setProp(node, name, value);
      return;
    }
    const frame = this.frame ?? this.frames.around(node);
    const base = frame === undefined ? this.base : frame.base;
    if (base !== null) value = this.absolute(node, name, value, base, frame?.url ?? this.url);
    if (name === 'type' && uri === null && dom.localName(node) === 'input') retype(node, () => setAttribute(node, uri, name, value));
    else {
      const kept = this.loading.set(node, uri, name, value, base, this.document);
      if (kept !== null) this.assets.keptFrom(node, kept);
    }
    this.resync(node, name);
  }

  removeAttr(node, { uri, name, prop }) {
    if (prop) {
      this.setProp(node, name, null);
      return;
    }
    if (uri === null && name === 'type' && dom.localName(node) === 'input') retype(node, () => dom.removeAttributeNS(node, null, name));
    else this.loading.remove(node, uri, name);
    this.resync(node, name);
  }

  absolute(node, name, value, pageBase, url) {
    // None at all, or one that needs no base.
    if (value.trim() === '' || (name !== 'srcset' && name !== 'style' && WHOLE.test(value))) return value;
    try {
      // A base element is relative to the page's address, everything else to the base.
      const base = dom.localName(node) === 'base' ? url : pageBase;
      if (ADDRESSES.has(name) && !value.startsWith('#')) return new URL(value, base).href;
      if (name === 'srcset') {
        return value.replace(/(^|,\s+)(\S+)/g, (all, before, url) => before + new URL(url, base).href);
      }
      if (name === 'style') return absoluteCss(value, base);
    } catch {
      // No address: it stays as it is.
    }
    return value;
  }

  // Live state. It is set when the whole frame is in place: it depends on children, layout and the group.
  setProp(node, name, value) {
    if (node instanceof SheetNode) {
      this.sheets.setProp(node, name, value);
      return;
    }
    if (node instanceof FrameNode && name !== 'adopted') {
      node.setProp(name, value);
      return;
    }
    if (name === 'adopted') {
      this.sheets.adopt(node, value);
      return;
    }
    let props = this.state.get(node);
    if (props === undefined) this.state.set(node, (props = new Map()));
    const before = props.get(name);
    if (value === null) props.delete(name);
    else props.set(name, value);
    if (name === 'modal' || name === 'popover' || name === 'playback') {
      if (value === null) this.stateful.delete(node);
      else this.stateful.add(node);
    }
    if (node === this.document) {
      // All else of the page as a whole is the player's business.
      this.resources.setProp(name, value);
      this.assets.setProp(name, value);
      this.states.setProp(name, value);
      if (name === 'url') this.address = value;
      if (name === 'features') this.features.set(value);
      if (name === 'defined') this.late.push([0, () => this.define(value ?? '')]);
      if (name === 'selection') this.late.push([5, () => attempt(() => this.select(value))]);
      return;
    }
    switch (name) {
      case 'value':
        this.late.push([1, () => attempt(() => setValue(node, value))]);
        break;
      case 'checked': {
        const on = value === null ? node.defaultChecked : value === '1';
        this.late.push([on ? 2 : 1, () => (node.checked = value === null ? node.defaultChecked : on)]);
        break;
      }
      case 'selected': {
        this.choices.note(node);
        if (dom.localName(node) === 'select') {
          if (value === '0') this.late.push([3, () => attempt(() => (node.selectedIndex = -1))]);
          break;
        }
        const on = value === null ? node.defaultSelected : value === '1';
        this.late.push([on ? 2 : 1, () => (node.selected = on)]);
        break;
      }
      case 'open':
        if (value === null) this.lists.delete(node);
        else this.lists.add(node);
        break;
      case 'range':
        this.late.push([5, () => attempt(() => selectIn(node, value))]);
        break;
      case 'assigned':
        this.late.push([1, () => attempt(() => node.assign(...(value ?? '').split(' ').map((id) => this.nodes[id]).filter(Boolean)))]);
        break;
      case 'animations':
        this.late.push([6, () => attempt(() => this.motion.set(node, value))]);
        break;
      case 'indeterminate':
        this.late.push([1, () => (node.indeterminate = value === '1')]);
        break;
      case 'scrollLeft':
      case 'scrollTop':
        this.late.push([4, () => dom.scrolls[name].set(node, Number(value ?? 0))]);
        break;
      case 'modal':
        this.late.push([layer(value), () => attempt(() => setModal(node, value !== null, before))]);
        break;
      case 'popover':
        this.late.push([layer(value), () => attempt(() => setPopover(node, value !== null, before))]);
        break;
      case 'playback':
        this.late.push([3, () => play(node, value)]);
        break;
      case 'disabled':
      case 'media':
        this.sheets.give(node);
        break;
      case 'picture':
      case 'candidate':
        this.late.push([3, () => this.resources.show(node)]);
        break;
      case 'tiles':
        this.drawn.add(node);
        break;
      case 'outside':
        this.late.push([3, () => this.showOutside(node, value)]);
        break;
      case 'blocked': {
        const [width, height] = (value ?? '0x0').split('x');
        this.late.push([3, () => this.show(node, box(this.window, node, width + 'px', height + 'px'))]);
        break;
      }
      default:
        if (name.startsWith('tile ')) this.drawn.add(node);
    }
  }

  // A control that shows what its attributes say goes on doing so when they change.
  resync(node, attr) {
    if (attr === 'style' && this.assets.hashes.size > 0) this.assets.isDue = true;
    this.choices.noteAttribute(node, attr);
    const props = this.state.get(node);
    if (props === undefined) return;
    const local = dom.localName(node);
    const later = (run) => this.late.push([1, () => attempt(run)]);
    if (local === 'use' && /href$/.test(attr) && props.has('picture')) later(() => this.resources.show(node));
    if (local === 'img' && props.has('candidate')) later(() => this.resources.show(node));
    if (local !== 'input' && local !== 'option') return;
    if (local === 'input' && (attr === 'type' || (attr === 'value' && !props.has('value')))) later(() => setValue(node, props.get('value')));
    if (attr === 'checked' && !props.has('checked')) later(() => (node.checked = node.defaultChecked));
    if (attr === 'selected' && !props.has('selected')) later(() => (node.selected = node.defaultSelected));
  }

  // What the customer's page may not look at is a box that says so.
  showOutside(node, value) {
    if (value === null) {
      this.shown.get(node)?.cancel();
      return;
    }
    const [size, place] = value.split(' ');
    const [width, height] = size.split('x').map(Number);
    const text = place === '' ? 'Content that is not shared' : `Content from ${place.replace(/[^\w.:-]/g, '')} is not shared`;
    const label = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#eef1f6"/>` +
      `<text x="50%" y="50%" text-anchor="middle" dominant-baseline="middle" font-family="system-ui,sans-serif" font-size="13" fill="#44506a">${text}</text></svg>`;
    const frame = { backgroundImage: `url("data:image/svg+xml,${encodeURIComponent(label)}")`, backgroundRepeat: 'no-repeat', backgroundPosition: 'center' };
    if (!dom.FRAMES.has(dom.localName(node))) {
      const { display } = this.window.getComputedStyle(node);
      Object.assign(frame, { display: display === 'inline' ? 'inline-block' : display, boxSizing: 'border-box', width: width + 'px', height: height + 'px', overflow: 'hidden', textIndent: '-9999px' });
    }
    this.show(node, frame);
  }

  // Custom elements that the customer's page has defined match `:defined` here too. What defines them does nothing.
  define(names) {
    const { customElements, HTMLElement } = this.window;
    for (const name of names.split(' ').filter(Boolean)) {
      attempt(() => customElements.get(name) ?? customElements.define(name, class extends HTMLElement {}));
    }
  }

  select(value) {
    const selection = this.window.getSelection();
    if (value === null) {
      selection.removeAllRanges();
      return;
    }
    const [[from, at], [to, end]] = value.split(' ').map((place) => place.split(':').map(Number));
    selection.setBaseAndExtent(this.nodeOf(from), at, this.nodeOf(to), end);
  }

  // Style that is in no sheet and no attribute.
  hide(node) {
    this.shown.get(node)?.cancel();
  }

  show(node, frame) {
    this.hide(node);
    this.shown.set(node, dom.animate(node, frame, { duration: 0, fill: 'forwards' }));
  }
}

// What is selected in a field; by default the caret is behind the last letter.
function selectIn(field, value) {
  const [start, end, direction] = value === null ? [field.value.length, field.value.length, 'none'] : value.split(' ');
  field.setSelectionRange(Number(start), Number(end), direction);
}

// Puts a dialog into the top layer, or takes it out. `showModal` gives the focus to the dialog, which would take it from
// where the agent types; where nothing is displayed there is nothing to focus.
function setModal(node, modal, before) {
  // One that was open comes to the top when it is closed and opened again.
  if (modal && before !== undefined && node.matches(':modal')) setModal(node, false);
  if (modal === node.matches(':modal')) return;
  const open = node.open;
  if (modal) {
    if (!open) return;
    unseen(node, () => {
      node.open = false;
      node.showModal();
    });
  } else {
    node.open = true; // One that is not open cannot be closed, and would stay in the top layer.
    node.close();
    node.open = open;
  }
}

// The same for a popover.
function setPopover(node, open, before) {
  const { hidePopover, showPopover } = HTMLElement.prototype;
  const isOpen = node.matches(':popover-open');
  if (isOpen && (!open || before !== undefined)) hidePopover.call(node);
  if (open && !node.matches(':popover-open')) unseen(node, () => showPopover.call(node));
}

function unseen(node, run) {
  // Not every browser animates `display`.
  const hidden = dom.animate(node, { display: 'none', visibility: 'hidden' }, { duration: 0, fill: 'forwards' });
  try {
    run();
  } finally {
    hidden.cancel();
  }
}

// When an element goes into the top layer: behind those that went there before it.
const layer = (number) => 3 + Math.min(Number(number ?? 0), 1e6) / 2e6;

// A video or a sound goes on from where the customer's is, without a sound of its own.
function play(node, value) {
  told.set(node, value);
  if (value === null) return;
  const isLast = () => told.get(node) === value;
  const [paused, rate, , time] = value.split(' ').map(Number);
  const from = performance.now();
  const start = () => {
    const now = time + (paused ? 0 : ((performance.now() - from) / 1000) * rate);
    node.muted = true;
    node.playbackRate = rate;
    if (Math.abs(node.currentTime - now) > 0.3) node.currentTime = now;
    if (paused) node.pause();
    // What has just been moved may say no once; what has been paused since is left alone.
    else node.play().catch(() => isLast() && node.play().catch(() => isLast() && follow(node, time, rate, from)));
  };
  window.clearInterval(followed.get(node));
  if (node.readyState > 0) start();
  else once(node, 'loadedmetadata', () => node.readyState > 0 && (start(), true));
}

// Where a browser plays nothing unasked, the position moves on as if it did.
const FOLLOW_MS = 250;
const followed = new WeakMap(); // element → timer
const told = new WeakMap(); // element → what was told of it last

function follow(node, time, rate, from) {
  const timer = setInterval(() => {
    if (!dom.isConnected(node)) clearInterval(timer);
    else node.currentTime = time + ((performance.now() - from) / 1000) * rate;
  }, FOLLOW_MS);
  followed.set(node, timer);
}

function box(window, node, width, height) {
  const inline = /^inline/.test(window.getComputedStyle(node).display);
  const frame = { visibility: 'hidden', boxSizing: 'border-box', width, height, minWidth: width, minHeight: height };
  return inline ? { ...frame, display: 'inline-block' } : frame;
}

function attempt(run) {
  try {
    run();
  } catch {
    // A control that refuses the value shows none.
  }
}

function contentOf(node) {
  return node && dom.nodeType(node) === 1 && dom.localName(node) === 'template' ? dom.templateContent(node) : null;
}

function removeNode(node) {
  const parent = dom.parentNode(node);
  if (parent !== null) dom.removeChild(parent, node);
}
