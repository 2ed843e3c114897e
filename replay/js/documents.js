// Pictures that the agent shows the customer: looked at here, so that a mistake is told at once, and once more where they are shown,
// which is what counts. A piece goes out when the ones before it have arrived: nothing else waits behind a picture.

// Tags and numbers of protocol/src/control.rs.
const DOCUMENT = 71;
const STATES = ['sending', 'shown', 'closed', 'refused', 'replaced', 'taken-back'];
const WHY = ['', 'kind', 'large', 'broken', 'site', 'pieces'];
const PIECE_BYTES = 16 * 1024;
// So much may be on its way.
const WINDOW_BYTES = 2 * PIECE_BYTES;
const MOST_BYTES = 10 * 2 ** 20;
const NAME_CHARS = 120;

const KINDS = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38, 0x37, 0x61]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38, 0x39, 0x61]],
];

export const isDocument = (tag) => tag === DOCUMENT;

export class Documents {
  constructor(view) {
    this.view = view;
    this.current = null;
  }

  // Resolves when all of it is on its way to be shown; what becomes of it is told by events. Rejects where it is none that is shown.
  async share(file) {
    const { view } = this;
    if (!view.link) throw new Error('cobrowse: a document is shown over a relay only');
    if (!(file instanceof Blob)) throw new TypeError('cobrowse: document: expected a File');
    const name = String(file.name ?? 'picture').slice(0, NAME_CHARS);
    const found = JSON.stringify(name);
    if (file.size > MOST_BYTES) throw new Error(`cobrowse: document: expected at most 10 MB, found ${found} with ${(file.size / 2 ** 20).toFixed(1)} MB`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const kind = KINDS.find(([, magic]) => magic.every((byte, at) => bytes[at] === byte))?.[0];
    if (kind === undefined) throw new Error(`cobrowse: document: expected a JPG, PNG or GIF, found ${found}, which is none, whatever its name says`);
    try {
      (await createImageBitmap(new Blob([bytes], { type: kind }))).close();
    } catch {
      throw new Error(`cobrowse: document: expected a picture that can be shown, found ${found}, which is damaged`);
    }
    const [id] = crypto.getRandomValues(new Uint32Array(1));
    this.current = { id, name, bytes, sent: 0, arrived: 0, state: 'sending' };
    this.tell();
    this.pump();
  }

  takeBack() {
    const { current } = this;
    if (!current || !isOpen(current)) return;
    this.say(current, 0, 0, new Uint8Array());
    this.become(current, 'taken-back');
  }

  say({ id, name }, size, at, bytes) {
    this.view.input.say('Document', id, size, at, at === 0 ? name : '', bytes);
  }

  pump() {
    const { current } = this;
    if (current?.state !== 'sending') return;
    const { bytes } = current;
    while (current.sent < bytes.length && current.sent - current.arrived < WINDOW_BYTES) {
      const piece = bytes.subarray(current.sent, current.sent + PIECE_BYTES);
      this.say(current, bytes.length, current.sent, piece);
      current.sent += piece.length;
    }
  }

  // What the customer's page says of it.
  heard([user, id, state, value]) {
    const { current } = this;
    if (!current || current.id !== id || !isOpen(current)) return;
    const name = STATES[state] ?? 'refused';
    if (name === 'sending') {
      // Another page of the customer's has less of it than the one before; one that was cut off may have more.
      if (value < current.arrived || value > current.sent) current.sent = value;
      current.arrived = value;
      if (current.state !== 'sending') this.become(current, 'sending');
      else this.tell();
      this.pump();
    } else this.become(current, name, name === 'refused' ? WHY[value] : undefined);
  }

  // It was not taken: another agent has control, the session is paused.
  refused(reason) {
    const { current } = this;
    if (current?.state === 'sending') this.become(current, 'refused', reason);
  }

  // The customer's page, or the way to it, may be another one: it is asked whether it has it. One that has not wants it anew.
  again() {
    const { current } = this;
    if (!current || !isOpen(current)) return;
    if (current.state === 'sending') current.sent = current.arrived;
    this.say(current, current.bytes.length, current.bytes.length, new Uint8Array());
  }

  // The session is over.
  stop() {
    this.current = null;
  }

  become(current, state, reason) {
    Object.assign(current, { state, reason });
    this.tell();
  }

  tell() {
    const { name, state, reason, arrived, bytes } = this.current;
    this.view.emit('document', { name, state, reason, arrived, size: bytes.length });
  }
}

const isOpen = ({ state }) => state === 'sending' || state === 'shown';
