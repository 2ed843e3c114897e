// What pages show that is in no markup: pixels of canvases, what images have chosen, and resources that an agent could not load by itself. Fetched
// where a page has such things, behind its first frame; exposes itself under a symbol, not a name, on the page.

import { Assets } from './assets.js';
import { Candidates } from './candidates.js';
import { Canvases } from './canvases.js';
import * as dom from './dom.js';
import { Resources } from './resources.js';

class Content {
  // `recorder`: the recording; `mode`: which resources are carried.
  constructor(recorder, mode) {
    this.recorder = recorder;
    this.canvases = new Canvases(recorder);
    this.resources = new Resources(recorder, mode);
    this.candidates = new Candidates(recorder);
    this.assets = new Assets(recorder, this.resources);
  }

  // The recorder has begun anew: nothing was told.
  restart() {
    this.canvases.restart();
    this.resources.restart();
    this.candidates.restart();
    this.assets.restart();
  }

  // Looks at what changes without a record.
  poll() {
    this.canvases.poll();
    if (this.recorder.options.isBusy()) return;
    this.assets.look();
    this.resources.poll();
    this.candidates.poll();
  }

  // An element of the page has loaded something.
  loaded(node) {
    if (dom.localName(node) === 'img') this.candidates.loaded(node);
  }

  // An agent's page could not load these.
  missing(addresses) {
    this.assets.missing(addresses);
    this.resources.poll();
  }

  // Resolves when what there is now can be stated.
  async flush() {
    this.assets.look();
    this.candidates.poll();
    await Promise.all([this.canvases.flush(), this.resources.flush()]);
  }

  // States what has changed.
  state(reader) {
    this.canvases.state(reader);
    this.resources.state(reader);
    this.candidates.state(reader);
  }

  stats() {
    return { ...this.canvases.stats(), ...this.resources.stats() };
  }

  stop() {
    this.canvases.stop();
  }
}

window[Symbol.for('cobrowse.content')] = Content;
