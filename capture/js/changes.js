// Notes what has changed since the last frame, and states it as facts when the frame is due. A record only marks what
// is to be looked at; what is said is what is true then.

import { Attrs } from './attrs.js';
import * as dom from './dom.js';
import { isPopover, noteOpened, popoverLayer } from './layers.js';
import { MEDIA_EVENTS } from './media.js';
import { Patches } from './patches.js';
import { noteRoot, shadowOf } from './roots.js';
import { IGNORE_ATTR, sizeOf } from './reader.js';
import { Sheets } from './sheets.js';
import { KIND, heard, outsideOf, reportDocument, stateOf } from './state.js';
import { stateDocument } from './whole.js';

// Attributes that decide what else may be said of an element: said first.
// The twin of this list is in capture/src/privacy.rs.
const DECIDING = new Set(['type', 'autocomplete', 'name', 'id', 'rel', ...['mask', 'unmask', 'block', 'deny', 'ignore'].map((name) => 'data-cobrowse-' + name)]);

const OBSERVED = { subtree: true, childList: true, attributes: true, characterData: true };

export class Changes {
  constructor(page, reader, schedule) {
    this.page = page;
    this.reader = reader;
    this.schedule = schedule;
    this.observer = new MutationObserver((records) => this.note(records));
    this.roots = new Set();
    this.listeners = [];
    this.marked = new Map(); // what selectors said of elements when last asked
    this.ignored = new Set(); // what they ignore
    this.contents = new Set(); // of templates
    this.hosts = new Set(); // elements that may have got a shadow root or another document
    this.frames = new Map(); // frame → the document that was told
    this.left = null; // documents that a frame had before, once there are any
    this.awaited = new Set(); // custom elements that may yet be defined
    this.over = { hover: null, active: null };
    this.patches = null; // once there are any: those of each window
    this.later = new Set(); // what was touched and waits for the next batch
    this.leaving = new Set(); // what is no longer in the page, and goes when all that came out of it has its place
    this.unmarked = true; // the options' selectors may match others than before
    this.clear();
    this.sheets = new Sheets(page, reader, {
      schedule,
      noteState: (node) => this.states.add(node),
    });
    reader.onShadow = (root) => this.observe(root);
    reader.onFrame = (node, document) => {
      this.frames.set(node, document);
      this.observe(document);
    };
    reader.onContent = (content) => {
      this.contents.add(content);
      this.observer.observe(content, OBSERVED);
    };
    reader.onIgnored = (node) => {
      this.noteTouched(node);
      this.schedule();
    };
  }

  clear() {
    this.touched = new Set();
    this.attrs = new Attrs();
    this.decides = false; // one of them is an attribute that decides
    this.texts = new Set();
    this.states = new Set();
    this.scrolled = new Set();
    this.resized = new Set();
    this.retold = [];
  }

  observe(root) {
    if (this.roots.has(root)) return;
    this.roots.add(root);
    this.observer.observe(root, OBSERVED);
    if (dom.nodeType(root) === dom.DOCUMENT) {
      this.listenIn(root);
      if (root === this.page.document) return;
      if (this.patches !== null) this.patchLater(root);
      this.sheets.verifyLater([...dom.all(root, 'style')]);
      return;
    }
    // What happens in a shadow tree and does not come out of it.
    this.listen(root, 'change', (event) => this.noteState(event));
    this.listen(root, 'scroll', (event) => this.noteScroll(event), true);
    this.listen(root, 'load', (event) => this.noteLoad(event), true);
  }

  connect() {
    const { document, window } = this.page;
    this.observe(document);
    for (const type of ['resize', 'hashchange', 'popstate']) this.listen(window, type, () => this.noteDocument());
    this.sizes = new ResizeObserver((entries) => {
      for (const entry of entries) this.resized.add(entry.target);
      this.schedule();
    });
  }

  listenIn(document) {
    for (const type of ['input', 'change', 'toggle', 'close', 'cancel', ...MEDIA_EVENTS]) {
      this.listen(document, type, (event) => this.noteState(event), true);
    }
    this.listen(document, 'reset', (event) => setTimeout(() => this.noteForm(event)), true);
    this.listen(document, 'scroll', (event) => this.noteScroll(event), true);
    this.listen(document, 'fullscreenchange', () => this.onTopLayer?.());
    for (const type of ['focusin', 'focusout', 'selectionchange']) this.listen(document, type, () => this.noteDocument(), true);
    this.listen(document, 'pointermove', (event) => this.notePointer(event), true);
    // What the pointer is over, and presses; a finger is over nothing.
    const over = (name, has) => (event) => {
      this.over[name] = has && (name === 'active' || event.pointerType !== 'touch') ? dom.composedPath(event)[0] : null;
      this.noteDocument();
    };
    this.listen(document, 'pointerover', over('hover', true), true);
    this.listen(document, 'pointerout', (event) => event.relatedTarget === null && over('hover', false)(event), true);
    this.listen(document, 'pointerdown', over('active', true), true);
    for (const type of ['pointerup', 'pointercancel']) this.listen(document, type, over('active', false), true);
    this.listen(document, 'load', (event) => this.noteLoad(event), true);
    this.listen(document, 'animationstart', (event) => this.onAnimated?.(event.target), true);
  }

  // For what no observer tells. Behind the first frame: a prototype that is changed makes the browser forget what it has
  // learnt of all that inherits from it.
  patchAll() {
    this.patches = [];
    this.patch(this.page.scope);
    for (const document of this.frames.values()) this.patchLater(document);
  }

  // A frame's, when there is time.
  patchLater(document) {
    whenIdle(() => {
      const scope = dom.defaultView(document); // It has none when the frame has moved on.
      if (scope === null || this.ended) return;
      this.patch(scope);
      // What its scripts have adopted until now nobody has told.
      for (const root of this.roots) if (root === document || dom.ownerDocument(root) === document) this.sheets.suspect(root);
    });
  }

  // In one window: a frame's has prototypes of its own.
  patch(scope) {
    this.sheets.patch(scope);
    const { Element } = scope;
    const patches = new Patches();
    this.patches.push(patches);
    patches.method(Element.prototype, 'animate', (node) => this.onAnimated?.(node));
    // No record tells of a shadow root that comes to an element in the page.
    const attached = (host, root) => {
      noteRoot(host, root);
      this.hosts.add(host);
      this.schedule();
    };
    patches.method(Element.prototype, 'attachShadow', attached);
    patches.method(scope.HTMLElement.prototype, 'attachInternals', (host, { shadowRoot }) => shadowRoot && attached(host, shadowRoot));
    const opened = (node) => {
      noteOpened(node);
      this.states.add(node);
      this.schedule();
    };
    patches.method(scope.HTMLDialogElement?.prototype, 'showModal', opened);
    patches.method(scope.HTMLElement.prototype, 'showPopover', opened);
    patches.method(scope.HTMLElement.prototype, 'togglePopover', (node, isOpen) => isOpen && opened(node));
    // The event of a script's scrolling comes with the next animation frame; the position is there at once.
    const scrolled = (node) => {
      const document = dom.ownerDocument(node);
      if (node === dom.documentElement(document) || node === dom.body(document)) this.noteScrolled(document);
      if (node !== dom.documentElement(document)) this.scrolled.add(node);
      this.schedule();
    };
    for (const name of ['scrollTop', 'scrollLeft']) patches.accessor(Element.prototype, name, { written: scrolled });
    for (const name of ['scroll', 'scrollTo', 'scrollBy']) {
      patches.method(Element.prototype, name, scrolled);
      patches.method(scope, name, () => this.noteScrolled(scope === this.page.scope ? this.page.document : scope.document));
    }
    patches.method(Element.prototype, 'scrollIntoView', (node) => {
      for (let at = dom.parentNode(node); at !== null; at = dom.parentNode(at)) {
        if (dom.nodeType(at) === dom.ELEMENT) scrolled(at);
      }
    });
  }

  disconnect() {
    this.ended = true;
    for (const patches of this.patches ?? []) patches.takeBack();
    this.sheets.disconnect();
    this.observer.disconnect();
    this.sizes?.disconnect();
    for (const [target, type, listener, options] of this.listeners) target.removeEventListener(type, listener, options);
    this.listeners = [];
    this.roots.clear();
  }

  listen(target, type, listener, capture = false) {
    const options = { capture, passive: true };
    EventTarget.prototype.addEventListener.call(target, type, listener, options);
    this.listeners.push([target, type, listener, options]);
  }

  // `document.open()` takes all listeners off the document and the window, and says so only by what it removes. One that
  // is still there is not added a second time.
  listenAgain() {
    for (const [target, type, listener, options] of this.listeners) {
      EventTarget.prototype.addEventListener.call(target, type, listener, options);
    }
  }

  note(records) {
    if (records.length === 0) return;
    const { touched, attrs, texts } = this;
    const { ids } = this.reader;
    try {
      ids.adopt(records);
    } catch (error) {
      this.lose(error);
    }
    const left = new Set();
    this.unmarked = true;
    for (let i = 0; i < records.length; i++) {
      const record = records[i];
      const target = record.target;
      switch (record.type) {
        case 'childList':
          this.cutRun = null;
          if (dom.nodeType(target) === dom.DOCUMENT) {
            this.listenAgain();
            this.noteScrolled(target); // It may have another mode.
          }
          for (const node of record.removedNodes) {
            touched.add(node);
            left.add(node);
          }
          for (const node of record.addedNodes) {
            touched.add(node);
            // It was away while nobody looked: what is below it may be other than it was.
            if (!left.has(node) && ids.has(node)) this.retell(ids.get(node));
          }
          // An option or a text gone changes what its control holds.
          if (this.holdsState(target)) this.states.add(target);
          break;
        case 'attributes': {
          const name = record.attributeName, uri = record.attributeNamespace;
          attrs.add(target, name, uri);
          if (DECIDING.has(name)) this.noteDeciding(target, name);
          if (name === 'open' && dom.localName(target) === 'dialog') this.onTopLayer?.(target);
          break;
        }
        default:
          texts.add(target);
      }
    }
    this.schedule();
  }

  // What is here and what the mirror has do not go together: the next frame begins anew.
  lose(error) {
    this.lost = error;
    this.schedule();
  }

  // A field that was secret once stays so, also when it is told anew.
  noteDeciding(node, name) {
    this.decides = true;
    if (name === IGNORE_ATTR) {
      if (dom.getAttribute(node, name) !== null) this.reader.ignored.add(node);
      else this.reader.ignored.delete(node);
      this.noteTouched(node);
    }
    const kind = this.kind(node);
    if (kind === KIND.INPUT || kind === KIND.TEXTAREA || kind === KIND.SELECT) this.reader.noteSecret(node, kind);
  }

  // Another place for a node than records tell of: its id is asked for while it is known where it was.
  noteTouched(node) {
    this.reader.ids.find(node);
    this.touched.add(node);
  }

  holdsState(node) {
    return dom.nodeType(node) === dom.ELEMENT && /^(select|textarea|optgroup)$/.test(dom.localName(node));
  }

  noteState(event) {
    const node = dom.composedPath(event)[0] ?? event.target;
    if (!node || node === this.page.window || dom.nodeType(node) !== dom.ELEMENT) return;
    this.states.add(node);
    // The other radio buttons of the group change without an event.
    if (dom.localName(node) === 'input' && dom.inputType(node) === 'radio') this.noteRadios(node);
    this.schedule();
  }

  noteRadios(node) {
    const name = dom.getAttribute(node, 'name');
    if (name === null) return;
    for (const other of dom.all(dom.getRootNode(node), 'input[type=radio]')) {
      if (dom.getAttribute(other, 'name') === name) this.states.add(other);
    }
  }

  noteForm() {
    this.noteControls();
    this.schedule();
  }

  // Every control, for what scripts set without an event.
  noteControls() {
    const { controls, ids } = this.reader;
    for (const node of controls) {
      if (ids.has(node)) this.states.add(node);
      else controls.delete(node); // It has left the page.
    }
  }

  // Ids were freed: those of shadow roots may be among them.
  noteFreed() {
    const gone = new Set();
    for (const content of this.contents) if (!this.reader.ids.has(content)) this.contents.delete(content);
    for (const root of this.roots) {
      if (this.reader.ids.has(root)) continue;
      this.roots.delete(root);
      this.sheets.freed(root);
      gone.add(root);
    }
    if (gone.size === 0) return;
    for (const [node, document] of this.frames) if (gone.has(document)) this.leave(node);
    this.listeners = this.listeners.filter(([target, type, listener, options]) => {
      if (gone.has(target)) target.removeEventListener(type, listener, options);
      return !gone.has(target);
    });
  }

  // Looks at what changes without a record or an event; at all of it, or for as long as a look may take.
  poll(all) {
    this.noteControls();
    this.sheets.poll(all);
    for (const document of this.frames.values()) this.scrolled.add(document);
  }

  noteScroll(event) {
    const node = event.target;
    if (dom.nodeType(node) === dom.DOCUMENT) this.noteScrolled(node);
    else this.scrolled.add(node);
    this.schedule();
  }

  noteScrolled(document) {
    if (document === this.page.document) this.documentChanged = true;
    else this.scrolled.add(document);
    this.schedule();
  }

  // A frame may have loaded another document, an image another picture.
  noteLoad({ target }) {
    if (dom.nodeType(target) !== dom.ELEMENT) return;
    this.content?.loaded(target);
    if (this.kind(target) !== KIND.FRAME) return;
    this.hosts.add(target);
    this.schedule();
  }

  notePointer(event) {
    let { clientX: x, clientY: y } = event;
    for (let frame = event.view?.frameElement; frame; frame = dom.defaultView(dom.ownerDocument(frame))?.frameElement) {
      const { left, top } = dom.getBoundingClientRect(frame);
      x += left + frame.clientLeft;
      y += top + frame.clientTop;
    }
    this.pointer = Math.round(x) + ',' + Math.round(y);
    this.noteDocument();
  }

  noteDocument() {
    this.documentChanged = true;
    this.schedule();
  }

  // A known node is to be told anew, with all that is below it.
  retell(id) {
    const node = this.reader.ids.nodes[id];
    if (node === undefined) return;
    this.reader.forget(node);
    this.retold.push(id);
    this.touched.add(node);
  }

  // A node was found to have other children than it was told to have: all are stated afresh.
  mend(id, children) {
    const { ids } = this.reader;
    const parent = ids.nodeOf(id);
    if (parent === undefined || this.lost) return;
    // Who its children were nobody has asked.
    if (ids.pending?.[id]) this.retell(id);
    else for (let node = dom.firstChild(parent); node !== null; node = dom.nextSibling(node)) this.touched.add(node);
    for (const child of children) {
      const node = ids.nodes[child];
      if (node !== undefined) this.touched.add(node);
    }
  }

  // Something to tell of below an element that nobody said a word about?
  missedRoot(node) {
    const isFrame = this.kind(node) === KIND.FRAME;
    const root = isFrame ? dom.frameDocument(node) : shadowOf(node);
    if (root !== null && !this.reader.ids.has(root)) this.hosts.add(node);
  }

  // States everything that was noted.
  state() {
    const reader = this.reader;
    this.note(this.observer.takeRecords());
    if (this.lost) throw this.lost;
    const url = dom.documentURL(this.page.document);
    if (url !== this.url) {
      this.url = url;
      this.documentChanged = true;
      // Other rules may be for it.
      if (reader.selectors?.update(url)) {
        this.unmarked = true;
        this.guests?.renew();
      }
    }
    const { touched, attrs, decides, texts, states, scrolled, resized, retold } = this;
    this.clear();
    for (const id of retold) reader.gone(id);
    const emptied = this.stateFrames();
    const isPlacing = touched.size > 0 || this.later.size > 0;
    this.sheets.state(!isPlacing && this.hosts.size === 0);
    // What decides comes first, then where nodes are, then what they say: each is judged by the rules of its place.
    if (this.unmarked) reader.selectors?.state(this, touched);
    this.unmarked = false;
    if (decides) this.stateAttrs(attrs, states, true);
    this.stateChildren(touched);
    // What nodes say is stated when all are in their places.
    if (!reader.isCut) this.stateAttrs(attrs, states, false);
    if (!reader.isCut) this.stateTexts(texts);
    if (reader.isCut) {
      Object.assign(this, { attrs, texts, states, scrolled, resized });
      if (this.documentChanged) stateDocument(this);
      for (const node of emptied) this.hosts.add(node);
      return;
    }
    // In a frame of their own: beside its children's run a host can have no other.
    if (!isPlacing) this.stateHosts();
    for (const node of emptied) this.hosts.add(node);
    this.stateStates(states);
    const fresh = scrolled.size > 0 ? new Set(reader.fresh) : null;
    for (const node of scrolled) this.stateScroll(node, fresh);
    for (const node of resized) this.stateSize(node);
    this.content?.state(reader);
    this.motion?.state(reader);
    if (!isPlacing) this.slots?.state();
    this.guests?.state(reader);
    if (this.documentChanged) stateDocument(this);
  }

  // Whether the node is in the page, a template's content included, and not in a document that a frame has no longer.
  isInside(node) {
    if (!dom.isConnected(node)) return this.reader.ids.has(dom.getRootNode(node));
    return this.left === null || !this.left.has(dom.ownerDocument(node));
  }

  stateAttrs({ nodes, names, uris }, states, deciding) {
    const { reader } = this;
    let last, number, isPassedOver, isSource;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i], name = names[i], uri = uris[i];
      const id = reader.ids.find(node);
      if (id === undefined || !this.isInside(node)) continue;
      if (!deciding && reader.isTimeUp()) {
        for (const list of [nodes, names, uris]) list.splice(0, i);
        return;
      }
      // Most records in a row name the same attribute, in no namespace.
      if (name !== last) {
        isPassedOver = DECIDING.has(name) !== deciding;
        isSource = name === 'src';
      }
      if (isPassedOver) {
        last = name;
        continue;
      }
      if (name !== last || uri !== null) number = this.attrNumber(node, name, uri);
      last = uri === null ? name : undefined;
      if (isSource) reader.notePicture(node);
      const value = uri === null ? plainValue(node, name) : dom.getAttributeNS(node, uri, name);
      reader.attr(id, number, name === 'value' && value !== null ? heard(node, value) : value);
      if (reader.controls.has(node)) states.add(node);
    }
  }

  stateTexts(texts) {
    const { reader } = this;
    for (const node of texts) {
      if (reader.isTimeUp()) return;
      texts.delete(node);
      const id = reader.ids.find(node);
      if (id === undefined || !this.isInside(node)) continue;
      const text = dom.nodeType(node) === dom.INSTRUCTION ? dom.target(node) + ' ' + dom.data(node) : dom.data(node);
      reader.data(id, text);
    }
  }

  attrNumber(node, name, uri) {
    const { reader } = this;
    if (uri === null) return reader.plainName(name);
    // Records give the local name; the name on the wire is the qualified one.
    for (const attribute of dom.attributes(node)) {
      if (attribute.localName === name && attribute.namespaceURI === uri) {
        return reader.foreignName(uri, attribute.name, KIND.PLAIN);
      }
    }
    return reader.foreignName(uri, reader.qualified.get(uri + ' ' + name) ?? name, KIND.PLAIN);
  }

  kind(node) {
    return dom.namespaceURI(node) === dom.HTML ? this.reader.kinds[this.reader.elementName(node)] : KIND.PLAIN;
  }

  stateChildren(touched) {
    const { leaving, reader } = this;
    // First what went to where nothing is told: what is said of it from then on is kept back.
    for (const node of touched) {
      const id = reader.ids.get(node);
      if (id !== undefined && this.isInside(node) && this.isBelowClosed(node)) reader.withheld(id);
    }
    for (const node of leaving) if (touched.has(node)) leaving.delete(node);
    if (this.later.size === 0) this.later = touched;
    else for (const node of touched) this.later.add(node);
    const { later } = this;
    const outside = [];
    for (const node of later) {
      if (reader.isCut) break;
      later.delete(node);
      const parent = this.isInside(node) ? dom.parentNode(node) : null;
      if (parent === null) {
        leaving.add(node);
        continue;
      }
      const parentId = reader.ids.get(parent);
      if (parentId === undefined || reader.closed.has(parent) || reader.isIgnored(node)) {
        // Below something new it is told with it; below what is kept back it is gone.
        if (reader.ids.has(node)) outside.push(node);
        continue;
      }
      later.add(node);
      this.stateRun(node, parentId);
    }
    for (const node of reader.cuts) later.add(node);
    for (const node of outside) {
      const id = reader.ids.get(node);
      if (reader.told.has(id)) continue;
      // Where it is now may only be told in the next batch.
      if (reader.isCut && !this.isBelowClosed(node)) later.add(node);
      else reader.withheld(id);
    }
    if (reader.isCut) return;
    for (const node of leaving) {
      const id = reader.ids.get(node);
      // It may be in what is new, as in the content of a template.
      if (id !== undefined && !reader.told.has(id)) reader.gone(id);
    }
    leaving.clear();
  }

  // Whether the way up leads to something closed or ignored before it leads to something known.
  isBelowClosed(node) {
    const { reader } = this;
    if (reader.isIgnored(node)) return true;
    for (let at = dom.parentNode(node); at !== null; at = dom.parentNode(at)) {
      if (reader.closed.has(at) || reader.ignored.has(at)) return true;
      if (reader.ids.find(at) !== undefined) return false;
    }
    return false;
  }

  stateRun(node, parentId) {
    const { later, reader } = this;
    const isNamed = (node) => later.has(node) || !reader.ids.has(node);
    let first = node;
    for (let left = reader.previous(first); left !== null && isNamed(left); left = reader.previous(left)) first = left;
    // Where a slice ended, the next one knows how far the run goes.
    let before = this.cutRun?.at === first ? this.cutRun.before : node;
    this.cutRun = null;
    while (before !== null && isNamed(before)) before = reader.next(before);
    reader.beginRun(parentId, before === null ? null : reader.ids.get(before));
    for (let at = first; at !== before; at = reader.next(at)) {
      if (reader.isCut) {
        // What of the rest is named stays so; what is not is found from here.
        reader.cuts.push(at);
        this.cutRun = { at, before };
        break;
      }
      later.delete(at);
      reader.tell(at);
    }
    reader.endRun();
  }

  // A frame no longer shows the document that was told: what is in that is connected for as long as a script holds it.
  leave(frame) {
    (this.left ??= new WeakSet()).add(this.frames.get(frame));
    this.frames.delete(frame);
  }

  // Frames that have another document than the one that was told: that one goes, the other comes in the next frame.
  stateFrames() {
    const emptied = [];
    for (const [node, document] of this.frames) {
      if (dom.frameDocument(node) === document) continue;
      const id = this.reader.ids.get(document);
      if (id !== undefined) this.reader.gone(id);
      this.leave(node);
      this.hosts.delete(node);
      emptied.push(node);
    }
    return emptied;
  }

  stateHosts() {
    const { reader } = this;
    const { hosts } = this;
    this.hosts = new Set();
    for (const host of hosts) {
      if (reader.isCut) {
        this.hosts.add(host);
        continue;
      }
      const id = reader.ids.find(host);
      if (id === undefined || reader.closed.has(host)) continue;
      const isFrame = this.kind(host) === KIND.FRAME;
      const root = isFrame ? dom.frameDocument(host) : shadowOf(host);
      if (isFrame && !reader.joined.has(host)) reader.attr(id, reader.prop('outside'), outsideOf(host));
      if (root === null || reader.ids.has(root)) continue;
      const first = reader.first(host);
      reader.beginRun(id, first === null ? null : reader.ids.find(first));
      if (isFrame) reader.tellFrame(host);
      else reader.tellShadow(root);
      reader.endRun();
    }
    for (const node of reader.cuts) this.later.add(node);
  }

  stateStates(states) {
    const { reader } = this;
    for (const node of states) {
      const kind = this.kind(node);
      if (kind === KIND.SELECT || this.holdsState(node)) {
        for (const option of dom.all(node, 'option')) this.stateOne(option, KIND.OPTION);
      }
      this.stateOne(node, kind);
    }
  }

  stateOne(node, kind) {
    const id = this.reader.ids.find(node);
    if (id === undefined || !this.isInside(node)) return;
    const report = (name, value) => this.reader.attr(id, this.reader.prop(name), value);
    stateOf(node, kind, report);
    if (isPopover(node)) report('popover', popoverLayer(node));
  }

  stateScroll(node, fresh) {
    if (!dom.isConnected(node)) return;
    const id = this.reader.ids.find(node);
    if (id === undefined) {
      // Told by this very frame: it has its id in the next one.
      if (fresh.has(node)) this.scrolled.add(node);
      return;
    }
    if (dom.nodeType(node) === dom.DOCUMENT) {
      reportDocument(node, (name, value) => this.reader.attr(id, this.reader.prop(name), value));
      return;
    }
    const left = dom.scrollLeft(node), top = dom.scrollTop(node);
    this.reader.attr(id, this.reader.prop('scrollLeft'), left === 0 ? null : String(left));
    this.reader.attr(id, this.reader.prop('scrollTop'), top === 0 ? null : String(top));
  }

  stateSize(node) {
    const id = this.reader.ids.find(node);
    if (id !== undefined && this.reader.closed.has(node)) this.reader.attr(id, this.reader.prop('blocked'), sizeOf(node));
  }
}

export function whenIdle(run) {
  if (window.requestIdleCallback) window.requestIdleCallback(run, { timeout: 300 });
  else setTimeout(run, 50);
}

// An attribute without a namespace by its name, whatever the case.
function plainValue(node, name) {
  const value = dom.getAttribute(node, name);
  if (value !== null) return value;
  return dom.hasAttributeNS(node, null, name) ? dom.getAttributeNS(node, null, name) : null;
}

