// The page against the mirror, a little at a time while the page is idle: what changed behind the observer's back is found and
// told. The comparing is done in capture/src/walk.rs, on facts like those of the reader.

import * as dom from './dom.js';

const UP = 6, END = 3, ELEMENT = 5, TEXT = 7, COMMENT = 8, INSTRUCTION = 9, DOCTYPE = 10, CHECK = 23;
// In place of an id that nobody has asked for.
const NONE = 0xffffffff;

// How long a slice may take, how many times as long the page is left alone behind it, and how long behind a whole round.
const SLICE_MS = 4;
const REST = 20;
const LEAST_REST_MS = 100;
const ROUND_MS = 20_000;
// How often the whole page is gone through, while something is found, for somebody who waits for it.
const MOST_ROUNDS = 10;

export class Walk {
  // It begins after `pause` milliseconds.
  constructor(recorder, pause) {
    this.recorder = recorder;
    this.found = 0; // what was not as the mirror had it
    this.foundBefore = 0; // by earlier rounds
    this.rounds = 0;
    this.restart();
    this.later(pause);
  }

  // The recorder has begun anew, or a round is over.
  restart() {
    this.left = null; // roots whose nodes are to be looked at in this round
    this.at = null; // the node to go on from
  }

  later(pause) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const run = (idle) => {
        if (this.ended) return;
        const start = performance.now();
        const { foundBefore } = this;
        const isOver = this.slice(start + Math.min(SLICE_MS, Math.max(1, idle?.timeRemaining() ?? SLICE_MS)));
        // Behind what was found there may be more: what is below other children was not compared.
        const isDone = isOver && this.found === foundBefore;
        if (isOver) this.foundBefore = this.found;
        this.later(isDone ? ROUND_MS : Math.max(LEAST_REST_MS, (performance.now() - start) * REST));
      };
      if (window.requestIdleCallback) requestIdleCallback(run, { timeout: 2000 });
      else run();
    }, pause);
  }

  // Looks at the whole page, however long it takes; resolves to how much was found.
  run() {
    const before = this.found;
    for (let last = -1, round = 0; last !== this.found && round < MOST_ROUNDS; round++) {
      last = this.found;
      this.restart();
      while (!this.slice(Infinity));
    }
    return this.found - before;
  }

  // True when a round is over.
  slice(deadline) {
    const { recorder } = this;
    const { changes, engine, reader, wasm } = recorder;
    if (recorder.paused || recorder.options.isBusy()) return deadline === Infinity;
    // What the observer knows is told first; and what selectors say, whether it knows of a change or not.
    changes.unmarked = true;
    recorder.write(deadline === Infinity ? Infinity : undefined);
    if (reader.isCut || recorder.ended || recorder.engine !== engine) return deadline === Infinity;
    this.left ??= [recorder.page.document, ...changes.roots].filter((root, i, all) => all.indexOf(root) === i);
    reader.start();
    reader.deadline = deadline;
    let found;
    try {
      while (this.left.length > 0 && !reader.isCut) this.tell(reader, changes);
      const { words, text, units } = reader.finish();
      engine.read(words.length, recorder.handOver(words, text, units), units);
      const [ops, ...strays] = engine.strays();
      found = ops + strays.length;
      for (const id of strays) changes.mend(id, engine.children(id));
    } catch (error) {
      // Which node has which id could not be found out.
      changes.lose(error);
      this.restart();
      return true;
    }
    reader.start();
    if (found > 0 || changes.hosts.size > 0) {
      this.found += found;
      recorder.write(deadline === Infinity ? Infinity : undefined);
    }
    if (this.left.length > 0) return false;
    this.restart();
    this.rounds++;
    return true;
  }

  // Tells of one root what time allows.
  tell(reader, changes) {
    const root = this.left[0];
    const { ids } = reader;
    const rootId = ids.get(root);
    let node = this.at, isBegun = true;
    if (node === null && rootId !== undefined) {
      node = reader.first(root);
      this.begin(reader, rootId, 1);
    } else {
      // Where it left the page, so does the rest of this root, until the next round.
      if (node !== null && !isBelow(root, node)) node = null;
      while (node !== null && ids.find(node) === undefined) node = behind(reader, node, root);
      isBegun = node !== null;
      if (isBegun) this.begin(reader, ids.get(node), 0);
    }
    while (node !== null) {
      if (reader.isTimeUp()) {
        this.at = node;
        this.word(reader, END);
        return;
      }
      const below = this.tellOne(reader, changes, node);
      if (below !== null) {
        node = below;
        continue;
      }
      let next;
      while ((next = reader.next(node)) === null && (node = dom.parentNode(node)) !== root) this.word(reader, UP);
      node = next;
    }
    if (isBegun) {
      this.word(reader, UP);
      this.word(reader, END);
    }
    this.left.shift();
    this.at = null;
  }

  begin(reader, id, inside) {
    this.word(reader, CHECK);
    this.word(reader, id);
    this.word(reader, inside);
  }

  word(reader, word) {
    if (reader.count + 8 > reader.words.length) reader.grow(64);
    reader.words[reader.count++] = word;
  }

  leaf(reader, fact, node, data) {
    this.word(reader, fact);
    this.word(reader, reader.ids.get(node) ?? NONE);
    reader.string(data);
    return null;
  }

  // Returns the first child, when there is one to go on with.
  tellOne(reader, changes, node) {
    switch (dom.nodeType(node)) {
      case dom.ELEMENT:
        break;
      case dom.TEXT:
      case dom.CDATA:
        return this.leaf(reader, TEXT, node, dom.data(node));
      case dom.COMMENT:
        return this.leaf(reader, COMMENT, node, dom.data(node));
      case dom.INSTRUCTION:
        return this.leaf(reader, INSTRUCTION, node, dom.target(node) + ' ' + dom.data(node));
      case dom.DOCTYPE:
        return this.leaf(reader, DOCTYPE, node, [dom.doctypeName(node), dom.doctypePublic(node), dom.doctypeSystem(node)].join('\0'));
      default:
        return null;
    }
    this.word(reader, ELEMENT);
    this.word(reader, reader.ids.get(node) ?? NONE);
    this.word(reader, reader.elementName(node));
    this.word(reader, reader.selectors !== null || reader.secrets.has(node) ? reader.marks(node) : 0);
    const countAt = reader.count++;
    let count = 0;
    const names = dom.getAttributeNames(node);
    if (reader.count + 2 * names.length + 64 > reader.words.length) reader.grow(2 * names.length + 64);
    for (const name of names) {
      const value = dom.getAttribute(node, name);
      if (value === null) {
        count += reader.tellAttributeNodes(node, name);
        continue;
      }
      reader.words[reader.count++] = reader.plainNames.get(name) ?? reader.attrName(node, name);
      reader.string(value);
      count++;
    }
    reader.words[countAt] = count;
    if (!reader.closed.has(node)) {
      changes.missedRoot(node);
      const first = reader.first(node);
      if (first !== null) return first;
    }
    this.word(reader, UP);
    return null;
  }

  stop() {
    this.ended = true;
    clearTimeout(this.timer);
  }
}

const isBelow = (root, node) => dom.getRootNode(node) === root;

// The next node behind a node and all that is below it.
function behind(reader, node, root) {
  let next;
  while ((next = reader.next(node)) === null && (node = dom.parentNode(node)) !== root);
  return next;
}
