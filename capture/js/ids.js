// Which node has which id. A page that was read by its markup has ids for all its nodes, given in tree order, but nobody
// has asked for the nodes themselves: most are never looked at again. Which of them has which id is found out parent by
// parent, when one is asked for, or before its children change.

import * as dom from './dom.js';

export class Ids {
  constructor() {
    // node → id, of use while the id is that node's: what is gone stays here until the browser forgets it
    this.known = new WeakMap();
    this.nodes = []; // id → node
    this.engine = null;
    this.pending = null; // id → 1 while which nodes its children are was not asked; null when nothing was read so
  }

  // The page below `root` was read by its markup: `count` nodes, whose ids are in the engine.
  begin(engine, root, count) {
    this.engine = engine;
    this.nodes = Object.assign(new Array(count + 1), this.nodes);
    this.pending = new Uint8Array(count + 1).fill(1);
    this.pending[0] = 0;
    this.set(root, 1);
  }

  // The id of a node that was told by itself or asked for before; of the others, use `find`.
  get(node) {
    const id = this.known.get(node);
    return id !== undefined && this.nodes[id] === node ? id : undefined;
  }

  has(node) {
    return this.get(node) !== undefined;
  }

  set(node, id) {
    this.known.set(node, id);
    this.nodes[id] = node;
  }

  delete(node) {
    this.known.delete(node);
  }

  // This id is free again, and its node has none.
  free(id) {
    this.nodes[id] = undefined;
    if (this.pending !== null && id < this.pending.length) this.pending[id] = 0;
  }

  // When much has gone: the table ends with the last id in use.
  trim() {
    const { nodes } = this;
    const least = this.pending?.length ?? 0;
    let end = nodes.length;
    while (end > least && nodes[end - 1] === undefined) end--;
    nodes.length = end;
  }

  // The id of any node. All records that there are have to be noted first.
  find(node) {
    const id = this.get(node);
    return id !== undefined || this.pending === null ? id : this.findFrom(node, dom.parentNode, childrenOf);
  }

  findFrom(node, parentOf, childrenOf) {
    const way = [];
    let at = node, id;
    while ((id = this.get(at)) === undefined) {
      way.push(at);
      at = parentOf(at);
      if (at === null) return undefined;
    }
    while (way.length > 0) {
      if (!this.pending[id]) return undefined;
      this.name(id, childrenOf(at));
      at = way.pop();
      id = this.get(at);
      if (id === undefined) return undefined;
    }
    return id;
  }

  // The node of an id. All records that there are have to be noted first.
  nodeOf(id) {
    const way = [];
    let at = id;
    while (this.nodes[at] === undefined) {
      if (this.pending === null) return undefined;
      way.push(at);
      at = this.engine.parent(at);
      if (at === undefined) return undefined;
    }
    while (way.length > 0) {
      if (!this.pending[at]) return undefined;
      this.name(at, childrenOf(this.nodes[at]));
      at = way.pop();
      if (this.nodes[at] === undefined) return undefined;
    }
    return this.nodes[id];
  }

  // These nodes are the children of that one.
  name(parent, nodes) {
    this.pending[parent] = 0;
    const ids = this.engine.children(parent);
    if (ids.length === 0) return; // Kept back, if there are any.
    if (ids.length !== nodes.length) throw new Error('cobrowse: other children than node ' + parent + ' has');
    for (let i = 0; i < ids.length; i++) this.set(nodes[i], ids[i]);
  }

  // Names the children of all nodes whose children these records say have changed: those they had before.
  adopt(records) {
    if (this.pending === null) return;
    const changed = new Map(); // parent → its records
    const from = new Map(); // node → its parent before; null for one that had none
    let last = null, list = null;
    for (let i = 0; i < records.length; i++) {
      const record = records[i];
      if (record.type !== 'childList') continue;
      const { target } = record;
      if (target !== last) {
        last = target;
        const id = this.get(target);
        list = id !== undefined && !this.pending[id] ? null : changed.get(target) ?? [];
        if (list !== null) changed.set(target, list);
      }
      if (list === null) continue;
      list.push(record);
      for (const node of record.removedNodes) if (!from.has(node)) from.set(node, target);
      for (const node of record.addedNodes) if (!from.has(node)) from.set(node, null);
    }
    const parentBefore = (node) => {
      const parent = from.get(node);
      return parent === undefined ? dom.parentNode(node) : parent;
    };
    const childrenBefore = (node) => (changed.has(node) ? undone(node, changed.get(node)) : childrenOf(node));
    for (const target of changed.keys()) {
      const id = this.findFrom(target, parentBefore, childrenBefore);
      if (id !== undefined && this.pending[id]) this.name(id, childrenBefore(target));
    }
  }
}

function childrenOf(parent) {
  const nodes = [];
  for (let node = dom.firstChild(parent); node !== null; node = dom.nextSibling(node)) nodes.push(node);
  return nodes;
}

// The children that a node had before these records of it.
function undone(parent, records) {
  const next = new Map(), previous = new Map(); // null stands before the first and behind the last
  const join = (left, right) => {
    next.set(left, right);
    previous.set(right, left);
  };
  let left = null;
  for (const node of childrenOf(parent)) {
    join(left, node);
    left = node;
  }
  join(left, null);
  for (let i = records.length - 1; i >= 0; i--) {
    const { addedNodes, removedNodes, previousSibling, nextSibling } = records[i];
    for (const node of addedNodes) join(previous.get(node), next.get(node));
    let left = previousSibling;
    for (const node of removedNodes) {
      join(left, node);
      left = node;
    }
    if (removedNodes.length > 0) join(left, nextSibling);
  }
  const nodes = [];
  for (let node = next.get(null); node !== null && node !== undefined; node = next.get(node)) nodes.push(node);
  return nodes;
}
