// Pixels of canvases, in tiles: those that changed are told, at a bounded rate and size. Drawing is noticed by wrapped
// functions of the contexts; what draws in another way (a worker) by a small copy that is compared from time to time.

import * as dom from './dom.js';
import { Patches } from './patches.js';
import { dataOf } from './resources.js';

const TILE = 256;
// A larger canvas is told at less than its own resolution.
const MAX_PIXELS = 1 << 20;
// A canvas is looked at once in so many milliseconds at most, and not for more than a share of the time.
const EVERY_MS = 200, SHARE = 10;
// The side of the small copy, and how often it is made.
const SMALL = 24, SMALL_EVERY_MS = 1000;

const DRAWING = {
  CanvasRenderingContext2D: ['clearRect', 'drawFocusIfNeeded', 'drawImage', 'fill', 'fillRect', 'fillText', 'putImageData', 'reset', 'stroke', 'strokeRect', 'strokeText'],
  ImageBitmapRenderingContext: ['transferFromImageBitmap'],
};
const DRAWING_GL = ['clear', 'drawArrays', 'drawArraysInstanced', 'drawElements', 'drawElementsInstanced', 'drawRangeElements'];
const GL = ['WebGLRenderingContext', 'WebGL2RenderingContext'];

export class Canvases {
  constructor(recorder) {
    this.recorder = recorder;
    this.entries = new Map(); // canvas → what is known of it
    this.scopes = new Map(); // window → its patches
    this.work = Promise.resolve();
    this.closed = 0; // canvases that nobody may read
    for (const canvas of recorder.reader.canvases) this.add(canvas);
  }

  // A canvas has been told, with nothing in it.
  add(canvas) {
    const before = this.entries.get(canvas);
    this.entries.set(canvas, {
      dirty: true, due: 0, small: null, smallAt: 0, isGl: before?.isGl ?? false, copy: before?.copy ?? null,
      hashes: new Map(), pending: new Map(),
    });
    this.patch(dom.defaultView(dom.ownerDocument(canvas)));
    this.soon();
  }

  restart() {
    for (const canvas of this.entries.keys()) this.add(canvas);
  }

  patch(scope) {
    if (scope === null || this.scopes.has(scope)) return;
    const patches = new Patches();
    this.scopes.set(scope, patches);
    for (const [type, names] of Object.entries(DRAWING)) {
      for (const name of names) patches.method(scope[type]?.prototype, name, (context) => this.drawn(context.canvas, false));
    }
    for (const type of GL) for (const name of DRAWING_GL) patches.method(scope[type]?.prototype, name, (context) => this.drawn(context.canvas, true));
    patches.method(scope.GPUCanvasContext?.prototype, 'getCurrentTexture', (context) => this.lent(context.canvas));
    patches.method(scope.GPUQueue?.prototype, 'submit', () => {
      for (const [canvas, entry] of this.entries) if (entry.isLent) this.drawn(canvas, true);
    });
  }

  // WebGPU draws on a texture that the canvas lends until it is shown; what is handed in meanwhile may draw on it.
  lent(canvas) {
    const entry = this.entries.get(canvas);
    if (entry === undefined || entry.isLent) return;
    entry.isLent = true;
    setTimeout(() => (entry.isLent = false));
  }

  drawn(canvas, isGl) {
    const entry = this.entries.get(canvas);
    if (entry === undefined || (entry.dirty && !isGl)) return;
    if (!entry.dirty) this.soon();
    entry.dirty = true;
    if (!isGl || entry.isCopying) return;
    // What was drawn is there until the browser has shown it: it is copied when the page's own function has ended.
    entry.isGl = entry.isCopying = true;
    queueMicrotask(() => {
      entry.isCopying = false;
      this.copy(canvas, entry);
    });
  }

  // The canvas at the resolution at which it is told; null for one without pixels.
  copy(canvas, entry) {
    const { width, height } = canvas;
    if (width === 0 || height === 0) return null;
    const scale = Math.min(1, Math.sqrt(MAX_PIXELS / (width * height)));
    const [across, down] = [width, height].map((length) => Math.max(1, Math.round(length * scale)));
    if (entry.copy?.canvas.width !== across || entry.copy.canvas.height !== down) {
      entry.copy = new OffscreenCanvas(across, down).getContext('2d', { willReadFrequently: !entry.isGl });
    } else {
      entry.copy.clearRect(0, 0, across, down);
    }
    entry.copy.drawImage(canvas, 0, 0, across, down);
    return entry.copy;
  }

  soon() {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.recorder.ended || this.recorder.paused) return;
      this.read(performance.now());
      if ([...this.entries.values()].some((entry) => entry.dirty)) this.soon();
    }, EVERY_MS / 4);
  }

  // Reads those that have changed and are due.
  read(now) {
    if (this.recorder.options.isBusy()) return;
    for (const [canvas, entry] of this.entries) {
      if (!canvas.isConnected) {
        if (!this.recorder.reader.ids.has(canvas)) this.entries.delete(canvas);
        continue;
      }
      if (!entry.dirty || entry.due > now || entry.isReading) continue;
      const start = performance.now();
      entry.dirty = false;
      entry.isReading = true;
      this.work = this.work.then(() => this.readOne(canvas, entry)).catch(() => undefined).then(() => {
        entry.isReading = false;
        entry.due = performance.now() + Math.max(EVERY_MS, (performance.now() - start) * SHARE);
      });
    }
  }

  async readOne(canvas, entry) {
    const context = entry.isGl && entry.copy ? entry.copy : this.copy(canvas, entry);
    const size = context === null ? null : context.canvas.width + 'x' + context.canvas.height;
    if (entry.size !== size) {
      // Tiles of another size say nothing of these.
      for (const name of entry.hashes.keys()) entry.pending.set(name, null);
      entry.hashes.clear();
      entry.size = size;
      entry.pending.set('tiles', size);
    }
    if (context === null) return;
    const { width, height } = context.canvas;
    let image;
    try {
      image = context.getImageData(0, 0, width, height);
    } catch {
      this.closed++;
      entry.pending.set('tiles', 'closed'); // It holds another site's picture.
      this.entries.set(canvas, { ...entry, dirty: false, due: Infinity });
      this.recorder.schedule();
      return;
    }
    const pixels = new Uint32Array(image.data.buffer);
    for (let y = 0; y < height; y += TILE) {
      for (let x = 0; x < width; x += TILE) {
        const [across, down] = [Math.min(TILE, width - x), Math.min(TILE, height - y)];
        const hash = hashOf(pixels, width, x, y, across, down);
        const name = 'tile ' + x / TILE + ' ' + y / TILE;
        if ((entry.hashes.get(name) ?? 0) === hash) continue;
        entry.hashes.set(name, hash);
        if (hash === 0) {
          entry.pending.set(name, null);
          continue;
        }
        const tile = new OffscreenCanvas(across, down);
        tile.getContext('2d').putImageData(image, -x, -y);
        entry.pending.set(name, await dataOf(await smaller(tile)));
      }
    }
    if (entry.pending.size > 0) this.recorder.schedule();
  }

  // Those that no function tells of.
  poll() {
    const now = performance.now();
    for (const [canvas, entry] of this.entries) {
      if (entry.dirty || entry.isGl || now - entry.smallAt < SMALL_EVERY_MS || entry.due === Infinity || !canvas.isConnected) continue;
      entry.smallAt = now;
      const small = smallCopy(canvas);
      if (small === null || small === entry.small) continue;
      const isFirst = entry.small === null;
      entry.small = small;
      if (isFirst) continue;
      entry.dirty = true;
      this.soon();
    }
  }

  async flush() {
    await this.work;
    for (const entry of this.entries.values()) if (entry.due !== Infinity) entry.due = 0;
    this.read(0);
    await this.work;
  }

  state(reader) {
    for (const [canvas, { pending }] of this.entries) {
      if (pending.size === 0) continue;
      const id = reader.ids.find(canvas);
      if (id === undefined || reader.ids.get(canvas) === undefined) continue;
      for (const [name, value] of pending) reader.attr(id, reader.prop(name), value);
      pending.clear();
    }
  }

  stats() {
    return { canvases: this.entries.size, closedCanvases: this.closed };
  }

  stop() {
    clearTimeout(this.timer);
    for (const patches of this.scopes.values()) patches.takeBack();
  }
}

// 0 for a tile of nothing but transparency; otherwise never 0.
function hashOf(pixels, stride, left, top, width, height) {
  let hash = 0x811c9dc5, any = 0;
  for (let y = top; y < top + height; y++) {
    for (let at = y * stride + left, end = at + width; at < end; at++) {
      const pixel = pixels[at];
      any |= pixel;
      hash = Math.imul(hash ^ pixel, 0x01000193);
      hash ^= hash >>> 15;
    }
  }
  return any === 0 ? 0 : hash | 1;
}

// Drawings are smaller as PNG, photographs as WebP.
async function smaller(canvas) {
  const png = await canvas.convertToBlob({ type: 'image/png' });
  if (png.size < 8192) return png;
  const webp = await canvas.convertToBlob({ type: 'image/webp', quality: 0.9 });
  return webp.type === 'image/webp' && webp.size < png.size / 2 ? webp : png;
}

let small;
function smallCopy(canvas) {
  if (canvas.width === 0 || canvas.height === 0) return null;
  small ??= new OffscreenCanvas(SMALL, SMALL).getContext('2d', { willReadFrequently: true });
  small.clearRect(0, 0, SMALL, SMALL);
  small.drawImage(canvas, 0, 0, SMALL, SMALL);
  try {
    return hashOf(new Uint32Array(small.getImageData(0, 0, SMALL, SMALL).data.buffer), SMALL, 0, 0, SMALL, SMALL);
  } catch {
    small = undefined; // Another site's picture is in it now, for good.
    return null;
  }
}
