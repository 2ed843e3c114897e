// Animations as the customer has them: those that scripts began, and those of style sheets where they are.

import * as dom from './dom.js';
import { once } from './waits.js';

export class Motion {
  // `clock()` gives the stream's time, in milliseconds.
  constructor(clock) {
    this.clock = clock;
    this.made = new Map(); // element → animations made here, with what was told of them
    this.named = new Map(); // element → those of style sheets that were told
  }

  set(node, value) {
    const list = value === null ? [] : JSON.parse(value);
    for (const { animation } of this.made.get(node) ?? []) animation.cancel();
    this.made.delete(node);
    this.named.delete(node);
    const made = list.filter(({ frames }) => frames).map((told) => this.make(node, told)).filter(Boolean);
    if (made.length > 0) this.made.set(node, made);
    const named = list.filter(({ name }) => name);
    if (named.length === 0) return;
    this.named.set(node, named);
    this.place(node);
    // A style sheet that is being loaded, or a class that comes with the next frame.
    once(node, 'animationstart', () => this.place(node));
  }

  make(node, { frames, timing, pseudo, ...told }) {
    try {
      const iterations = timing.iterations < 0 ? Infinity : timing.iterations;
      const animation = dom.animate(node, frames, { ...timing, iterations, pseudoElement: pseudo });
      this.put(animation, told);
      return { animation, told };
    } catch {
      return null; // Of another browser's own.
    }
  }

  // Where it is now.
  put(animation, { rate, from, at }) {
    animation.playbackRate = rate;
    if (at !== undefined) {
      animation.pause();
      animation.currentTime = at;
    } else {
      animation.currentTime = (this.clock() - from) * rate;
    }
  }

  forget(node) {
    this.made.delete(node);
    this.named.delete(node);
  }

  // The clock shows another time than it did.
  again() {
    for (const [node, made] of this.made) {
      if (!dom.isConnected(node)) this.made.delete(node);
      else for (const { animation, told } of made) this.put(animation, told);
    }
    for (const node of this.named.keys()) {
      if (!dom.isConnected(node)) this.named.delete(node);
      else this.place(node);
    }
  }

  // Whether there was one of those that were told.
  place(node) {
    const named = this.named.get(node) ?? [];
    if (named.length === 0) return true;
    let found = false;
    for (const animation of node.getAnimations?.() ?? []) {
      const told = named.find(({ name, pseudo }) => name === animation.animationName && (pseudo ?? null) === animation.effect.pseudoElement);
      if (!told) continue;
      this.put(animation, told);
      found = true;
    }
    return found;
  }
}
