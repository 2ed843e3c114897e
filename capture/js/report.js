// Which rule keeps what of each node. What is kept is asked of the engine's tree; why, of the page and the rules. Nothing that the
// page says is repeated: nodes are named by their place. Fetched when it is asked for; exposes itself under a symbol, not a name, on
// the page.

import * as dom from './dom.js';
import { shadowOf } from './roots.js';

// The bits of capture/src/privacy.rs (Rules).
const MASK = 1, BLOCK = 2, SECRET = 4, FILE = 8, SCRIPT = 16, DENY = 512, DEFAULT = 1024;
const KIND_NAMES = { [dom.ELEMENT]: 'element', [dom.TEXT]: 'text', [dom.CDATA]: 'text', [dom.COMMENT]: 'comment' };
const PREFIX = 'data-cobrowse-';

class Report {
  constructor({ changes, engine, options, page, reader }) {
    Object.assign(this, { changes, engine, page, reader });
    const [isPrivate = false, isFixed = false, allQueries = false] = options.policy ?? [];
    this.says = { private: isPrivate, maskLength: isFixed ? 'fixed' : 'shape', urls: allQueries ? 'mask-query' : 'secrets', nodes: [] };
  }

  make() {
    this.walk(this.page.document, '', {});
    return this.says;
  }

  // `above`: causes that what is above has for what is below.
  walk(parent, path, above) {
    const counts = new Map();
    for (let node = dom.firstChild(parent); node !== null; node = dom.nextSibling(node)) {
      const kind = KIND_NAMES[dom.nodeType(node)];
      if (kind === undefined || kind === 'text' && dom.data(node).trim() === '') continue;
      const name = kind === 'element' ? dom.localName(node) : '#' + kind;
      const number = (counts.get(name) ?? 0) + 1;
      counts.set(name, number);
      const place = `${path}${name}[${number}]`;
      if (kind === 'element') this.element(node, place, above);
      else this.leaf(node, kind, place, above, dom.nodeType(parent) === dom.ELEMENT ? this.reader.ids.find(parent) : 0);
    }
  }

  say(kind, path, id, kept, rule, denied) {
    this.says.nodes.push({ kind, path, id: id ?? null, kept, rule: kept === null ? null : rule ?? { source: 'unknown' }, denied: denied ?? null });
  }

  leaf(node, kind, path, above, parentId) {
    const id = this.reader.ids.find(node);
    const bits = parentId === undefined ? 0 : this.engine.rules(parentId);
    const closed = above.ignore ?? above.closed;
    if (closed) this.say(kind, path, undefined, above.ignore ? 'ignored' : 'blocked', closed, above.deny);
    else this.say(kind, path, id, bits & (MASK | SECRET) ? 'masked' : null, bits & MASK ? above.mask : above.secret, above.deny);
  }

  element(node, path, above) {
    const { reader } = this;
    if (reader.ignoredNodes.includes(node)) return; // Ours.
    const id = reader.ids.find(node);
    const own = this.causes(node, path);
    const deny = own.deny ?? above.deny;
    const ignore = above.ignore ?? own.ignore;
    const inside = { ignore, deny, closed: above.closed, mask: above.mask, secret: above.secret };
    if (ignore ?? above.closed) {
      this.say('element', path, undefined, ignore ? 'ignored' : 'blocked', ignore ?? above.closed, deny);
    } else {
      const bits = id === undefined ? 0 : this.engine.rules(id);
      // What the engine does is what is reported; of the causes, the one that it goes by.
      inside.mask = bits & MASK ? (bits & DEFAULT ? { source: 'private' } : own.mask ?? above.mask) : undefined;
      inside.secret = bits & SECRET ? own.secret ?? above.secret ?? { source: 'card', by: 'what it once was, or held' } : undefined;
      if (bits & FILE) inside.closed = { source: 'file' };
      else if (bits & SCRIPT) inside.closed = { source: 'script' };
      else if (bits & BLOCK) inside.closed = own.block ?? { source: 'unknown' };
      if (inside.closed) this.say('element', path, id, 'blocked', inside.closed, deny);
      else if (bits & MASK) this.say('element', path, id, 'masked', inside.mask, bits & DENY ? deny : null);
      else this.say('element', path, id, bits & SECRET ? 'value' : null, inside.secret, bits & DENY ? deny : null);
    }
    this.below(node, path + ' > ', inside);
  }

  below(node, path, inside) {
    const shadow = shadowOf(node);
    if (shadow !== null) this.walk(shadow, path + '#shadow > ', inside);
    if (dom.namespaceURI(node) === dom.HTML) {
      const document = dom.frameDocument(node);
      if (document !== null) this.walk(document, path + '#document > ', inside);
      const content = dom.localName(node) === 'template' ? dom.content(node) : null;
      if (content !== null) this.walk(content, path + '#content > ', inside);
    }
    this.walk(node, path, inside);
  }

  // What the element itself gives cause for.
  causes(node, path) {
    const causes = {};
    const attribute = (name) => dom.getAttribute(node, name);
    for (const kind of ['mask', 'block', 'ignore', 'deny']) {
      const isMarked = attribute(PREFIX + kind) !== null;
      causes[kind] = isMarked ? { source: 'attribute', name: PREFIX + kind, at: path } : this.selector(node, kind, path);
    }
    causes.secret = this.secret(node, path);
    return causes;
  }

  // The first rule for this page of which a selector matches.
  selector(node, kind, path) {
    const { selectors } = this.reader;
    for (const { pattern, lists, source, number } of selectors?.sources.flat() ?? []) {
      if (pattern && !pattern.test(selectors.url)) continue;
      const selector = lists[kind]?.find((selector) => dom.matches(node, selector));
      if (selector !== undefined) return { source, selector, at: path, ...(number > 0 ? { rule: number } : {}) };
    }
  }

  secret(node, path) {
    const name = dom.localName(node);
    const says = (source, by) => ({ source, by, at: path });
    if (name === 'meta') return says('proof', 'name');
    if (!/^(input|textarea|select)$/.test(name)) return undefined;
    if (name === 'input' && dom.inputType(node) === 'password') return says('password', 'type');
    if (name === 'input' && dom.inputType(node) === 'hidden') return says('proof', 'name');
    const complete = dom.getAttribute(node, 'autocomplete') ?? '';
    if (/(^|\s)cc-/i.test(complete)) return says('card', 'autocomplete');
    if (/password|one-time-code/i.test(complete)) return says('password', 'autocomplete');
    for (const by of ['name', 'id']) {
      const value = dom.getAttribute(node, by) ?? '';
      if (/passw|passphrase|pwd/i.test(value)) return says('password', by);
      if (/c(vc|vv|cv)|iban|(credit|debit|card|cc)/i.test(value)) return says('card', by);
    }
    return undefined;
  }
}

window[Symbol.for('cobrowse.report')] = (recorder) => new Report(recorder).make();
