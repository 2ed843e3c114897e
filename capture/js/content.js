// What pages show that is in no markup: pixels of canvases, and resources that an agent could not load by itself. Fetched
// where a page has such things, behind its first frame; exposes itself under a symbol, not a name, on the page.

import { Canvases } from './canvases.js';
import { Resources } from './resources.js';

class Content {
  // `recorder`: the recording; `mode`: which resources are carried.
  constructor(recorder, mode) {
    this.canvases = new Canvases(recorder);
    this.resources = new Resources(recorder, mode);
  }

  // The recorder has begun anew: nothing was told.
  restart() {
    this.canvases.restart();
    this.resources.restart();
  }

  // Looks at what changes without a record.
  poll() {
    this.canvases.poll();
    this.resources.poll();
  }

  // Resolves when what there is now can be stated.
  async flush() {
    await Promise.all([this.canvases.flush(), this.resources.flush()]);
  }

  // States what has changed.
  state(reader) {
    this.canvases.state(reader);
    this.resources.state(reader);
  }

  stats() {
    return { ...this.canvases.stats(), ...this.resources.stats() };
  }

  stop() {
    this.canvases.stop();
  }
}

window[Symbol.for('cobrowse.content')] = Content;
