// Media features of the customer's device and wishes, where an agent's may be others. Width and height are those of the
// viewport, which the agent's page has too.

const FEATURES = {
  'prefers-color-scheme': ['light', 'dark'],
  'prefers-reduced-motion': ['no-preference', 'reduce'],
  'prefers-contrast': ['no-preference', 'more', 'less', 'custom'],
  'forced-colors': ['none', 'active'],
  hover: ['none', 'hover'],
  'any-hover': ['none', 'hover'],
  pointer: ['none', 'coarse', 'fine'],
  'any-pointer': ['none', 'coarse', 'fine'],
};

export class Features {
  // `told()` is called when one of them has another value.
  constructor(window, told) {
    this.lists = [];
    const changed = () => {
      this.known = undefined;
      told();
    };
    for (const [name, values] of Object.entries(FEATURES)) {
      for (const value of values) {
        const list = window.matchMedia?.(`(${name}: ${value})`);
        if (!list?.addEventListener) continue;
        list.addEventListener('change', changed);
        this.lists.push({ list, changed, text: name + '=' + value });
      }
    }
  }

  // `NAME=VALUE`, with blanks between: those that hold.
  state() {
    return (this.known ??= this.lists.filter(({ list }) => list.matches).map(({ text }) => text).join(' ') || null);
  }

  disconnect() {
    for (const { list, changed } of this.lists) list.removeEventListener('change', changed);
  }
}
