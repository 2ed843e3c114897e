// Style sheets whose rules are not what the text of a `<style>` or the address of a `<link>` says: rules that scripts
// inserted, deleted or edited, and constructed sheets that the document and shadow roots have adopted. No record tells
// of these; the functions that change them are wrapped while a session runs, and what a script may hold on to (a rule's
// style, a root's list) is looked at again from time to time.

import * as dom from './dom.js';
import { Patches } from './patches.js';

// How many rules held by scripts are compared at each look; the next ones are compared at the next.
const WATCH_BUDGET = 200;
// For so long after a held rule was found changed, every frame looks.
const HOT_MS = 1000;

const STYLED = ['CSSStyleRule', 'CSSPageRule', 'CSSFontFaceRule', 'CSSKeyframeRule', 'CSSNestedDeclarations', 'CSSMarginRule', 'CSSPositionTryRule'];
const GROUPS = ['CSSGroupingRule', 'CSSStyleRule', 'CSSKeyframesRule'];
// What can adopt sheets.
const ROOTS = ['Document', 'ShadowRoot'];
const TEXTS = [['CSSStyleRule', 'selectorText'], ['CSSPageRule', 'selectorText'], ['CSSKeyframeRule', 'keyText'], ['CSSKeyframesRule', 'name']];
const IMPORT_RULE = 3;

export class Sheets {
  constructor(page, reader, { schedule, noteState }) {
    this.page = page;
    this.reader = reader;
    this.schedule = schedule;
    this.noteState = noteState;
    this.tracked = new Map(); // sheet → what the mirror has of it
    this.dirty = new Set(); // sheets with changed rules that the mirror does not have
    this.edited = new Set(); // rules whose text may have changed
    this.watched = new Map(); // rules whose style a script has got hold of → their text when last looked at
    this.watchedAt = 0;
    this.hotUntil = 0;
    this.adopted = new Map(); // root → the sheets it had adopted when last looked at
    this.touchedRoots = new Set([page.document]);
    this.watchedRoots = new Set();
    this.uses = new Map(); // constructed sheet → how many roots have adopted it
    this.unsaid = new Set(); // constructed sheets to tell
    this.properties = new Set(); // constructed sheets that were switched on or off
    this.prefix = '';
    this.numbers = new WeakMap();
    this.count = 0;
    this.unverified = [];
    this.patches = [];
    this.ended = false;
    this.homes = new WeakMap(); // constructed sheet → the document it is adopted in
    this.own = new WeakSet(); // sheets of ours
    this.listOf = {};
    for (const type of ROOTS) {
      this.listOf[type] = Object.getOwnPropertyDescriptor(page.window[type]?.prototype ?? {}, 'adoptedStyleSheets')?.get;
    }
    reader.sheets = this;
  }

  // The functions of one window: a frame's has its own.
  patch(scope) {
    const patches = new Patches();
    this.patches.push(patches);
    const sheetType = scope.CSSStyleSheet?.prototype;
    patches.method(sheetType, 'insertRule', (sheet, index) => this.inserted(sheet, index));
    patches.method(sheetType, 'addRule', (sheet) => this.replaced(sheet));
    patches.method(sheetType, 'deleteRule', (sheet, _, [index]) => this.deleted(sheet, index));
    patches.method(sheetType, 'removeRule', (sheet, _, [index]) => this.deleted(sheet, index));
    patches.method(sheetType, 'replaceSync', (sheet) => this.replaced(sheet));
    patches.method(sheetType, 'replace', (sheet, promise) => {
      promise.then(() => patches.active && this.replaced(sheet), () => {});
    });
    for (const type of GROUPS) {
      for (const name of ['insertRule', 'deleteRule', 'appendRule']) patches.method(scope[type]?.prototype, name, (rule) => this.noteRule(rule));
    }
    for (const [type, name] of TEXTS) patches.accessor(scope[type]?.prototype, name, { written: (rule) => this.noteRule(rule) });
    for (const type of STYLED) {
      for (const name of ['style', 'styleMap']) patches.accessor(scope[type]?.prototype, name, { read: (rule) => this.watch(rule), written: (rule) => this.noteRule(rule) });
    }
    patches.accessor(scope.StyleSheet.prototype, 'disabled', { written: (sheet) => this.noteProperties(sheet) });
    patches.accessor(scope.MediaList.prototype, 'mediaText', { written: () => this.noteMedia() });
    for (const name of ['appendMedium', 'deleteMedium']) patches.method(scope.MediaList.prototype, name, () => this.noteMedia());
    const root = { read: (root) => this.watchRoot(root), written: (root) => this.noteRoot(root) };
    for (const type of ROOTS) patches.accessor(scope[type]?.prototype, 'adoptedStyleSheets', root);
  }

  disconnect() {
    for (const patches of this.patches) patches.takeBack();
    this.ended = true;
    clearTimeout(this.verifying);
  }

  // What scripts did.

  inserted(sheet, index) {
    if (this.own.has(sheet)) return;
    const entry = this.tracked.get(sheet);
    if (entry === undefined) this.dirty.add(sheet);
    else {
      entry.list.splice(index, 0, null);
      entry.from = Math.min(entry.from, index);
      entry.rest = Math.min(entry.rest, entry.list.length - index - 1);
    }
    this.schedule();
  }

  deleted(sheet, argument) {
    const index = Number(argument) || 0;
    const entry = this.tracked.get(sheet);
    if (entry === undefined) this.dirty.add(sheet);
    else {
      const [rule] = entry.list.splice(index, 1);
      if (rule) entry.gone.push(rule);
      entry.from = Math.min(entry.from, index);
      entry.rest = Math.min(entry.rest, entry.list.length - index);
    }
    this.schedule();
  }

  replaced(sheet) {
    if (this.own.has(sheet)) return;
    const entry = this.tracked.get(sheet);
    if (entry === undefined) this.dirty.add(sheet);
    else entry.stale = true;
    this.schedule();
  }

  noteRule(rule) {
    this.edited.add(rule);
    this.schedule();
  }

  // Whoever has read a rule's style may write to it, now or at any time.
  watch(rule) {
    this.edited.add(rule);
    if (!this.watched.has(rule)) this.watched.set(rule, null);
    this.schedule();
  }

  noteProperties(sheet) {
    if (sheet.ownerNode) this.noteState(sheet.ownerNode);
    else if (this.uses.has(sheet)) this.properties.add(sheet);
    this.schedule();
  }

  noteMedia() {
    for (const sheet of this.tracked.keys()) this.noteProperties(sheet);
    for (const node of this.reader.controls) if (node.sheet) this.noteState(node);
    for (const sheet of this.tracked.keys()) for (const rule of sheet.cssRules) if (rule.media) this.edited.add(rule);
  }

  noteRoot(root) {
    this.touchedRoots.add(root);
    this.schedule();
  }

  // Until now nobody has told what scripts did here.
  suspect(root) {
    this.noteRoot(root);
    for (const sheet of this.adopted.get(root) ?? []) {
      this.replaced(sheet);
      this.noteProperties(sheet);
    }
  }

  watchRoot(root) {
    this.watchedRoots.add(root);
    this.noteRoot(root);
  }

  // Looks at what scripts hold; `all` at once, or some of it.
  poll(all) {
    for (const root of this.watchedRoots) this.touchedRoots.add(root);
    const rules = [...this.watched.keys()];
    const count = all ? rules.length : Math.min(rules.length, WATCH_BUDGET);
    for (let i = 0; i < count; i++) {
      this.watchedAt = (this.watchedAt + 1) % rules.length;
      this.look(rules[this.watchedAt]);
    }
  }

  look(rule) {
    if (rule.parentStyleSheet === null) {
      this.watched.delete(rule);
      return;
    }
    const text = rule.cssText;
    const before = this.watched.get(rule);
    if (text === before) return;
    this.watched.set(rule, text);
    this.edited.add(rule);
    if (before !== null) this.hotUntil = performance.now() + HOT_MS;
  }

  isHot() {
    return this.watched.size > 0 && performance.now() < this.hotUntil;
  }

  // The sheet of an element being told, when its rules are to be told with it.
  ofNew(node) {
    const sheet = node.sheet;
    if (!sheet) return null;
    if (this.dirty.has(sheet) || this.tracked.has(sheet)) return sheet;
    if (node.localName !== 'style' || node.firstChild !== null && node.textContent.trim() !== '') return null;
    return sheet.cssRules.length > 0 ? sheet : null;
  }

  // Tells a sheet, its properties and its rules.
  tell(sheet, props) {
    let rules;
    try {
      rules = [...sheet.cssRules];
    } catch {
      rules = []; // Nobody may read it: nobody can have changed it either.
    }
    this.dirty.delete(sheet);
    this.reader.tellSheet(sheet, props, rules);
    this.tracked.set(sheet, { list: rules, gone: [], from: Infinity, rest: Infinity, stale: false });
  }

  // The node of this sheet is about to be told anew.
  forget(sheet) {
    const entry = this.tracked.get(sheet);
    if (entry === undefined) return;
    this.drop(sheet, entry);
    this.dirty.add(sheet);
  }

  drop(sheet, entry) {
    const { ids } = this.reader;
    this.tracked.delete(sheet);
    ids.delete(sheet);
    for (const rule of [...entry.list, ...entry.gone]) ids.delete(rule);
  }

  // The value of a root's property: the numbers of the sheets it has adopted, in order.
  adoptedBy(root) {
    const before = this.adopted.get(root) ?? [];
    const home = dom.nodeType(root) === dom.DOCUMENT ? root : dom.ownerDocument(root);
    const list = this.listOf[home === root ? 'Document' : 'ShadowRoot'];
    const now = list === undefined ? [] : [...list.call(root)];
    if (now.length === 0 && before.length === 0) return null;
    for (const sheet of now) {
      this.uses.set(sheet, (this.uses.get(sheet) ?? 0) + 1);
      this.homes.set(sheet, home);
      if (!this.numbers.has(sheet)) this.numbers.set(sheet, this.prefix + (this.count += 1));
      if (!this.tracked.has(sheet)) this.unsaid.add(sheet);
    }
    this.release(before);
    this.adopted.set(root, now);
    return now.length === 0 ? null : now.map((sheet) => this.numbers.get(sheet)).join(' ');
  }

  release(sheets) {
    for (const sheet of sheets) {
      const uses = this.uses.get(sheet) - 1;
      if (uses > 0) this.uses.set(sheet, uses);
      else this.uses.delete(sheet);
    }
  }

  // A root is no longer in the page.
  freed(root) {
    const sheets = this.adopted.get(root);
    if (sheets === undefined) return;
    this.adopted.delete(root);
    this.release(sheets);
    this.schedule();
  }

  // States what has changed. `alone`: no fact of this frame tells of children, so runs of ours meet no others.
  state(alone) {
    this.stateRoots();
    for (const [sheet, entry] of this.tracked) this.stateSheet(sheet, entry);
    this.stateEdited();
    this.stateProperties();
    if (alone) this.stateNew();
  }

  // Whether something waits for a frame of its own.
  get isPending() {
    return this.unsaid.size > 0 || this.dirty.size > 0;
  }

  stateRoots() {
    const { reader } = this;
    for (const root of this.touchedRoots) {
      const id = reader.ids.get(root);
      if (id !== undefined) reader.attr(id, reader.prop('adopted'), this.adoptedBy(root));
    }
    this.touchedRoots.clear();
  }

  stateSheet(sheet, entry) {
    const { reader } = this;
    const id = reader.ids.get(sheet);
    const owner = sheet.ownerNode;
    // Read anew from its text, no longer adopted, or gone with its element.
    const isCurrent = owner ? owner.sheet === sheet : this.uses.has(sheet);
    if (id === undefined || !isCurrent) {
      if (id !== undefined) reader.gone(id);
      this.drop(sheet, entry);
      return;
    }
    for (const rule of entry.gone) this.goneRule(rule);
    entry.gone.length = 0;
    if (!entry.stale && entry.list.length !== sheet.cssRules.length) entry.stale = true;
    if (entry.stale) this.restate(sheet, entry);
    if (entry.from < Infinity) this.stateRules(sheet, entry, id);
  }

  goneRule(rule) {
    const id = this.reader.ids.get(rule);
    if (id !== undefined) this.reader.gone(id);
  }

  // All rules may be others: those there are take the place of those there were, in order.
  restate(sheet, entry) {
    const { reader } = this;
    const now = [...sheet.cssRules];
    const ids = entry.list.filter((rule) => reader.ids.has(rule)).map((rule) => reader.ids.get(rule));
    // All are taken back first: a rule may now stand where another stood.
    for (const rule of entry.list) reader.ids.delete(rule);
    ids.forEach((id, i) => {
      if (i >= now.length) {
        reader.gone(id);
        return;
      }
      reader.ids.set(now[i], id);
      reader.data(id, now[i].cssText);
    });
    Object.assign(entry, { list: now, stale: false, from: 0, rest: 0 });
  }

  // Only the part of the list where something was inserted or deleted is looked at.
  stateRules(sheet, entry, id) {
    const { reader } = this;
    const { list } = entry;
    const rules = sheet.cssRules;
    const end = list.length - entry.rest;
    for (let i = entry.from; i < end; i++) list[i] ??= rules[i];
    for (let i = entry.from; i < end; i++) {
      if (reader.ids.has(list[i])) continue;
      let after = i + 1;
      while (after < end && !reader.ids.has(list[after])) after++;
      reader.beginRun(id, after < list.length ? reader.ids.get(list[after]) : null);
      for (; i < after; i++) reader.tellRule(list[i]);
      reader.endRun();
    }
    entry.from = entry.rest = Infinity;
  }

  stateEdited() {
    const { reader } = this;
    const done = new Set();
    for (const rule of this.edited) {
      let top = rule;
      while (top.parentRule) top = top.parentRule;
      const sheet = top.parentStyleSheet;
      if (sheet === null || done.has(top)) continue;
      done.add(top);
      if (this.watched.has(rule)) this.watched.set(rule, rule.cssText);
      const id = reader.ids.get(top);
      if (id !== undefined) reader.data(id, top.cssText);
      else if (!this.tracked.has(sheet) && sheet.ownerNode && this.isChanged(sheet)) this.dirty.add(sheet);
    }
    this.edited.clear();
  }

  stateProperties() {
    const { reader } = this;
    for (const sheet of this.properties) {
      const id = reader.ids.get(sheet);
      if (id === undefined) continue;
      const { media, disabled } = propertiesOf(sheet);
      reader.attr(id, reader.prop('media'), media);
      reader.attr(id, reader.prop('disabled'), disabled);
    }
    this.properties.clear();
  }

  stateNew() {
    const { reader } = this;
    for (const sheet of this.dirty) {
      const owner = sheet.ownerNode;
      const id = owner ? reader.ids.find(owner) : undefined;
      this.dirty.delete(sheet);
      if (id === undefined || owner.sheet !== sheet || reader.closed.has(owner)) continue;
      const first = reader.first(owner);
      reader.beginRun(id, first === null ? null : reader.ids.find(first));
      this.tell(sheet, {});
      reader.endRun();
    }
    const homes = new Map();
    for (const sheet of this.unsaid) {
      const home = this.homes.get(sheet);
      if (this.uses.has(sheet)) homes.set(home, [...(homes.get(home) ?? []), sheet]);
    }
    this.unsaid.clear();
    for (const [home, sheets] of homes) {
      const id = reader.ids.get(home);
      if (id === undefined) continue;
      const first = reader.first(home);
      reader.beginRun(id, first === null ? null : reader.ids.get(first));
      for (const sheet of sheets) this.tell(sheet, { sheet: this.numbers.get(sheet), ...propertiesOf(sheet) });
      reader.endRun();
    }
  }

  // Rules that scripts changed before the session began are found by comparing each style element's rules with those
  // that its text gives; not while the page is first read, but when there is time.
  verifyLater(nodes) {
    const isWaiting = this.unverified.length > 0;
    this.unverified.push(...nodes);
    if (isWaiting || nodes.length === 0) return;
    const turn = (deadline) => {
      if (this.ended) return;
      this.verify(performance.now() + (deadline?.timeRemaining?.() || 5));
      if (this.unverified.length > 0) next();
    };
    const { window } = this.page;
    const next = () => {
      if (window.requestIdleCallback) window.requestIdleCallback(turn, { timeout: 2000 });
      else this.verifying = setTimeout(turn, 50);
    };
    next();
  }

  verify(end) {
    while (this.unverified.length > 0 && performance.now() < end) {
      const { sheet } = this.unverified.pop();
      if (!sheet || this.tracked.has(sheet) || this.dirty.has(sheet) || !this.isChanged(sheet)) continue;
      this.dirty.add(sheet);
      this.schedule();
    }
  }

  // Whether a style element's rules are others than those its text gives.
  isChanged(sheet) {
    const owner = sheet.ownerNode;
    if (!owner || owner.localName !== 'style') return true;
    const parsed = parse(this.page.window, owner.textContent, this.own);
    if (parsed === null) return true;
    const rules = [...sheet.cssRules].filter((rule) => rule.type !== IMPORT_RULE);
    return rules.length !== parsed.length || rules.some((rule, i) => rule.cssText !== parsed[i].cssText);
  }
}

function parse(window, text, own) {
  try {
    const sheet = new window.CSSStyleSheet();
    own.add(sheet);
    sheet.replaceSync(text);
    return sheet.cssRules;
  } catch {
    return null; // A browser without constructed sheets.
  }
}

function propertiesOf(sheet) {
  return { media: sheet.media.mediaText || null, disabled: sheet.disabled ? '1' : null };
}
