// A session being recorded in the page: its frames are kept in the browser's own storage across reloads and pages of the site,
// in this tab, until they are handed out. Fetched only where `record` says so; exposes itself under a symbol, not a name, on the page.
// The file that is made of them: docs/recording-format.md.

const DATABASE = 'cobrowse-recordings';
const STORE = 'blocks';
// Of this tab: which recording it goes on with, and when that began.
const KEY = 'cobrowse.recording';
// How long a frame may wait to be stored, in milliseconds, and how many bytes may.
const WAIT_MS = 250;
const BLOCK_BYTES = 64 << 10;
// More is not kept of a recording.
const MOST_BYTES = 256 << 20;
// What nobody has asked for goes after so long.
const KEPT_MS = 7 * 24 * 3600 * 1000;
// Options that say what is kept from agents.
const RULES = ['mask', 'unmask', 'block', 'ignore', 'deny', 'rules', 'private', 'maskLength', 'urls'];
const KEYFRAME = 1;
// Kinds of blocks, and their bit for what can be played from.
const ABOUT = 1, VERBATIM = 3;
const SEEKABLE = 2;

class Tape {
  constructor(session, database, { id, created }, last, size) {
    Object.assign(this, { session, database, id, created, last, size });
    this.stored = Promise.resolve();
    this.stream = null; // the stream's time of its last frame
    this.clear();
  }

  static async begin(session) {
    const database = await open();
    const about = await remembered();
    await forgetOld(database);
    let last = 0, size = 0;
    await each(database, about.id, (block) => {
      last = Math.max(last, block.last);
      size += block.payload.byteLength;
    });
    const tape = new Tape(session, database, about, last, size);
    const flush = () => tape.flush();
    addEventListener('pagehide', flush);
    session.on('ended', () => {
      removeEventListener('pagehide', flush);
      flush();
    });
    return tape;
  }

  clear() {
    this.parts = [];
    this.bytes = 0;
    this.frames = 0;
    this.first = this.last;
    this.seekable = false;
  }

  // As replay/src/recording/clock.rs has it: within a stream its own time, and a new stream begins when it does.
  timeOf(frame) {
    const time = new DataView(frame.buffer, frame.byteOffset).getUint32(5, true);
    if (this.stream === null) this.shift = Date.now() - this.created - time;
    this.stream = time;
    return (this.last = Math.max(this.last, Math.round(time + this.shift), 0));
  }

  push(frame) {
    if (this.failed) return;
    const isKeyframe = (frame[0] & 3) === KEYFRAME;
    if (isKeyframe) this.flush();
    const before = this.last;
    const at = this.timeOf(frame);
    if (this.frames === 0) {
      this.first = at;
      this.seekable = isKeyframe;
    }
    const head = [];
    varint(head, this.frames === 0 ? 0 : at - before);
    varint(head, frame.length);
    this.parts.push(new Uint8Array(head), frame.slice());
    this.bytes += head.length + frame.length;
    this.frames++;
    if (this.bytes >= BLOCK_BYTES) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), WAIT_MS);
  }

  flush() {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.frames === 0) return this.stored;
    const { id, first, last, frames, seekable } = this;
    const payload = joined(this.parts, this.bytes);
    this.clear();
    this.size += payload.length;
    const block = { id, at: Date.now(), first, last, frames, seekable, payload };
    const isFull = this.size > MOST_BYTES;
    const put = isFull
      ? Promise.reject(new Error(`cobrowse: a recording of more than ${MOST_BYTES} bytes is not kept; it ends here`))
      : done(this.database.transaction(STORE, 'readwrite', { durability: 'relaxed' }), (store) => store.add(block));
    this.stored = Promise.all([this.stored, put]).catch((error) => {
      if (this.failed) return;
      this.failed = true;
      this.session.emit('error', error);
    });
    return this.stored;
  }

  // All that was recorded, as a file; null for nothing. `clear`: it is not kept any longer, and what comes from now on is another one.
  async handOut({ clear = false } = {}) {
    const { session } = this;
    if (!session.ended) await session.flush();
    await this.flush();
    const parts = [new TextEncoder().encode('cobrowse'), Uint8Array.of(2)];
    let number = 0, frames = 0;
    const add = (kind, about, payload) => parts.push(headOf(kind, number++, about, payload), payload);
    add(ABOUT, { first: 0, last: 0, frames: 0, seekable: false }, this.about());
    await each(this.database, this.id, ({ payload, ...block }) => {
      frames += block.frames;
      add(VERBATIM, block, payload);
    });
    if (clear) {
      await this.forget();
      if (!session.ended) session.recorder.keyframe();
    }
    return frames > 0 ? new Blob(parts, { type: 'application/x-cobrowse' }) : null;
  }

  about() {
    const created = new Uint8Array(8);
    new DataView(created.buffer).setBigUint64(0, BigInt(this.created), true);
    const out = [1, 8, ...created];
    const { options } = this.session;
    const said = RULES.filter((name) => (options[name] ?? null) !== null).map((name) => [name, options[name]]);
    const rules = new TextEncoder().encode(JSON.stringify(Object.fromEntries(said)));
    if (rules.length > 2 && rules.length <= 64 << 10) {
      out.push(5);
      varint(out, rules.length);
      for (const byte of rules) out.push(byte);
    }
    return new Uint8Array(out);
  }

  async forget() {
    const { id } = this;
    await done(this.database.transaction(STORE, 'readwrite'), (store) => {
      store.index('id').openKeyCursor(IDBKeyRange.only(id)).onsuccess = ({ target: { result } }) => {
        if (!result) return;
        store.delete(result.primaryKey);
        result.continue();
      };
    });
    Object.assign(this, await renewed(), { last: 0, size: 0, stream: null, failed: false });
    this.clear();
  }
}

const remembered = async () => {
  let known = null;
  try {
    known = JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    // Nothing is remembered.
  }
  // A tab that was duplicated has the same: the recording is that of who has it first.
  if (known && (await held(known.id))) return known;
  return renewed();
};

async function renewed() {
  const made = { id: crypto.getRandomValues(new Uint32Array(4)).join('-'), created: Date.now() };
  try {
    sessionStorage.setItem(KEY, JSON.stringify(made));
  } catch {
    // It is this page's alone.
  }
  await held(made.id);
  return made;
}

// True where it is ours as long as this page is there.
const held = (id) =>
  new Promise((resolve) => {
    if (!navigator.locks) return resolve(true);
    navigator.locks.request('cobrowse.recording ' + id, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock && new Promise(() => undefined);
    }).catch(() => resolve(true));
  });

const open = () =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => {
      const store = opening.result.createObjectStore(STORE, { autoIncrement: true });
      store.createIndex('id', 'id');
      store.createIndex('at', 'at');
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
    opening.onblocked = () => reject(new Error('cobrowse: the storage for recordings is held by another version'));
  });

const done = (transaction, run) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error('cobrowse: a recording could not be stored'));
    run(transaction.objectStore(STORE));
  });

const each = (database, id, run) =>
  done(database.transaction(STORE), (store) => {
    store.index('id').openCursor(IDBKeyRange.only(id)).onsuccess = ({ target: { result } }) => {
      if (!result) return;
      run(result.value);
      result.continue();
    };
  });

const forgetOld = (database) =>
  done(database.transaction(STORE, 'readwrite'), (store) => {
    store.index('at').openKeyCursor(IDBKeyRange.upperBound(Date.now() - KEPT_MS)).onsuccess = ({ target: { result } }) => {
      if (!result) return;
      store.delete(result.primaryKey);
      result.continue();
    };
  });

function headOf(kind, number, { first, last, frames, seekable }, payload) {
  const head = new Uint8Array(40);
  head.set([0xcb, kind, seekable ? SEEKABLE : 0, 0]);
  const view = new DataView(head.buffer);
  [number, payload.length, payload.length, 0, first, last, frames, hashOf(payload)].forEach((word, index) => view.setUint32(4 + 4 * index, word, true));
  view.setUint32(36, hashOf(head.subarray(0, 36)), true);
  return head;
}

function varint(out, value) {
  for (; value >= 0x80; value = Math.floor(value / 0x80)) out.push((value & 0x7f) | 0x80);
  out.push(value);
}

function joined(parts, bytes) {
  const out = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

// XXH32, seed 0.
function hashOf(bytes) {
  const [A, B, C, D, E] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1];
  const rotated = (word, by) => (word << by) | (word >>> (32 - by));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0, sum;
  if (bytes.length >= 16) {
    const lanes = [A + B, B, 0, -A].map((lane) => lane | 0);
    for (; at + 16 <= bytes.length; at += 16) {
      for (let lane = 0; lane < 4; lane++) {
        lanes[lane] = Math.imul(rotated((lanes[lane] + Math.imul(view.getUint32(at + 4 * lane, true), B)) | 0, 13), A);
      }
    }
    sum = rotated(lanes[0], 1) + rotated(lanes[1], 7) + rotated(lanes[2], 12) + rotated(lanes[3], 18);
  } else {
    sum = E;
  }
  sum = (sum + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4) sum = Math.imul(rotated((sum + Math.imul(view.getUint32(at, true), C)) | 0, 17), D);
  for (; at < bytes.length; at++) sum = Math.imul(rotated((sum + Math.imul(bytes[at], E)) | 0, 11), A);
  sum = Math.imul(sum ^ (sum >>> 15), B);
  sum = Math.imul(sum ^ (sum >>> 13), C);
  return (sum ^ (sum >>> 16)) >>> 0;
}

window[Symbol.for('cobrowse.tape')] = Tape;
