// Which of an image's addresses the customer's browser has chosen, where there is a choice (`srcset`, `<picture>`): an agent's
// may choose another, as its screen has another pixel ratio. And that an image has been loaded which waits until it is near.

import * as dom from './dom.js';

export const CHOOSING = 'img[srcset],picture>img,img[loading=lazy i]';
// What is longer holds the picture itself.
const MAX_LENGTH = 4096;

export class Candidates {
  constructor(recorder) {
    this.recorder = recorder;
    this.restart();
  }

  restart() {
    this.told = new Map(); // image → the id it was told by, and the value
    this.due = new Set();
  }

  // The image has loaded another one.
  loaded(node) {
    if (!this.told.has(node) && !dom.matches(node, CHOOSING)) return;
    this.due.add(node);
    this.recorder.schedule();
  }

  // Those that had loaded before anybody listened.
  poll() {
    const { ids } = this.recorder.reader;
    const look = (node) => {
      const told = this.told.get(node), id = ids.find(node);
      if (id !== undefined && (told?.id !== id || told.value !== choiceOf(node, told.value))) this.due.add(node);
    };
    for (const root of this.recorder.changes.roots) for (const node of dom.all(root, CHOOSING)) look(node);
    for (const node of this.told.keys()) {
      // One that had a choice and has none shows it for as long as it is not told otherwise.
      if (dom.isConnected(node)) look(node);
      else this.told.delete(node);
    }
    if (this.due.size > 0) this.recorder.schedule();
  }

  state(reader) {
    for (const node of this.due) {
      const id = reader.ids.find(node);
      if (id === undefined) continue; // It is looked at again.
      const before = this.told.get(node);
      const value = choiceOf(node, before?.id === id ? before.value : null);
      this.told.set(node, { id, value });
      if (value !== (before?.id === id ? before.value : null)) reader.attr(id, reader.prop('candidate'), value);
    }
    this.due.clear();
  }
}

// Its size in CSS pixels, as it takes it, and its address; no size and no address for one that waits until it is near. While another
// one is being loaded, the browser shows the one before.
function choiceOf(node, before) {
  const { complete, currentSrc, naturalWidth, naturalHeight } = node;
  // One that waits may have been loaded for another: then it is shown, and not complete all the same.
  if (!complete && (before || naturalWidth === 0)) return before || (node.loading === 'lazy' ? '' : null);
  if (currentSrc === '' || naturalWidth === 0 || currentSrc.length > MAX_LENGTH) return null;
  return `${naturalWidth}x${naturalHeight} ${currentSrc}`;
}
