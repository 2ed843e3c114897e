// What a video or a sound plays. The agent's goes on by itself: only what cannot be worked out from there is told.

import * as dom from './dom.js';

// So far, in seconds, a position may be from where it is expected.
const STRAY = 0.4;
const told = new WeakMap(); // element → what was told last, and when

export const MEDIA_EVENTS = ['play', 'playing', 'pause', 'seeked', 'ratechange', 'volumechange', 'loadedmetadata', 'waiting', 'emptied', 'ended'];

// `PAUSED RATE VOLUME TIME`: 1 or 0, a factor, a share of 1 (0 also for one that is muted), seconds.
export function playbackOf(node) {
  const { paused, playbackRate, volume, muted, currentTime } = dom.media(node);
  const now = performance.now();
  const head = (paused ? 1 : 0) + ' ' + playbackRate + ' ' + (muted ? 0 : volume);
  const last = told.get(node);
  if (last?.head === head) {
    const expected = last.time + (paused ? 0 : ((now - last.at) / 1000) * playbackRate);
    if (Math.abs(expected - currentTime) < STRAY) return last.value;
  }
  // One that has never played is as its attributes say.
  if (last === undefined && paused && currentTime === 0 && playbackRate === 1) return null;
  const value = head + ' ' + Math.round(currentTime * 1000) / 1000;
  told.set(node, { head, time: currentTime, at: now, value });
  return value;
}
