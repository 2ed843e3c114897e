// What changed at the moment that is shown. The frames of that moment are applied once more in a second recording without a page
// to be seen, so that the one that is seen stays as it is.

import { make } from './make.js';
import { scrollTo } from './overlay.js';
import { exactClock } from './times.js';

const MOST_SHOWN = 200;
// While it plays, changes are told so often.
const PLAYING_MS = 350;
const NAMES = { added: 'added', removed: 'removed', moved: 'moved', text: 'text', attribute: 'attribute', state: 'state', page: 'page' };

export class Changes {
  // `outline(node)` draws a line around a node of the page.
  constructor(outline) {
    this.outline = outline;
    this.note = make('p', { class: 'note' });
    this.list = make('ul', { class: 'rows' });
    this.element = make('div', { onpointerleave: () => outline(null) }, this.note, this.list);
    this.isShown = false;
  }

  attach(recording, reopen) {
    this.close();
    Object.assign(this, { recording, reopen });
  }

  setShown(isShown) {
    this.isShown = isShown;
    if (isShown) this.look();
    else this.recording?.watchChanges(false);
  }

  // Frames are about to be applied while it plays: now and then what they change is kept.
  beforeFrames() {
    if (!this.isShown) return;
    const now = performance.now();
    if (now - (this.markedAt ?? -Infinity) < PLAYING_MS) {
      this.recording.watchChanges(false);
      return;
    }
    if (this.markedAt !== undefined) this.show(this.recording.changes(), 'Up to');
    this.markedAt = now;
    this.recording.watchChanges(true);
  }

  // The page stands still: what changed in its last frame. Of many that are asked for meanwhile, the latest is looked at.
  look() {
    if (!this.isShown || !this.recording) return;
    this.recording.watchChanges(false);
    this.markedAt = undefined;
    this.isDue = true;
    this.work ??= this.read(this.reopen);
  }

  async read(reopen) {
    try {
      const second = this.second ?? await reopen();
      if (reopen !== this.reopen) {
        second.close();
        return;
      }
      this.second = second;
      while (this.isDue && reopen === this.reopen) {
        this.isDue = false;
        const { now, begin } = this.recording;
        if (now <= begin) {
          this.show([], 'Here the recording begins.');
          continue;
        }
        await second.seek(now - 1);
        // The first of several frames at the same time keeps the page, the others add to what differs from it.
        second.watchChanges(true);
        await second.step(now);
        second.watchChanges(false);
        while ((await second.step(now)) !== null);
        if (reopen === this.reopen && !this.isDue) this.show(second.changes(), 'At');
      }
    } catch (error) {
      if (reopen === this.reopen) this.show([], `What changed cannot be told: ${error.message}`);
    } finally {
      if (reopen === this.reopen) this.work = null;
    }
  }

  show(changes, when) {
    this.outline(null);
    // What had the focus goes: it stays in the panel, where keys are the player's.
    if (this.list.matches(':focus-within')) this.element.parentElement.focus();
    const told = changes.length > MOST_SHOWN ? `, the first ${MOST_SHOWN} are shown` : '';
    const number = `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}${told}`;
    const isSentence = when.length > 8;
    this.note.textContent = isSentence ? when : `${when} ${exactClock(this.recording.now)}: ${number}`;
    this.list.replaceChildren(...changes.slice(0, MOST_SHOWN).map((change) => this.row(change)));
  }

  row(change) {
    const { what, node, path, name, before, after } = change;
    const point = () => this.outline(this.recording.element(node));
    const values = [];
    if (what !== 'moved' && (before !== '' || after !== '')) {
      if (before !== '' || what !== 'added') values.push(make('del', {}, before === '' ? '(nothing)' : before));
      if (after !== '' || what !== 'removed') values.push(make('ins', {}, after === '' ? '(nothing)' : after));
    } else if (what === 'moved') values.push(make('del', {}, before));
    return make('li', {}, make('button', {
      type: 'button', class: 'row', onpointerenter: point, onfocus: point, onblur: () => this.outline(null),
      onclick: () => {
        const element = this.recording.element(node);
        if (element) scrollTo(element);
        point();
      },
    },
    make('span', { class: `badge ${what}` }, NAMES[what] ?? what), ' ',
    make('code', {}, path || 'the page'), ...(name ? [' ', make('b', {}, name)] : []),
    ...(values.length > 0 ? [make('span', { class: 'values' }, ...values)] : [])));
  }

  close() {
    this.recording = this.reopen = null;
    this.isDue = false;
    this.second?.close();
    this.second = this.work = null;
    this.markedAt = undefined;
    this.note.textContent = '';
    this.list.replaceChildren();
  }
}
