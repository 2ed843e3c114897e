// When a text is to be read in the page: a field, and what was found.

import { make, picture } from './make.js';
import { clock } from './times.js';

const MOST_SHOWN = 300;
const DRAW_MS = 200;

export class Search {
  // `go(hit)`, `found(hits)`.
  constructor({ go, found }) {
    Object.assign(this, { go, found, hits: [], index: -1, stopped: null });
    this.field = make('input', { type: 'search', class: 'field', 'aria-label': 'Text to look for', placeholder: 'Text of the page', autocomplete: 'off', spellcheck: 'false', maxlength: '200' });
    this.start = make('button', { type: 'submit', class: 'button' }, 'Find');
    this.previous = make('button', { type: 'button', class: 'tool', 'aria-label': 'Previous place', title: 'Previous place (Shift+Enter)', onclick: () => this.turn(-1), disabled: true }, picture('up'));
    this.next = make('button', { type: 'button', class: 'tool', 'aria-label': 'Next place', title: 'Next place (Enter)', onclick: () => this.turn(1), disabled: true }, picture('down'));
    this.bar = make('progress', { max: '1', value: '0', 'aria-label': 'Searched' });
    this.cancel = make('button', { type: 'button', class: 'button plain', onclick: () => this.stop() }, 'Cancel');
    this.doing = make('div', { class: 'doing', hidden: true }, this.bar, this.cancel);
    this.note = make('p', { class: 'note', role: 'status' });
    this.list = make('ol', { class: 'rows' });
    const form = make('form', { role: 'search', onsubmit: (event) => this.submitted(event), onkeydown: (event) => this.key(event) },
      this.field, this.start, this.previous, this.next);
    this.element = make('div', {}, form, this.doing, this.note, this.list);
  }

  attach(recording) {
    this.close();
    this.recording = recording;
  }

  submitted(event) {
    event.preventDefault();
    // A second time it is the next place that is wanted.
    if (this.field.value === this.text && this.hits.length > 0) this.turn(1);
    else this.find(this.field.value).catch(() => undefined);
  }

  key(event) {
    if (event.key !== 'Enter' || !event.shiftKey || event.target !== this.field) return;
    event.preventDefault();
    this.turn(-1);
  }

  // Looks for a text in all of the recording; gives what it found.
  async find(text) {
    this.stopped?.abort();
    this.stopped = null;
    this.field.value = this.text = text;
    this.take([], -1);
    if (text.trim() === '' || !this.recording) {
      this.note.textContent = text === '' ? '' : 'Type a text to look for.';
      return [];
    }
    const { recording } = this;
    const stopped = (this.stopped = new AbortController());
    this.doing.hidden = false;
    this.bar.value = 0;
    this.note.textContent = '';
    let drawnAt = performance.now();
    const onProgress = (hits, time) => {
      if (this.stopped !== stopped || performance.now() - drawnAt < DRAW_MS) return;
      drawnAt = performance.now();
      this.bar.value = recording.end > recording.begin ? (time - recording.begin) / (recording.end - recording.begin) : 1;
      this.bar.textContent = `up to ${clock(time)}`;
      this.take(hits, -1);
    };
    try {
      const hits = await recording.search(text, { onProgress, signal: stopped.signal });
      if (this.stopped === stopped) {
        this.take(hits, -1);
        this.note.textContent = this.told();
      }
      return hits;
    } catch (error) {
      if (stopped.signal.aborted) return this.hits;
      if (this.stopped === stopped) this.note.textContent = `The search ended early: ${error.message}`;
      throw error;
    } finally {
      if (this.stopped === stopped) {
        this.stopped = null;
        this.doing.hidden = true;
      }
    }
  }

  told() {
    const number = this.hits.length;
    const shown = number > MOST_SHOWN ? `, the first ${MOST_SHOWN} are shown` : '';
    return number === 0 ? `“${this.text}” is not to be read anywhere.` : `${number} ${number === 1 ? 'place' : 'places'}${shown}.`;
  }

  stop() {
    if (!this.stopped) return;
    this.stopped.abort();
    this.stopped = null;
    this.doing.hidden = true;
    this.note.textContent = `Cancelled: ${this.hits.length} ${this.hits.length === 1 ? 'place' : 'places'} so far.`;
    this.field.focus();
  }

  take(hits, index) {
    this.hits = hits;
    this.previous.disabled = this.next.disabled = hits.length === 0;
    this.list.replaceChildren(...hits.slice(0, MOST_SHOWN).map((hit, number) => this.row(hit, number)));
    this.mark(index);
    this.found(hits);
  }

  row(hit, number) {
    const until = hit.to === null ? '' : `–${clock(hit.to)}`;
    return make('li', {}, make('button', { type: 'button', class: 'row', onclick: () => this.show(number) },
      make('span', { class: 'badge hit' }, clock(hit.from) + until), ' ', ...this.marked(hit.text)));
  }

  // The text with what was looked for in it.
  marked(text) {
    const at = text.toLowerCase().indexOf(this.text.trim().toLowerCase());
    if (at < 0) return [text];
    const end = at + this.text.trim().length;
    return [text.slice(0, at), make('mark', {}, text.slice(at, end)), text.slice(end)];
  }

  turn(by) {
    if (this.hits.length === 0) return;
    const from = this.index < 0 && by < 0 ? 0 : this.index;
    this.show((from + by + this.hits.length) % this.hits.length);
  }

  show(number) {
    this.mark(number);
    this.note.textContent = `Place ${number + 1} of ${this.hits.length}`;
    this.go(this.hits[number]);
  }

  mark(number) {
    this.index = number;
    [...this.list.children].forEach((item, index) => {
      if (index !== number) item.firstChild.removeAttribute('aria-current');
      else {
        item.firstChild.setAttribute('aria-current', 'true');
        const { parentElement } = this.element;
        const [row, around] = [item.getBoundingClientRect(), parentElement.getBoundingClientRect()];
        if (row.top < around.top || row.bottom > around.bottom) parentElement.scrollTop += row.top - around.top - around.height / 2;
      }
    });
  }

  close() {
    this.stopped?.abort();
    this.stopped = null;
    this.recording = null;
    this.text = this.field.value = '';
    this.doing.hidden = true;
    this.take([], -1);
    this.note.textContent = '';
  }
}
