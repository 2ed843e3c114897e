// Fonts that scripts make (`new FontFace(name, bytes)`): what they are made from can be seen when they are made, and never again.

import { Patches } from './patches.js';

export class Faces {
  constructor(scope) {
    this.sources = new WeakMap(); // font → its bytes, or the text that says where it is
    this.patches = new Patches();
    const { FontFace } = scope;
    if (!FontFace) return;
    const made = new Proxy(FontFace, {
      construct: (target, args, self) => {
        const face = Reflect.construct(target, args, self);
        if (this.patches.active) this.sources.set(face, sourceOf(args[1]));
        return face;
      },
    });
    this.patches.replace(scope, 'FontFace', (old) => ({ ...old, value: made }), (now) => now?.value === made);
  }

  stop() {
    this.patches.takeBack();
  }
}

// The page may do with its bytes what it likes from now on.
function sourceOf(source) {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
  return typeof source?.byteLength === 'number' ? new Uint8Array(source).slice() : String(source);
}
