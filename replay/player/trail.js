// Where pointers were, read a part of the time at a time, shortly before it is needed.

const PART_MS = 10_000;
const MOST_PARTS = 64;

export class Trail {
  constructor(recording, onload) {
    this.recording = recording;
    this.onload = onload;
    this.parts = new Map(); // number of the part → its points
    this.wanted = [];
    this.work = null;
    this.stopped = new AbortController();
  }

  // The points within these times, as far as they are known. What is not is read, and what comes next.
  points(from, to) {
    const first = Math.floor(Math.max(0, from) / PART_MS), last = Math.floor(Math.max(0, to) / PART_MS);
    const out = [];
    this.wanted = [];
    for (let part = last; part >= first; part--) {
      const points = this.parts.get(part);
      if (points === undefined) this.wanted.push(part);
      else out.unshift(...points.filter(({ at }) => at >= from && at <= to));
    }
    const isDue = to % PART_MS > PART_MS / 2 && (last + 1) * PART_MS <= this.recording.end;
    if (isDue && !this.parts.has(last + 1)) this.wanted.push(last + 1);
    this.work ??= this.read();
    return out;
  }

  // One part at a time: of what is asked for meanwhile, what was asked for last.
  async read() {
    await undefined;
    while (this.wanted.length > 0 && !this.stopped.signal.aborted) {
      const part = this.wanted.shift();
      const from = part * PART_MS;
      let points = [];
      try {
        points = await this.recording.trail(from, from + PART_MS - 1, this.stopped.signal);
      } catch {
        // What cannot be read is told where it is played.
      }
      this.parts.set(part, points.filter(({ at }) => at >= from && at < from + PART_MS));
      if (this.parts.size > MOST_PARTS) this.parts.delete(this.parts.keys().next().value);
      this.onload();
    }
    this.work = null;
  }

  close() {
    this.stopped.abort();
  }
}
