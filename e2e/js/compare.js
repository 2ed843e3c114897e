// The independent comparison of the customer's document and the agent's. It shares nothing with the engine: it walks
// a live document and writes down what it finds, one line per fact, so that two documents are equal when their lines
// are. The lines stay in the page; only hashes of chunks leave it until a difference has to be shown.
//
//   window.__compare.describe(document, { side, base, masked, allowances, boxes }) -> summary
//
// The customer's side is described first. Where `design.md` says that the agent does not get what the customer has,
// that description leaves out the fact and notes an allowance for the element, by its ordinal in the walk; the
// agent's description applies the same allowances to its own elements and never judges by its own attributes. The
// allowances are all there is in the way of tolerance:
//
//   field   passwords and card-like fields, also by name, and what proves who somebody is (hidden fields, metas): the value only,
//           as below.
//   mask    `data-cobrowse-mask` regions, and what the case names in `masked`: text,
//           values and human-readable attributes are compared by length, and the agent's must show no content;
//           `data-*` attributes and URLs, which may hold anything, and what is selected or chosen are not compared
//           (invariant 1).
//   block   `data-cobrowse-block` elements: same element, no children at the agent, same size (invariant 1).
//   file    file inputs: same element, same size (invariant 1).
//   script  script elements: same element, other attributes; their source is not created (invariant 6).
//   inert   single attributes that are never created (invariant 6), so absent or blank at the agent: `javascript:`
//           URLs, `http-equiv` of a refresh, sources of nested documents and plug-ins.
//   frame   the base of the document in a frame, where the customer's page may look at it: its nodes are compared as
//           the page's are. At the agent it has no address of its own.
//   skip    single attributes without meaning at the agent: `href` and `target` of `<base>`, types of plug-ins,
//           `content` of a refresh, policy metas.
//
// The bar that tells the customer of the session is not part of the page (design.md, browser traps): on the customer's
// side `<cobrowse-overlay>`, right under the root element or in a modal dialog, and `<cobrowse-hold>` are left out.
//
// With side `raw` everything is written down as it is, for looking at one document by itself.
//
// Without allowance, for every element: values of parameters of addresses that prove who somebody is compare as one
// asterisk; event-handler attributes are left out, and are forbidden at the agent
// (invariant 6); URLs, also in CSS, are compared as resolved against the customer's base (design.md, replay); lone
// surrogates compare as U+FFFD, as no encoding carries them; order of attributes does not count.
(() => {
  'use strict';
  if (window.__compare) return;

  // Property reads go through getters cached now: `<input name="firstChild">` hijacks its form's own property.
  const getter = (proto, name) => {
    const { get } = Object.getOwnPropertyDescriptor(proto, name);
    return (object) => get.call(object);
  };
  const method = (proto, name) => {
    const value = proto[name];
    return (object, ...args) => value.apply(object, args);
  };
  const firstChild = getter(Node.prototype, 'firstChild');
  const nextSibling = getter(Node.prototype, 'nextSibling');
  const previousSibling = getter(Node.prototype, 'previousSibling');
  const parentNode = getter(Node.prototype, 'parentNode');
  const nodeType = getter(Node.prototype, 'nodeType');
  const data = getter(CharacterData.prototype, 'data');
  const target = getter(ProcessingInstruction.prototype, 'target');
  const localName = getter(Element.prototype, 'localName');
  const prefix = getter(Element.prototype, 'prefix');
  const namespaceURI = getter(Element.prototype, 'namespaceURI');
  const attributes = getter(Element.prototype, 'attributes');
  const attributeCount = getter(NamedNodeMap.prototype, 'length');
  const attributeAt = method(NamedNodeMap.prototype, 'item');
  const getAttribute = method(Element.prototype, 'getAttribute');
  const matches = method(Element.prototype, 'matches');
  const allBelow = method(Element.prototype, 'querySelectorAll');
  const shadowRoot = getter(Element.prototype, 'shadowRoot');
  const scrollTop = getter(Element.prototype, 'scrollTop');
  const scrollLeft = getter(Element.prototype, 'scrollLeft');
  const clientRects = method(Element.prototype, 'getClientRects');
  const clientRect = method(Element.prototype, 'getBoundingClientRect');
  const ownerDocument = getter(Node.prototype, 'ownerDocument');
  const innerDocuments = { iframe: getter(HTMLIFrameElement.prototype, 'contentDocument'), frame: getter(HTMLFrameElement.prototype, 'contentDocument') };
  const templateContent = getter(HTMLTemplateElement.prototype, 'content');
  const styleSheets = getter(Document.prototype, 'styleSheets');
  const adoptedStyleSheets = getter(Document.prototype, 'adoptedStyleSheets');
  const innerStyleSheets = getter(ShadowRoot.prototype, 'styleSheets');
  const innerAdoptedStyleSheets = getter(ShadowRoot.prototype, 'adoptedStyleSheets');
  const compatMode = getter(Document.prototype, 'compatMode');
  const defaultView = getter(Document.prototype, 'defaultView');
  const activeElement = getter(Document.prototype, 'activeElement');
  const selection = method(Document.prototype, 'getSelection');
  const elementFromPoint = method(Document.prototype, 'elementFromPoint');
  const mediaPaused = getter(HTMLMediaElement.prototype, 'paused');
  const mediaRate = getter(HTMLMediaElement.prototype, 'playbackRate');
  const mediaTime = getter(HTMLMediaElement.prototype, 'currentTime');
  const baseURI = getter(Node.prototype, 'baseURI');
  const inputType = getter(HTMLInputElement.prototype, 'type');
  const inputValue = getter(HTMLInputElement.prototype, 'value');
  const inputChecked = getter(HTMLInputElement.prototype, 'checked');
  const inputIndeterminate = getter(HTMLInputElement.prototype, 'indeterminate');
  const areaValue = getter(HTMLTextAreaElement.prototype, 'value');
  const selectIndex = getter(HTMLSelectElement.prototype, 'selectedIndex');
  const selectOptions = getter(HTMLSelectElement.prototype, 'options');
  const optionSelected = getter(HTMLOptionElement.prototype, 'selected');
  const detailsOpen = getter(HTMLDetailsElement.prototype, 'open');
  const dialogOpen = getter(HTMLDialogElement.prototype, 'open');
  const { stringify } = JSON;

  const HTML = 'http://www.w3.org/1999/xhtml';
  const NAMESPACES = new Map([
    [HTML, 'html'],
    ['http://www.w3.org/2000/svg', 'svg'],
    ['http://www.w3.org/1998/Math/MathML', 'mathml'],
    [null, 'none'],
  ]);
  const XLINK = 'http://www.w3.org/1999/xlink';
  const URL_ATTRIBUTES = new Set([
    'href', 'src', 'action', 'formaction', 'cite', 'poster', 'background', 'longdesc', 'profile', 'manifest', 'icon',
    'lowsrc', 'dynsrc', 'codebase',
  ]);
  const SRCSET_ATTRIBUTES = new Set(['srcset', 'imagesrcset']);
  // What a person reads off an attribute; in masked regions these are compared by length.
  const READABLE = new Set([
    'value', 'placeholder', 'title', 'alt', 'label', 'summary', 'content', 'abbr', 'aria-label', 'aria-description',
    'aria-placeholder', 'aria-roledescription', 'aria-valuetext',
  ]);
  // What a program reads off an attribute, and may hold anything; in masked regions these are not compared at all.
  const isOpaque = (name) =>
    /^data-(?!cobrowse-)/.test(name) || ['href', 'src', 'srcset', 'action', 'formaction', 'cite', 'download', 'ping', 'poster', 'xlink:href', 'checked', 'selected', 'aria-checked', 'aria-selected', 'aria-pressed'].includes(name);
  const NEVER_CREATED = new Map([
    ['iframe', ['src', 'srcdoc']],
    ['frame', ['src']],
    ['object', ['data', 'classid', 'code', 'codebase', 'archive']],
    ['embed', ['src']],
    ['applet', ['code', 'codebase', 'archive', 'object']],
  ]);
  const MEANINGLESS = new Map([
    ['base', ['href', 'target']],
    ['object', ['type']],
    ['embed', ['type']],
  ]);
  // Of fields that are kept by their name or id, and of what proves who somebody is.
  const FIELD_NAMES = /c(vc|vv|cv)|iban|(credit|debit)[^a-z0-9]*card|c(ard|c)[^a-z0-9]*(num|nr|exp)|passw|passphrase|pwd/i;
  const PROOF_NAMES = /token|passw|pwd|secret|session|sessid|api[^a-z0-9]*key|access[^a-z0-9]*key|credential|csrf|xsrf|jwt|^[^a-z0-9]*(sid|auth|otp|pin|code|ticket)[^a-z0-9]*$/i;
  const COMPLETED = /^(cc-.*|(current|new)-password|one-time-code)$/;
  const POLICIES = new Set(['content-security-policy', 'content-security-policy-report-only']);
  const CHUNK = 256;

  const wellFormed = (text) => (text.toWellFormed ? text.toWellFormed() : text);
  const quote = (text) => stringify(wellFormed(text));

  /** A 53-bit hash of a string: two 32-bit multiplicative hashes, mixed. */
  const hash = (text) => {
    let a = 0xdeadbeef;
    let b = 0x41c6ce57;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 2654435761);
      b = Math.imul(b ^ code, 1597334677);
    }
    a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
    b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
    return (4294967296 * (2097151 & b) + (a >>> 0)).toString(16);
  };

  const withoutProofs = (url) => url.replace(/([?&#;])([^=?&#;]*)=([^?&#;]*)/g, (all, before, name, value) => (PROOF_NAMES.test(name) && value !== '' ? `${before}${name}=*` : all));

  const resolve = (url, base) => {
    // What needs no base is the same text on both sides, whatever two engines make of it.
    if (/^\s*(?!https?:)[a-z][a-z0-9+.-]*:/i.test(url)) return url.trim();
    try {
      return withoutProofs(new URL(url, base).href);
    } catch {
      return url;
    }
  };

  const cssUrl = (url, base) => {
    const plain = url.replace(/\\(?:([0-9a-f]{1,6})\s?|([\s\S]))/gi, (_, hex, char) =>
      hex ? String.fromCodePoint(parseInt(hex, 16) || 0xfffd) : char,
    );
    return `url("${plain.startsWith('#') ? plain : resolve(plain, base)}")`;
  };

  /** CSS text with every `url()` and `@import` resolved. */
  const resolveCss = (text, base) => {
    if (!/url\(|@import/i.test(text)) return text;
    return text
      .replace(
        /url\(\s*(?:"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|((?:[^\\)"'\s]|\\[\s\S])*))\s*\)/gi,
        (_, a, b, c) => cssUrl(a ?? b ?? c, base),
      )
      .replace(/@import\s+(?:"([^"]*)"|'([^']*)')/gi, (_, a, b) => `@import ${cssUrl(a ?? b, base)}`);
  };

  /** A `srcset` with every candidate's URL resolved. */
  const resolveSrcset = (text, base) => {
    const candidates = [];
    let rest = text;
    for (;;) {
      rest = rest.replace(/^[\s,]+/, '');
      if (rest === '') return candidates.join(', ');
      const [url] = rest.match(/^\S+/);
      rest = rest.slice(url.length);
      let descriptor = '';
      if (url.endsWith(',')) {
        candidates.push(resolve(url.replace(/,+$/, ''), base));
        continue;
      }
      descriptor = rest.match(/^(?:\([^)]*\)|[^,(])*/)[0];
      rest = rest.slice(descriptor.length);
      candidates.push(`${resolve(url, base)} ${descriptor.trim()}`.trim());
    }
  };

  const isScript = (element, name) => name === 'script' && NAMESPACES.get(namespaceURI(element)) !== 'mathml';
  const isJavascript = (value) => /^[\u0000-\u0020]*j[\s]*a[\s]*v[\s]*a[\s]*s[\s]*c[\s]*r[\s]*i[\s]*p[\s]*t[\s]*:/i.test(value);
  const isHandler = (attribute) => attribute.namespaceURI === null && /^on[a-z]+$/i.test(attribute.localName);
  // An address that the agent's browser is not to ask for reads as the page's, and stands in a namespace without a meaning (the
  // cases "attacks/*" see which do).
  const spaceOf = ({ namespaceURI, name }) => (namespaceURI !== 'urn:cobrowse:inert' ? namespaceURI : name.startsWith('xlink:') ? XLINK : null);
  const isUrlAttribute = (attribute) =>
    (spaceOf(attribute) === null && URL_ATTRIBUTES.has(attribute.localName)) ||
    (spaceOf(attribute) === XLINK && attribute.localName === 'href');

  /** What one described document said. */
  class Description {
    constructor(doc, options) {
      this.document = doc;
      this.agent = options.side === 'agent';
      this.raw = options.side === 'raw';
      this.base = options.base ?? baseURI(doc);
      this.bases = new Map([[doc, this.base]]);
      this.masked = options.masked ?? [];
      this.given = new Map(options.allowances ?? []);
      this.noted = [];
      this.boxed = Boolean(options.boxes);
      this.nodes = 0;
      this.elements = [];
      this.hosts = new Map();
      this.structure = { lines: [], owners: [] };
      this.styles = { lines: [], owners: [] };
      this.sized = [];
      this.played = [];
    }

    say(owner, depth, kind, value) {
      this.structure.lines.push(`${depth}\t${kind}\t${value}`);
      this.structure.owners.push(owner);
    }

    /** Walks without recursion, as pages may nest thousands of levels deep. */
    walk() {
      const root = this.document;
      this.say(root, 0, 'mode', compatMode(root));
      // What is masked is as long as what is not.
      // What is selected in a field is the field's, and not told where that has no focus.
      const inField = /^(input|textarea)$/.test(activeElement(root)?.localName ?? '');
      this.say(root, 0, 'selected', inField ? '0 units' : `${String(selection(root) ?? '').length} units`);
      const stack = [[firstChild(root), 0, false]];
      while (stack.length > 0) {
        const frame = stack[stack.length - 1];
        const [node, depth, masked] = frame;
        if (node === null) {
          stack.pop();
          continue;
        }
        frame[0] = nextSibling(node);
        if (this.isOverlay(node)) continue;
        this.nodes++;
        // Pushed in reverse: what is pushed last is walked first.
        for (const [child, inMask] of this.visit(node, depth, masked)) {
          stack.push([child, depth + 1, inMask]);
        }
      }
    }

    isOverlay(node) {
      return !this.agent && !this.raw && nodeType(node) === 1 && /^cobrowse-(overlay|hold)$/.test(localName(node));
    }

    /** Says what `node` is, and returns where to go on below it, last first. */
    visit(node, depth, masked) {
      switch (nodeType(node)) {
        case 1:
          return this.visitElement(node, depth, masked);
        case 3:
          this.sayText(node, depth, 'text', data(node), masked);
          return [];
        case 4:
          this.sayText(node, depth, 'cdata', data(node), masked);
          return [];
        case 7:
          this.say(node, depth, 'instruction', `${quote(target(node))} ${quote(data(node))}`);
          return [];
        case 8:
          this.sayText(node, depth, 'comment', data(node), masked);
          return [];
        case 10:
          this.say(node, depth, 'doctype', `${quote(node.name)} ${quote(node.publicId)} ${quote(node.systemId)}`);
          return [];
        default:
          this.say(node, depth, 'node', `of type ${nodeType(node)}`);
          return [];
      }
    }

    visitElement(element, depth, masked) {
      const ordinal = this.elements.push(element) - 1;
      const space = namespaceURI(element);
      const name = window.__e2e?.nameOf?.(element) ?? localName(element);
      const before = prefix(element);
      this.say(
        element,
        depth,
        'element',
        quote(`${NAMESPACES.get(space) ?? space}:${name}`) + (before === null ? '' : ` with prefix ${quote(before)}`),
      );
      const allowance =
        this.agent || this.raw ? (this.given.get(ordinal) ?? {}) : this.judge(element, name, masked);
      if (!this.agent && Object.keys(allowance).length > 0) this.noted.push([ordinal, allowance]);
      if (allowance.sized) this.sized.push(element);
      if (allowance.block || allowance.file) {
        if (this.agent && firstChild(element) !== null) this.say(element, depth, 'forbidden', 'children of a blocked element');
        return [];
      }
      this.sayAttributes(element, depth, allowance);
      if (allowance.script) return [];
      const html = space === HTML;
      if (html) this.sayState(element, name, depth, allowance);
      const below = [];
      const first = firstChild(element);
      // What stands in a field that is kept no browser shows.
      if (first !== null && !(allowance.field && name === 'input')) below.push([first, Boolean(allowance.mask)]);
      if (html && name === 'template') {
        // Chromium's may have none.
        const content = templateContent(element);
        if (content !== null) this.hosts.set(content, [element, '#content']);
        this.say(element, depth, 'content', '');
        if (content !== null && firstChild(content) !== null) below.push([firstChild(content), Boolean(allowance.mask)]);
      }
      const inner = html ? (innerDocuments[name]?.(element) ?? null) : null;
      if (this.agent || this.raw ? allowance.frame !== undefined : inner !== null) {
        if (inner === null) {
          this.say(element, depth, 'frame', 'has no document');
          return below;
        }
        this.hosts.set(inner, [element, '#document']);
        this.bases.set(inner, allowance.frame ?? baseURI(inner));
        this.say(element, depth, 'frame', compatMode(inner));
        if (firstChild(inner) !== null) below.push([firstChild(inner), Boolean(allowance.mask)]);
      }
      const shadow = shadowRoot(element);
      if (shadow !== null) {
        this.hosts.set(shadow, [element, '#shadow-root']);
        const { mode, delegatesFocus, slotAssignment } = shadow;
        this.say(element, depth, 'shadow root', `${mode} delegatesFocus=${delegatesFocus} slotAssignment=${slotAssignment}`);
        if (firstChild(shadow) !== null) below.push([firstChild(shadow), Boolean(allowance.mask)]);
      }
      return below;
    }

    /** The customer's side: what the agent is allowed to lack of this element. */
    judge(element, name, masked) {
      const allowance = {};
      const skip = [];
      const inert = [];
      const read = (attribute) => getAttribute(element, attribute);
      const html = namespaceURI(element) === HTML;
      if (read('data-cobrowse-block') !== null) {
        return { block: true, sized: true };
      }
      if (html && name === 'input' && inputType(element) === 'file') {
        return { file: true, sized: true };
      }
      if (isScript(element, name)) return { script: true };
      if (masked || read('data-cobrowse-mask') !== null || this.masked.some((selector) => matches(element, selector))) {
        allowance.mask = true;
      }
      if (html && ['input', 'textarea', 'select'].includes(name)) {
        const tokens = (read('autocomplete') ?? '').toLowerCase().split(/\s+/);
        const isNamed = (names) => names.test(read('name') ?? '') || names.test(read('id') ?? '');
        const isProof = name === 'input' && inputType(element) === 'hidden' && isNamed(PROOF_NAMES);
        if ((name === 'input' && inputType(element) === 'password') || isProof || isNamed(FIELD_NAMES) || tokens.some((token) => COMPLETED.test(token))) {
          allowance[name === 'input' ? 'field' : 'mask'] = true;
        }
      }
      const inner = html ? (innerDocuments[name]?.(element) ?? null) : null;
      if (inner !== null) allowance.frame = baseURI(inner);
      if (html && NEVER_CREATED.has(name)) inert.push(...NEVER_CREATED.get(name));
      if (html && MEANINGLESS.has(name)) skip.push(...MEANINGLESS.get(name));
      if (html && name === 'meta') {
        if (PROOF_NAMES.test(read('name') ?? '')) allowance.field = true;
        const directive = (read('http-equiv') ?? '').trim().toLowerCase();
        if (directive === 'refresh') inert.push('http-equiv');
        if (POLICIES.has(directive)) skip.push('http-equiv');
        if (directive === 'refresh' || POLICIES.has(directive)) skip.push('content');
      }
      const list = attributes(element);
      for (let i = 0, count = attributeCount(list); i < count; i++) {
        const attribute = attributeAt(list, i);
        if (isJavascript(attribute.value) && (isUrlAttribute(attribute) || attribute.localName === 'data')) {
          inert.push(attribute.name);
        }
      }
      if (skip.length > 0) allowance.skip = skip;
      if (inert.length > 0) allowance.inert = inert;
      return allowance;
    }

    sayAttributes(element, depth, allowance) {
      const list = attributes(element);
      const facts = [];
      for (let i = 0, count = attributeCount(list); i < count; i++) {
        const attribute = attributeAt(list, i);
        const { name } = attribute;
        const space = spaceOf(attribute);
        const value = wellFormed(attribute.value);
        if (this.agent && isUrlAttribute(attribute) && isJavascript(value)) {
          this.say(element, depth, 'forbidden', `${quote(name)} with a javascript: URL`);
        }
        if (isHandler(attribute)) {
          const known = name.toLowerCase() in window || name.toLowerCase() in element;
          if (this.agent && known) this.say(element, depth, 'forbidden', `event handler ${quote(name)}`);
          continue;
        }
        if (allowance.script) {
          if (this.agent && (name === 'src' || attribute.localName === 'href')) {
            this.say(element, depth, 'forbidden', `script source ${quote(value)}`);
          }
          if (['src', 'type', 'href', 'language'].includes(attribute.localName)) continue;
        }
        if (allowance.skip?.includes(name) || (allowance.mask && isOpaque(name))) continue;
        if (allowance.inert?.includes(name)) {
          const blank = ['', '#', 'about:blank'].includes(value);
          if (this.agent && !blank) this.say(element, depth, 'forbidden', `${quote(name)} as ${quote(value)}`);
          continue;
        }
        facts.push([`${space ?? ''} ${name}`, `@${space === null ? '' : `{${space}}`}${name}`, this.attributeValue(attribute, value, element, depth, allowance)]);
      }
      facts.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
      for (const [, label, value] of facts) this.say(element, depth, label, value);
    }

    /** What addresses are relative to where a node is. */
    baseOf(node) {
      return this.bases.get(ownerDocument(node)) ?? this.base;
    }

    attributeValue(attribute, value, element, depth, allowance) {
      const { name } = attribute;
      const base = this.baseOf(element);
      if ((allowance.mask && READABLE.has(name)) || (allowance.field && (name === 'value' || name === 'content'))) {
        this.checkMask(element, depth, value, `@${name}`);
        return `masked, ${value.length} units`;
      }
      if (isUrlAttribute(attribute)) {
        // A fragment names something in the same document, and must go on doing so, but in links.
        const link = ['a', 'area'].includes(localName(element));
        return quote(value.trim().startsWith('#') && !link ? value : resolve(value, base));
      }
      if (SRCSET_ATTRIBUTES.has(name)) return quote(resolveSrcset(value, base));
      if (name === 'style') return quote(resolveCss(value, base));
      return quote(value);
    }

    sayText(node, depth, kind, text, masked) {
      const value = wellFormed(text);
      if (masked) {
        this.checkMask(node, depth, value, kind);
        this.say(node, depth, kind, `masked, ${value.length} units`);
        return;
      }
      const parent = parentNode(node);
      const css = parent !== null && nodeType(parent) === 1 && localName(parent) === 'style';
      this.say(node, depth, kind, quote(css ? resolveCss(value, this.baseOf(node)) : value));
    }

    /** At the agent, a masked string is made of one character, blanks apart. */
    checkMask(owner, depth, text, kind) {
      if (!this.agent) return;
      const seen = new Set(text.replace(/\s/g, ''));
      if (seen.size > 1) this.say(owner, depth, 'forbidden', `content in masked ${kind}: ${quote(text)}`);
    }

    sayState(element, name, depth, allowance) {
      if (getAttribute(element, 'popover') !== null) {
        this.say(element, depth, 'popover open', String(matches(element, ':popover-open')));
      }
      const sayValue = (value) => {
        if (!allowance.mask && !allowance.field) {
          this.say(element, depth, 'value', quote(value));
          return;
        }
        this.checkMask(element, depth, value, 'value');
        this.say(element, depth, 'value', `masked, ${value.length} units`);
      };
      switch (name) {
        case 'input': {
          const type = inputType(element);
          if (type === 'checkbox' || type === 'radio') {
            if (allowance.mask) break;
            this.say(element, depth, 'checked', String(inputChecked(element)));
            this.say(element, depth, 'indeterminate', String(inputIndeterminate(element)));
          } else {
            sayValue(inputValue(element));
          }
          break;
        }
        case 'textarea':
          sayValue(areaValue(element));
          break;
        case 'select': {
          if (allowance.mask) break;
          // Which of all below: not every engine counts those that are not children.
          const options = selectOptions(element);
          const below = [...allBelow(element, 'option')];
          this.say(element, depth, 'selected index', String(below.indexOf(options[selectIndex(element)])));
          const chosen = [];
          for (let i = 0; i < options.length; i++) if (optionSelected(options[i])) chosen.push(below.indexOf(options[i]));
          this.say(element, depth, 'selected options', chosen.join(' '));
          break;
        }
        case 'details':
          this.say(element, depth, 'open', String(detailsOpen(element)));
          break;
        case 'dialog':
          this.say(element, depth, 'open', String(dialogOpen(element)));
          this.say(element, depth, 'modal', String(matches(element, ':modal')));
          break;
        case 'video':
        case 'audio':
          if (allowance.mask) break;
          this.say(element, depth, 'paused', String(mediaPaused(element)));
          this.say(element, depth, 'rate', String(mediaRate(element)));
          this.played.push(element);
          break;
        default:
      }
    }

    /** The rules of every sheet of the document and of its open shadow roots, in order. */
    walkStyles() {
      const roots = [[this.document, 'document']];
      for (const [root, [host, label]] of this.hosts) {
        if (label !== '#content') roots.push([root, `${this.path(host)} > ${label}`]);
      }
      for (const [root, label] of roots) {
        const top = nodeType(root) === 9;
        const base = top ? this.bases.get(root) : this.baseOf(root);
        const listed = top ? styleSheets(root) : innerStyleSheets(root);
        for (let i = 0; i < listed.length; i++) this.saySheet(listed[i], `${label} styleSheets[${i}]`, base);
        const adopted = top ? adoptedStyleSheets(root) : innerAdoptedStyleSheets(root);
        for (let i = 0; i < adopted.length; i++) this.saySheet(adopted[i], `${label} adoptedStyleSheets[${i}]`, base);
      }
    }

    saySheet(sheet, label, base) {
      const say = (owner, kind, value) => {
        this.styles.lines.push(`0\t${kind}\t${value}`);
        this.styles.owners.push(owner);
      };
      const href = sheet.href === null ? null : resolve(sheet.href, base);
      const owner = sheet.ownerNode ? localName(sheet.ownerNode) : 'none';
      say(label, 'sheet', `owner=${owner} disabled=${sheet.disabled} media=${quote(sheet.media.mediaText)} href=${quote(href ?? '')}`);
      let rules;
      try {
        rules = sheet.cssRules;
      } catch {
        say(label, 'rules', 'unreadable');
        return;
      }
      for (let i = 0; i < rules.length; i++) {
        const where = `${label} > rule[${i}]`;
        say(where, 'rule', quote(resolveCss(rules[i].cssText, href ?? base)));
        const imported = rules[i].styleSheet;
        if (imported) this.saySheet(imported, `${where} > import`, href ?? base);
      }
    }

    /** Numbers, which are compared with a tolerance: viewport, scroll, sizes. */
    measure() {
      const view = defaultView(this.document);
      const scroll = [];
      for (const element of this.elements) {
        const top = scrollTop(element);
        const left = scrollLeft(element);
        if (top !== 0 || left !== 0) scroll.push([this.path(element), left, top]);
      }
      const size = (element) => {
        const { width, height } = clientRect(element);
        return [this.path(element), width, height];
      };
      const round = (number) => Math.round(number * 10) / 10;
      const boxes = this.boxed
        ? this.elements.map((element) => {
            // A frame that is not shown has no layout to speak of.
            const frame = this.hosts.get(ownerDocument(element))?.[0];
            if (frame && clientRect(frame).width === 0) return [0, 0, 0, 0];
            const { x, y, width, height } = clientRect(element);
            return [round(x), round(y), round(width), round(height)];
          })
        : [];
      const shown = this.agent
        ? this.elements.filter((element) => localName(element) === 'noscript' && clientRects(element).length > 0 && getComputedStyle(element).visibility !== 'hidden')
        : [];
      return {
        viewport: view ? [view.innerWidth, view.innerHeight] : [0, 0],
        window: view ? [view.scrollX, view.scrollY] : [0, 0],
        scroll,
        sizes: this.sized.map(size),
        boxes,
        times: this.played.map((element) => [this.path(element), mediaTime(element), 0]),
        tops: this.boxed ? this.tops() : [],
        shown: shown.map((element) => this.path(element)),
      };
    }

    /** What lies on top at the points of a grid; our own bar, which is the customer's only, left out. */
    tops() {
      const { innerWidth, innerHeight } = defaultView(this.document);
      const found = [];
      for (let x = 8; x < innerWidth; x += 64) {
        for (let y = 8; y < innerHeight - 80; y += 48) {
          const element = elementFromPoint(this.document, x, y);
          found.push(element === null ? 'nothing' : this.isOverlay(element) ? '' : `${this.path(element)} at ${x}, ${y}`);
        }
      }
      return found;
    }

    /** Such as `html > body > div:nth-child(3) > #text[2]`. */
    path(node) {
      if (typeof node === 'string') return node;
      const steps = [];
      for (let at = node; at !== null && (nodeType(at) !== 9 || this.hosts.has(at)); ) {
        if (nodeType(at) === 11 || nodeType(at) === 9) {
          const host = this.hosts.get(at);
          steps.unshift(host ? host[1] : '#fragment');
          at = host ? host[0] : null;
          continue;
        }
        steps.unshift(step(at));
        at = parentNode(at);
      }
      return steps.length > 0 ? steps.join(' > ') : 'document';
    }
  }

  const step = (node) => {
    const type = nodeType(node);
    let before = 0;
    let after = 0;
    for (let at = previousSibling(node); at !== null; at = previousSibling(at)) before += nodeType(at) === type;
    for (let at = nextSibling(node); at !== null; at = nextSibling(at)) after += nodeType(at) === type;
    if (type === 1) {
      const name = localName(node);
      return before + after > 0 && name !== 'head' && name !== 'body' ? `${name}:nth-child(${before + 1})` : name;
    }
    const label = { 3: '#text', 4: '#cdata', 7: '#instruction', 8: '#comment', 10: '#doctype' }[type] ?? '#node';
    return before + after > 0 ? `${label}[${before + 1}]` : label;
  };

  const chunks = (section) => {
    const hashes = [];
    for (let i = 0; i < section.lines.length; i += CHUNK) hashes.push(hash(section.lines.slice(i, i + CHUNK).join('\n')));
    return hashes;
  };

  let last = null;
  const summary = () => ({
    base: last.base,
    nodes: last.nodes,
    chunk: CHUNK,
    allowances: last.noted,
    structure: { lines: last.structure.lines.length, chunks: chunks(last.structure) },
    styles: { lines: last.styles.lines.length, chunks: chunks(last.styles) },
    metrics: last.measure(),
  });

  window.__compare = {
    /** Describes a document, and keeps the lines for the calls below. */
    describe(doc, options = {}) {
      last = new Description(doc, options);
      last.walk();
      last.walkStyles();
      return summary();
    },
    /** Lines `from..to` of a section. */
    lines: (section, from, to) => last[section].lines.slice(Math.max(0, from), to),
    /** The path of what line `index` of a section is about. */
    path(section, index) {
      const owner = last[section].owners[index];
      return owner === undefined ? 'end of document' : last.path(owner);
    },
    /** The path of the element with this ordinal. */
    elementPath: (ordinal) => last.path(last.elements[ordinal]),
    /** The path of the first line that holds one of these texts, or null. */
    mention(texts) {
      for (const section of ['structure', 'styles']) {
        const at = last[section].lines.findIndex((line) => texts.some((text) => line.includes(text)));
        if (at >= 0) return this.path(section, at);
      }
      return null;
    },
    /** Lets go of the document. */
    forget() {
      last = null;
    },
  };
})();
