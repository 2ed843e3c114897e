// Reversible changes of the page's prototypes, for what no observer tells. Each is taken back when the session stops,
// while it is the topmost one; below another's it stays, and does nothing.

export class Patches {
  constructor() {
    this.undo = [];
    this.active = true;
  }

  // `after(object, result, args)` runs behind each call that succeeds.
  method(target, name, after) {
    const original = target && Object.getOwnPropertyDescriptor(target, name)?.value;
    if (!original) return;
    const patches = this;
    const { [name]: patched } = {
      [name](...args) {
        const result = original.apply(this, args);
        if (patches.active) after(this, result, args);
        return result;
      },
    };
    this.replace(target, name, (old) => ({ ...old, value: patched }), (now) => now?.value === patched);
  }

  // `read(object, value)` runs behind each successful reading, `written(object)` behind each successful writing.
  accessor(target, name, { read, written }) {
    const original = target && Object.getOwnPropertyDescriptor(target, name);
    if (!original?.get) return;
    const patches = this;
    const get = read === undefined ? original.get : function () {
      const value = original.get.call(this);
      if (patches.active) read(this, value);
      return value;
    };
    const set = written === undefined || !original.set ? original.set : function (value) {
      original.set.call(this, value);
      if (patches.active) written(this);
    };
    this.replace(target, name, (old) => ({ ...old, get, set }), (now) => now?.get === get && now?.set === set);
  }

  replace(target, name, patch, isOurs) {
    const original = Object.getOwnPropertyDescriptor(target, name);
    if (!original.configurable) return;
    Object.defineProperty(target, name, patch(original));
    this.undo.push(() => {
      if (isOurs(Object.getOwnPropertyDescriptor(target, name))) Object.defineProperty(target, name, original);
    });
  }

  takeBack() {
    this.active = false;
    while (this.undo.length > 0) {
      try {
        this.undo.pop()();
      } catch {
        // The window of a frame that has gone on to another origin: what was changed has gone with its document.
      }
    }
  }
}
