// What selectors say of elements: those of the options, and those of the relay's rules, each on the pages that it is for. Fetched
// where there are any, or where a session is private by default; exposes itself under a symbol, not a name, on the page.

import * as dom from './dom.js';

// The bits of capture/src/privacy.rs (mark).
const MARKS = { mask: 1, unmask: 2, block: 4, deny: 16 };
const EITHER = MARKS.mask | MARKS.unmask;
export const KINDS = ['mask', 'unmask', 'block', 'ignore', 'deny'];
const LENGTHS = ['shape', 'fixed'], URLS = ['secrets', 'mask-query'];

export class Selectors {
  // `sources`: lists of rules, those first that go before the others.
  constructor(sources) {
    this.sources = sources;
    this.url = null;
    this.active = [];
  }

  // The page has this address; true where other rules than before are for it.
  update(url) {
    if (url === this.url) return false;
    this.url = url;
    const before = JSON.stringify(this.active);
    this.active = this.sources.map((rules) => {
      const now = {};
      for (const { pattern, selectors } of rules) {
        if (pattern && !pattern.test(url)) continue;
        for (const [kind, selector] of Object.entries(selectors)) now[kind] = now[kind] ? now[kind] + ',' + selector : selector;
      }
      return now;
    });
    this.isMarking = this.active.some((rules) => Object.keys(MARKS).some((kind) => rules[kind]));
    this.isIgnoring = this.active.some(({ ignore }) => ignore);
    return before !== JSON.stringify(this.active);
  }

  // The rules that are for this page now, for a frame in it.
  plain() {
    return this.active;
  }

  marks(element) {
    let marks = 0;
    for (const rules of this.active) {
      let said = 0;
      for (const kind in MARKS) if (rules[kind] && dom.matches(element, rules[kind])) said |= MARKS[kind];
      // Where a source has said whether it is masked, those behind it are not asked.
      marks |= marks & EITHER ? said & ~EITHER : said;
    }
    return marks;
  }

  isIgnored(element) {
    return this.active.some(({ ignore }) => ignore && dom.matches(element, ignore));
  }

  // States what has changed for elements that have an id; what is ignored now, or no longer, goes to `touched`.
  state(changes, touched) {
    const { reader, marked } = changes;
    const roots = [...changes.roots, ...changes.contents];
    const find = (kinds) => {
      const selector = this.active.flatMap((rules) => kinds.map((kind) => rules[kind])).filter(Boolean).join(',');
      return new Set(selector === '' ? [] : roots.flatMap((root) => [...dom.all(root, selector)]));
    };
    // What has left the page meanwhile is not to come back by this.
    const isInside = (node) => dom.isConnected(node) || changes.contents.has(dom.getRootNode(node));
    const ignored = find(['ignore']);
    for (const node of ignored) {
      if (changes.ignored.has(node)) continue;
      reader.ignored.add(node);
      if (reader.ids.find(node) !== undefined) touched.add(node);
    }
    for (const node of changes.ignored) {
      if (ignored.has(node)) continue;
      reader.ignored.delete(node);
      if (isInside(node)) touched.add(node);
    }
    changes.ignored = ignored;
    const found = new Map();
    for (const node of find(Object.keys(MARKS))) found.set(node, reader.marks(node));
    for (const [node, marks] of found) {
      const id = reader.ids.find(node);
      if (id !== undefined && marked.get(node) !== marks) reader.remark(id, marks);
    }
    for (const node of marked.keys()) {
      const id = reader.ids.find(node);
      if (id !== undefined && !found.has(node)) reader.remark(id, reader.marks(node));
    }
    changes.marked = found;
  }
}

// A pattern for whole addresses: `*` stands for anything; one that begins with a slash is for every site. Query and fragment need
// not be named.
function patternOf(glob) {
  const escaped = glob.replace(/[.*+?^${}()|[\]\\]/g, (char) => (char === '*' ? '.*' : '\\' + char));
  return new RegExp('^' + (glob.startsWith('/') ? '[^/]+//[^/]*' : '') + escaped + (/[?#]/.test(glob) ? '' : '([?#].*)?') + '$');
}

const fail = (place, expected, found) => {
  throw new TypeError(`cobrowse: ${place}: expected ${expected}, found ${JSON.stringify(found)}`);
};

// One rule: selectors of each kind, for addresses of a pattern or for all. `source` and `number` say which it is, to whoever
// asks why something is kept.
function ruleOf(rule, place, source, number) {
  if (typeof rule !== 'object' || rule === null) fail(place, 'an object with selectors', rule);
  const selectors = {}, lists = {};
  for (const kind of KINDS) {
    const list = [rule[kind] ?? []].flat();
    const selector = list.join(',');
    if (selector === '') continue;
    try {
      new DocumentFragment().querySelector(selector);
    } catch {
      fail(`${place}${kind}`, 'selectors', rule[kind]);
    }
    selectors[kind] = selector;
    lists[kind] = list;
  }
  let pattern = null;
  if (rule.url != null) {
    if (typeof rule.url !== 'string') fail(`${place}url`, 'an address, * for anything in it', rule.url);
    pattern = patternOf(rule.url);
  } else if (rule.urlRegex != null) {
    try {
      pattern = new RegExp(rule.urlRegex);
    } catch {
      fail(`${place}urlRegex`, 'a regular expression', rule.urlRegex);
    }
  }
  return { pattern, selectors, lists, source, number };
}

const rulesOf = (rules, place, source) => {
  if (!Array.isArray(rules ?? [])) fail(place, 'a list of rules', rules);
  return (rules ?? []).map((rule, i) => ruleOf(rule, `${place} ${i + 1}, `, source, i + 1));
};

const oneOf = (name, value, values) => {
  if (value != null && !values.includes(value)) fail(name, values.map((value) => JSON.stringify(value)).join(' or '), value);
};

// What a session keeps, by its options and by the relay's rules (null where it has none): the relay's go first.
function keep(options, relay) {
  for (const [name, { private: isPrivate, maskLength, urls }] of [['', options], ['the relay’s rules: ', relay ?? {}]]) {
    oneOf(name + 'private', isPrivate, [true, false]);
    oneOf(name + 'maskLength', maskLength, LENGTHS);
    oneOf(name + 'urls', urls, URLS);
  }
  const own = [ruleOf({ ...options, url: null, urlRegex: null }, '', 'option', 0), ...rulesOf(options.rules, 'rule', 'rule')];
  const sources = [rulesOf(relay?.rules, 'the relay’s rule', 'relay'), own].map((rules) => rules.filter(({ selectors }) => Object.keys(selectors).length > 0));
  const isPrivate = Boolean(options.private || relay?.private);
  const urls = relay?.urls ?? options.urls ?? (isPrivate ? 'mask-query' : 'secrets');
  const isFixed = [options.maskLength, relay?.maskLength].includes('fixed');
  return {
    policy: [isPrivate, isFixed, urls === 'mask-query' || options.urls === 'mask-query'],
    selectors: sources.some((rules) => rules.length > 0) ? new Selectors(sources) : null,
  };
}

// In a frame: what the page around has found to be for it.
const adopt = (active) => new Selectors(active.map((selectors) => [{ pattern: null, selectors }]));

window[Symbol.for('cobrowse.rules')] = { keep, adopt };
