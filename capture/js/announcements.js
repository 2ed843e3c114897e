// Frames of another origin that have the script say so to the window around them: the page's own, or that of a frame of the page's
// origin, which may come at any time.

import * as dom from './dom.js';

const ANNOUNCEMENT = 'cobrowse:here';

export class Announcements {
  // `found(window, origin)`: a frame has the script, or may have said so before anybody listened.
  constructor(found) {
    this.found = found;
    this.heard = new Map(); // document → its window
    this.hear = ({ data, origin, source }) => {
      if (data === ANNOUNCEMENT) found(source, origin);
    };
  }

  // Those that a page has now; with what is in them when they are new.
  look({ page, frames, roots }) {
    const documents = new Set([page.document, ...frames.values()]);
    for (const document of this.heard.keys()) if (!documents.has(document)) this.leave(document);
    for (const document of documents) {
      const scope = dom.defaultView(document);
      if (scope === null) continue;
      // Once more where `document.open` has taken it away; twice is once.
      scope.addEventListener('message', this.hear);
      if (this.heard.has(document)) continue;
      this.heard.set(document, scope);
      for (const root of roots) {
        if (root !== document && dom.ownerDocument(root) !== document) continue;
        for (const node of dom.all(root, 'iframe, frame')) if (dom.frameDocument(node) === null) this.found(node.contentWindow, originOf(node));
      }
    }
  }

  leave(document) {
    try {
      this.heard.get(document).removeEventListener('message', this.hear);
    } catch {
      // It has gone on to another origin: what listened has gone with its document.
    }
    this.heard.delete(document);
  }

  stop() {
    for (const document of this.heard.keys()) this.leave(document);
  }
}

// Where the viewport of a frame is in that of `scope`, which is around it, with frames of its origin between.
export function offsetIn(scope, frame) {
  let left = 0, top = 0;
  for (let node = frame; node !== null; ) {
    const bounds = dom.getBoundingClientRect(node);
    left += bounds.left + node.clientLeft;
    top += bounds.top + node.clientTop;
    const around = dom.defaultView(dom.ownerDocument(node));
    node = around === null || around === scope ? null : around.frameElement;
  }
  return [left, top];
}

function originOf(node) {
  try {
    return new URL(dom.getAttribute(node, 'src') ?? '', dom.baseURI(node)).origin;
  } catch {
    return '';
  }
}
