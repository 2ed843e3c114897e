// The page at another moment, small: a second rebuilt page of the same recording, made when the time line is first pointed at. Of
// the moments that are pointed at meanwhile it shows the latest.

import { make } from './make.js';

export class Thumbnail {
  constructor() {
    this.page = make('div', { class: 'small-page' });
    this.time = make('b');
    this.note = make('span');
    this.caption = make('p', {}, this.time, ' ', this.note);
    this.element = make('div', { class: 'thumbnail', 'aria-hidden': 'true', hidden: true }, this.page, this.caption);
    this.opening = null;
    this.recording = null;
    this.wanted = null;
    this.shown = null;
  }

  // `reopen()` gives the recording once more.
  attach(reopen, viewport) {
    this.close();
    this.reopen = reopen;
    const [width, height] = (viewport ?? '').split('x').map(Number);
    // As tall as the page is, within bounds.
    this.page.style.height = Math.max(90, Math.min(200, 208 * ((height || 10) / (width || 16)))) + 'px';
  }

  // Shows a moment, with what is said of it, above a place of the time line; `at` null for no picture.
  show(at, time, note, left) {
    this.element.hidden = false;
    this.page.hidden = at === null;
    this.time.textContent = time;
    this.note.textContent = note;
    const room = this.element.parentElement.clientWidth, { offsetWidth } = this.element;
    this.element.style.left = Math.max(0, Math.min(left - offsetWidth / 2, room - offsetWidth)) + 'px';
    this.wanted = at;
    if (at !== null) this.work ??= this.go();
  }

  hide() {
    this.element.hidden = true;
    this.wanted = null;
  }

  async go() {
    const { reopen } = this;
    try {
      this.opening ??= reopen();
      const recording = await this.opening;
      if (reopen !== this.reopen) {
        recording.close();
        return;
      }
      if (!this.recording) {
        this.recording = recording;
        recording.mount(this.page, { maxScale: 1, ...this.element.getRootNode().host?.loads });
        const frame = () => recording.document?.defaultView.frameElement;
        recording.player.on('rebuilt', () => frame()?.setAttribute('aria-hidden', 'true'));
      }
      while (this.wanted !== null && reopen === this.reopen) {
        const at = this.wanted;
        this.wanted = null;
        if (at === this.shown) continue;
        await recording.seek(at);
        await recording.flush();
        this.shown = at;
        this.page.dataset.at = at;
      }
    } catch {
      // The page itself tells what is wrong; here there is no picture then.
      delete this.page.dataset.at;
    } finally {
      if (reopen === this.reopen) this.work = null;
    }
  }

  close() {
    this.hide();
    this.reopen = null;
    this.recording?.close();
    this.recording = this.opening = this.work = this.shown = null;
    delete this.page.dataset.at;
    this.page.replaceChildren();
  }
}
