// Animations: those that scripts begin, and where those of style sheets are. Fetched where a page has any; exposes itself under a
// symbol, not a name, on the page.

import * as dom from './dom.js';

// By so much, in milliseconds, a beginning may be another than was told.
const STRAY = 60;
// Of so many elements animations are told.
const MOST = 200;

class Motion {
  constructor(recorder) {
    this.recorder = recorder;
    this.told = new Map(); // element → what was told of it
    this.dirty = new Set();
    this.later = new Set();
    for (const document of [recorder.page.document, ...recorder.changes.frames.values()]) {
      for (const animation of document.getAnimations?.() ?? []) if (animation.effect?.target) this.note(animation.effect.target);
    }
  }

  restart() {
    for (const node of this.told.keys()) this.dirty.add(node);
    this.told.clear();
  }

  note(node) {
    this.dirty.add(node);
    this.recorder.schedule();
  }

  // What was paused, cancelled or has ended says nothing.
  poll() {
    for (const node of this.later) this.note(node);
    this.later.clear();
    for (const node of this.told.keys()) this.note(node);
  }

  state(reader) {
    const { dirty } = this;
    this.dirty = new Set();
    for (const node of dirty) {
      const id = reader.ids.find(node);
      if (id === undefined || !dom.isConnected(node)) {
        this.told.delete(node);
        // Told by this very frame: it has its id in the next one.
        if (dom.isConnected(node) && dirty.size <= MOST) this.later.add(node);
        continue;
      }
      const told = this.told.get(node);
      const before = told?.id === id ? told.list : undefined; // Told anew, it has another id, and no animations.
      if (told === undefined && this.told.size >= MOST) continue;
      const list = this.of(node);
      if (before !== undefined ? isSame(before, list) : list.length === 0) continue;
      if (list.length === 0) this.told.delete(node);
      else this.told.set(node, { id, list });
      reader.attr(id, reader.prop('animations'), list.length === 0 ? null : JSON.stringify(list));
    }
  }

  // What of an element's animations a rebuilt page cannot know: of those of style sheets the name and the beginning, of others all.
  of(node) {
    const list = [];
    const now = this.recorder.time();
    for (const animation of node.getAnimations()) {
      const { effect, playState, playbackRate, currentTime, timeline } = animation;
      if (playState === 'idle' || typeof currentTime !== 'number' || 'transitionProperty' in animation) continue;
      if (timeline !== null && timeline !== dom.ownerDocument(node).timeline) continue;
      const told = { rate: playbackRate };
      // When it was at its beginning, in the stream's time; one that stands, where.
      if (playState === 'running') told.from = Math.round(now - currentTime / playbackRate);
      else told.at = Math.round(currentTime);
      if (effect.pseudoElement) told.pseudo = effect.pseudoElement;
      if (animation.animationName !== undefined) {
        // One that has run through is where it would be anyway.
        if (playState === 'finished') continue;
        list.push({ ...told, name: animation.animationName });
        continue;
      }
      const { fill, delay, endDelay, duration, iterations, iterationStart, direction, easing } = effect.getTiming();
      if (playState === 'finished' && !/forwards|both/.test(fill)) continue;
      const frames = effect.getKeyframes().map(({ computedOffset, offset, ...frame }) => ({ ...frame, offset: computedOffset }));
      const timing = { fill, delay, endDelay, duration, iterations: iterations === Infinity ? -1 : iterations, iterationStart, direction, easing };
      list.push({ ...told, frames, timing });
    }
    return list;
  }
}

// A beginning is worked out from two clocks: it shakes a little.
function isSame(before, now) {
  if (before.length !== now.length) return false;
  return before.every(({ from, ...rest }, i) => {
    const { from: other, ...others } = now[i];
    const isNear = from === other || Math.abs(from - other) < STRAY;
    return isNear && JSON.stringify(rest) === JSON.stringify(others);
  });
}

window[Symbol.for('cobrowse.motion')] = Motion;
