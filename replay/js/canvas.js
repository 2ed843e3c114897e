// Pixels of canvases and pictures that came with the stream. A canvas has no box in a document without scripts, and an
// address of the customer's browser leads nowhere: both are shown by style that leaves no trace in the document.

import * as dom from './dom.js';
import { isBytes } from './resources.js';

const TILE = 256;
// A recorder tells no larger ones (`capture/js/canvases.js`); rounding may make it a little more.
const MAX_PIXELS = (1 << 20) + (1 << 17);

// The tiles of one canvas, put together.
class Drawing {
  constructor() {
    this.canvas = null;
    this.url = null;
    this.turn = 0;
  }

  // `tiles`: name → type and bytes. Resolves to the address of the whole, or null for nothing.
  async draw(size, tiles) {
    const turn = ++this.turn;
    const [width, height] = size.split('x').map(Number);
    if (!(width > 0 && height > 0 && width * height <= MAX_PIXELS)) return null;
    const loaded = await Promise.all(tiles.map(async ([name, data]) => [name, await pictureOf(data)]));
    if (turn !== this.turn) return undefined;
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d');
    for (const [name, picture] of loaded) {
      const [, x, y] = name.split(' ').map(Number);
      if (picture !== null) context.drawImage(picture, x * TILE, y * TILE);
    }
    const blob = await new Promise((resolve) => canvas.toBlob(resolve));
    if (turn !== this.turn || blob === null) return undefined;
    const url = URL.createObjectURL(blob);
    // Once it can be shown at once; the one before is shown until then.
    await decoded(url);
    if (this.url !== null) setTimeout(URL.revokeObjectURL, 1000, this.url);
    this.url = url;
    return url;
  }
}

const pictures = new Map(); // data → decoded picture, the last ones used
const KEPT = 64;

async function pictureOf(data) {
  if (!isBytes(data)) return null;
  return decoded('data:' + data);
}

async function decoded(url) {
  let picture = pictures.get(url);
  if (picture === undefined) {
    picture = Object.assign(new Image(), { src: url });
    if (pictures.size >= KEPT) pictures.delete(pictures.keys().next().value);
    pictures.set(url, picture);
  }
  try {
    await picture.decode();
    return picture;
  } catch {
    return null;
  }
}

export class Canvases {
  constructor(page) {
    this.page = page;
    this.drawings = new WeakMap(); // canvas → Drawing
    this.work = Promise.resolve();
  }

  // What has been told of a canvas has changed; `props` is all of it.
  update(node, props) {
    let drawing = this.drawings.get(node);
    if (drawing === undefined) this.drawings.set(node, (drawing = new Drawing()));
    const size = props.get('tiles') ?? null;
    const tiles = [...props].filter(([name]) => name.startsWith('tile '));
    const shown = size === null || size === 'closed' ? Promise.resolve(null) : drawing.draw(size, tiles);
    const work = shown.then((url) => url === undefined || this.show(node, url, size === 'closed'));
    this.work = Promise.all([this.work, work]);
  }

  // The element's box, with a picture in it.
  show(node, url = null, isClosed = false) {
    const { page } = this;
    page.hide(node); // What was shown before is no style of the page's.
    const style = page.window.getComputedStyle(node);
    if (style.display === 'none') return;
    const frame = { display: style.display === 'inline' ? 'inline-block' : style.display, overflow: 'hidden', textIndent: '-9999px' };
    const [width, height] = [lengthOf(node, 'width', 300), lengthOf(node, 'height', 150)];
    const [across, down] = [isAuto(node, 'width', style), isAuto(node, 'height', style)];
    // A canvas keeps its proportions where style says how long one side is, or how long it may be.
    if (across || down) frame.aspectRatio = `${width} / ${height}`;
    if (across) frame.width = down ? width + 'px' : (parseFloat(style.height) * width) / height + 'px';
    if (url !== null) {
      Object.assign(frame, {
        backgroundImage: `url("${url}")`, backgroundSize: '100% 100%', backgroundRepeat: 'no-repeat',
        backgroundOrigin: 'content-box', backgroundClip: 'content-box',
      });
    } else if (isClosed) {
      frame.backgroundColor = '#eef1f6';
    }
    page.show(node, frame);
  }
}

const lengthOf = (node, name, otherwise) => {
  const length = parseInt(dom.getAttribute(node, name) ?? '', 10);
  return length >= 0 ? length : otherwise;
};

// Whether no style says how long a side is: then it is as long where the answer is `auto`.
function isAuto(node, side, style) {
  const map = node.computedStyleMap?.();
  if (map) return map.get(side)?.toString() === 'auto';
  const before = style[side];
  const auto = dom.animate(node, { [side]: 'auto' }, { duration: 0, fill: 'forwards' });
  const after = style[side];
  auto.cancel();
  return before === after;
}
