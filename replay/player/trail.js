// Where pointers were, read a part of the time at a time, shortly before it is needed.

const PART_MS = 10_000;
const MOST_PARTS = 64;

export class Trail {
  constructor(recording, onload) {
    this.recording = recording;
    this.onload = onload;
    this.parts = new Map(); // number of the part → its points, or null while they are read
    this.stopped = new AbortController();
  }

  // The points within these times, as far as they are known; reads what is not, and what comes next.
  points(from, to) {
    const first = Math.floor(Math.max(0, from) / PART_MS), last = Math.floor(Math.max(0, to) / PART_MS);
    const out = [];
    for (let part = first; part <= last; part++) {
      const points = this.parts.get(part);
      if (points === undefined) this.read(part);
      else if (points) for (const point of points) if (point.at >= from && point.at <= to) out.push(point);
    }
    const isDue = to % PART_MS > PART_MS / 2 && (last + 1) * PART_MS <= this.recording.end;
    if (isDue && !this.parts.has(last + 1)) this.read(last + 1);
    return out;
  }

  async read(part) {
    this.parts.set(part, null);
    if (this.parts.size > MOST_PARTS) this.parts.delete(this.parts.keys().next().value);
    try {
      // The last times of a part are those before the first of the next.
      const points = await this.recording.trail(part * PART_MS, (part + 1) * PART_MS - 1, this.stopped.signal);
      const from = part * PART_MS;
      this.parts.set(part, points.filter(({ at }) => at >= from && at < from + PART_MS));
      this.onload();
    } catch {
      // What cannot be read is told where it is played.
      this.parts.set(part, []);
    }
  }

  close() {
    this.stopped.abort();
  }
}
