// The clock of a recording that is played: where it is, how fast it goes, and what is shown of it. It shows nothing by itself.

// A stretch without a change is run through in so long.
const SKIP_MS = 500;
// A tab that slept does not make up for all of it.
const MOST_PASSED_MS = 2_000;
// How long one turn may apply frames before the browser has its own.
const TURN_MS = 30;
// In a hidden tab there are no animation frames.
const TIMER_MS = 250;
// So far ahead is gone to frame by frame, for so long at most: a page that is not built anew does not flicker.
const NEAR_MS = 15_000;
const NEAR_TURN_MS = 60;

export const SPEEDS = [0.5, 1, 2, 4, 8, 16];

export class Playback {
  // `tell(name, detail)`: `play`, `pause`, `ended`, `seeking`, `seeked`, `time`, `frame`, `skip`, `error`.
  constructor(recording, tell) {
    this.recording = recording;
    this.tell = tell;
    this.position = recording.begin;
    this.rate = 1;
    this.skipsIdle = false;
    this.idle = []; // `{ from, to }`, by time
    this.isPaused = true;
    this.wanted = null; // where to go, the latest only
    this.seeking = null; // the promise of being there
    this.turn = 0; // counts whatever makes a turn of playing void
    this.skipping = null;
    this.before = () => undefined; // called before frames are applied in a turn of playing
  }

  get isEnded() {
    return this.position >= this.recording.end;
  }

  async play() {
    if (!this.isPaused || this.isClosed) return;
    this.isPaused = false;
    this.tell('play');
    if (this.isEnded) await this.seek(this.recording.begin);
    if (this.isPaused || this.isClosed) return;
    this.last = performance.now();
    this.next();
  }

  pause() {
    if (this.isPaused) return;
    this.isPaused = true;
    this.turn++;
    this.skip(null);
    this.tell('pause');
  }

  // Whichever comes first.
  next() {
    const turn = ++this.turn;
    const run = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      if (turn === this.turn && !this.isPaused && !this.isClosed) this.tick(turn);
    };
    const frame = requestAnimationFrame(run);
    const timer = setTimeout(run, TIMER_MS);
  }

  async tick(turn) {
    const now = performance.now();
    const passed = Math.min(now - this.last, MOST_PASSED_MS);
    this.last = now;
    if (this.seeking) await this.seeking;
    else await this.advance(passed, turn);
    if (this.isPaused || this.isClosed) return;
    // What took long is not made up for: the clock shows what is seen.
    if (performance.now() - this.last > TURN_MS) this.last = performance.now() - TURN_MS;
    if (!this.isEnded) {
      this.next();
      return;
    }
    this.pause();
    this.tell('ended');
  }

  async advance(passed, turn) {
    const { end } = this.recording;
    const gap = this.skipsIdle ? this.gapAt(this.position) : null;
    this.skip(gap);
    const rate = gap ? Math.max(this.rate, (gap.to - gap.from) / SKIP_MS) : this.rate;
    const target = Math.min(this.position + passed * rate, gap ? gap.to : end, end);
    try {
      this.before();
      const isVoid = () => turn !== this.turn;
      const reached = await this.stepTo(target, TURN_MS, isVoid);
      if (!isVoid()) this.set(reached);
    } catch (error) {
      this.failed(error);
    }
  }

  // Applies frames until a time; gives the time that was reached within a limit, or before it was void.
  async stepTo(target, limit, isVoid) {
    const began = performance.now();
    let isShown = false;
    for (;;) {
      const moment = await this.recording.step(target);
      if (moment === null) break;
      isShown = true;
      if (performance.now() - began > limit || isVoid()) {
        this.tell('frame');
        return moment.at;
      }
    }
    if (isShown) this.tell('frame');
    return target;
  }

  gapAt(at) {
    let [low, high] = [0, this.idle.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.idle[middle].to <= at) low = middle + 1;
      else high = middle;
    }
    const gap = this.idle[low];
    return gap && gap.from <= at ? gap : null;
  }

  skip(gap) {
    if (gap === this.skipping) return;
    this.skipping = gap;
    this.tell('skip', gap);
  }

  set(at) {
    this.position = at;
    this.tell('time');
  }

  // Goes to a time. Of many that are asked for meanwhile the latest is gone to.
  seek(at) {
    const { begin, end } = this.recording;
    this.wanted = Math.max(begin, Math.min(at, end));
    this.turn++;
    this.skip(null);
    this.set(this.wanted);
    this.tell('seeking');
    this.seeking ??= this.goOn();
    // A turn of playing that is void has no next one.
    if (!this.isPaused) this.seeking.then(() => this.resume());
    return this.seeking;
  }

  resume() {
    if (this.isPaused || this.isClosed) return;
    this.last = performance.now();
    this.next();
  }

  async goOn() {
    try {
      while (this.wanted !== null && !this.isClosed) {
        const at = this.wanted;
        this.wanted = null;
        await this.go(at);
      }
    } catch (error) {
      this.failed(error);
    } finally {
      this.seeking = null;
    }
    if (this.isClosed) return;
    this.tell('frame');
    this.tell('seeked');
  }

  async go(at) {
    const { recording } = this;
    const ahead = at - recording.now;
    if (recording.document && ahead >= 0 && ahead < NEAR_MS) {
      const reached = await this.stepTo(at, NEAR_TURN_MS, () => this.wanted !== null);
      if (this.wanted !== null) return;
      if (reached < at) await recording.seek(at);
    } else await recording.seek(at);
    await recording.flush();
  }

  async step() {
    return this.one(() => this.recording.step());
  }

  async stepBack() {
    return this.one(() => this.recording.stepBack());
  }

  async one(move) {
    this.pause();
    if (this.seeking) await this.seeking;
    try {
      const moment = await move();
      this.set(moment === null ? this.recording.end : Math.max(moment.at, this.recording.begin));
      await this.recording.flush();
      this.tell('frame');
      this.tell('seeked');
      return moment !== null;
    } catch (error) {
      this.failed(error);
      return false;
    }
  }

  failed(error) {
    if (this.isClosed) return;
    this.wanted = null;
    this.pause();
    this.set(Math.max(this.recording.begin, Math.min(this.recording.now, this.recording.end)));
    this.tell('error', error);
  }

  close() {
    this.isPaused = this.isClosed = true;
    this.turn++;
  }
}
