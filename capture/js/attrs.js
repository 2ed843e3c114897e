// Attributes that were named by records: which node, which name. One that is named again is noted again, as asking each
// time costs more than to state a value twice; only when very many have gathered are those that say the same put together.

const COMPACT_AT = 20000;

export class Attrs {
  constructor() {
    this.nodes = [];
    this.names = [];
    this.uris = []; // the names' namespaces
    this.limit = COMPACT_AT;
  }

  get size() {
    return this.nodes.length;
  }

  add(node, name, uri) {
    this.nodes.push(node);
    this.names.push(name);
    this.uris.push(uri);
    if (this.nodes.length > this.limit) this.compact();
  }

  compact() {
    const { nodes, names, uris } = this;
    const seen = new Map();
    let kept = 0;
    for (let i = 0; i < nodes.length; i++) {
      const key = uris[i] === null ? names[i] : uris[i] + ' ' + names[i];
      let keys = seen.get(nodes[i]);
      if (keys === undefined) seen.set(nodes[i], (keys = new Set()));
      if (keys.has(key)) continue;
      keys.add(key);
      nodes[kept] = nodes[i];
      names[kept] = names[i];
      uris[kept++] = uris[i];
    }
    nodes.length = names.length = uris.length = kept;
    this.limit = Math.max(COMPACT_AT, kept * 2);
  }
}
