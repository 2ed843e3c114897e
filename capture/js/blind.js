// In the place of a recorder, for sessions that show the screen and nothing of the page: it says and hears messages, and looks at no
// node. What an agent would do to the page finds nothing here.

const MODE_CHANGED = 16, FOLLOW = 1; // protocol/src/control.rs

export class Blind {
  constructor(wasm, part) {
    const key = crypto.getRandomValues(new Uint32Array(2));
    this.engine = new wasm.Engine(key[0], key[1]);
    this.options = { part };
    this.paused = false;
    this.started = performance.now();
  }

  modeFrame() {
    return this.engine.say(MODE_CHANGED, [FOLLOW], Math.max(0, Math.round(performance.now() - this.started)));
  }

  pause() {
    this.paused = true;
  }

  resume() {
    this.paused = false;
  }

  stats() {
    return { seq: 0, hash: this.engine.hash(), nodes: 0, frames: 0, bytes: 0, restarts: 0 };
  }

  kept() { return 0; }
  nodeOf() { return undefined; }
  verdicts() { return new Uint8Array(); }
  async verify() { return 0; }
  async report() { return null; }
  async flushAll() {}
  flush() {}
  keyframe() {}
  requested() {}
  missing() {}
  answer() {}
  ignore() {}
  stop() {}
}
