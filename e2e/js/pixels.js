// Comparing pictures of two pages. A pixel differs if nothing like it is within one pixel of it on the other side: what
// is drawn between two pixels on one machine may be drawn beside them on another's.
(() => {
  'use strict';
  if (window.__pixels) return;

  const FAR = 40; // of 255, in the channel that differs most
  const KEPT = '[data-cobrowse-mask], [data-cobrowse-block], input[type=password], input[type=file], [autocomplete*="cc-"]';

  // Past what names of the page's hide.
  const all = (root, selector) =>
    (root.nodeType === 9 ? Document : DocumentFragment).prototype.querySelectorAll.call(root, selector);

  /** The places of elements below a root, those in frames and shadow roots too. */
  function rects(root, selector, x, y, found) {
    for (const node of all(root, '*')) {
      const rect = Element.prototype.getBoundingClientRect.call(node);
      if (Element.prototype.matches.call(node, selector)) found.push([x + rect.left, y + rect.top, rect.width, rect.height]);
      if (node.shadowRoot instanceof ShadowRoot) rects(node.shadowRoot, selector, x, y, found);
      // An agent sees a box that says what it does not see.
      if (node instanceof HTMLObjectElement || node instanceof HTMLEmbedElement) found.push([x + rect.left, y + rect.top, rect.width, rect.height]);
      if (!(node instanceof HTMLIFrameElement || node instanceof HTMLFrameElement)) continue;
      const inner = node.contentDocument;
      // Nobody sees what is in a closed one; the agent sees a box that says so.
      if (!inner) found.push([x + rect.left, y + rect.top, rect.width, rect.height]);
      else rects(inner, selector, x + rect.left + node.clientLeft, y + rect.top + node.clientTop, found);
    }
    return found;
  }

  const imageOf = async (png) => {
    const image = new Image();
    image.src = 'data:image/png;base64,' + png;
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  };

  window.__pixels = {
    /** The customer's side: hides what only the customer has, and says what is left out. */
    hold(masked) {
      const [overlay] = all(document, 'cobrowse-overlay');
      if (overlay) overlay.style.visibility = 'hidden';
      const selector = [KEPT, ...masked].join(', ');
      const found = rects(document, selector, 0, 0, []);
      // The caret blinks, and the agent's ring is not the browser's.
      const focused = document.activeElement;
      if (focused instanceof Element && focused.localName !== 'body') {
        const { left, top, width, height } = focused.getBoundingClientRect();
        found.push([left - 6, top - 6, width + 12, height + 12]);
      }
      return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(found))));
    },
    /** The agent's side: hides what is drawn over the page. */
    bare(on) {
      for (const node of all(document, '[aria-hidden]')) node.style.visibility = on ? 'hidden' : '';
      return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));
    },
    release() {
      const [overlay] = all(document, 'cobrowse-overlay');
      if (overlay) overlay.style.visibility = '';
    },
    /** The share of pixels that differ, the first of them, and a picture of all. */
    async compare(left, right, ignored) {
      const [a, b] = [await imageOf(left), await imageOf(right)];
      const { width, height } = a;
      const out = new ImageData(width, height);
      const skipped = new Uint8Array(width * height);
      for (const [x, y, w, h] of ignored) {
        for (let row = Math.max(0, Math.floor(y) - 1); row < Math.min(height, y + h + 1); row++) {
          const from = Math.max(0, Math.floor(x) - 1), to = Math.min(width, Math.ceil(x + w) + 1);
          if (from < to) skipped.fill(1, row * width + from, row * width + to);
        }
      }
      const far = (p, q) => Math.max(Math.abs(a.data[p] - b.data[q]), Math.abs(a.data[p + 1] - b.data[q + 1]), Math.abs(a.data[p + 2] - b.data[q + 2])) > FAR;
      const isNear = (one, other, x, y) => {
        for (let dy = -1; dy <= 1; dy++) {
          for (let dx = -1; dx <= 1; dx++) {
            const [nx, ny] = [x + dx, y + dy];
            if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue;
            const [p, q] = [4 * (y * width + x), 4 * (ny * width + nx)];
            if (one === a ? !far(p, q) : !far(q, p)) return true;
          }
        }
        return false;
      };
      let count = 0, counted = 0, first = null;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const at = y * width + x;
          if (skipped[at]) continue;
          counted++;
          if (!far(4 * at, 4 * at)) continue;
          if (isNear(a, b, x, y) && isNear(b, a, x, y)) continue;
          count++;
          first ??= [x, y];
          out.data.set([255, 0, 0, 255], 4 * at);
        }
      }
      const same = a.width === b.width && a.height === b.height;
      return { share: same ? count / Math.max(1, counted) : 1, first };
    },
  };
})();
