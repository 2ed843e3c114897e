// The player's keys, while it or something in it has the focus that takes no text; and the list of them.

import { make, picture } from './make.js';

const SECOND = 1000;

// What is told in the list, in the order of the list.
const LIST = [
  [['Space', 'K'], 'Play or pause'],
  [['←', '→'], 'Five seconds back, on'],
  [['J', 'L'], 'Ten seconds back, on'],
  [[',', '.'], 'One frame back, on; also Shift with an arrow'],
  [['Home', 'End'], 'To the beginning, to the end'],
  [['0', '9'], 'To so many tenths of the recording: 0 to 9'],
  [['<', '>'], 'Slower, faster'],
  [['I'], 'Skip stretches without a change'],
  [['T'], 'Trail of pointers'],
  [['C'], 'What changed'],
  [['/'], 'Search the text'],
  [['F'], 'Full screen'],
  [['Esc'], 'Close the panel, or this list'],
  [['?'], 'This list'],
];

// Whether what has the focus takes the key for itself.
function isTaken(event) {
  const [target] = event.composedPath();
  if (!(target instanceof Element)) return false;
  if (target.matches('input, textarea, select') || target.isContentEditable) return true;
  return (event.key === ' ' || event.key === 'Enter') && target.matches('button, a[href], label, summary');
}

// What a key does with a player; `player` is the element.
const KEYS = {
  ' ': (player) => player.toggle(),
  k: (player) => player.toggle(),
  arrowleft: (player, event) => (event.shiftKey ? player.stepBack() : player.move(-5 * SECOND)),
  arrowright: (player, event) => (event.shiftKey ? player.step() : player.move(5 * SECOND)),
  j: (player) => player.move(-10 * SECOND),
  l: (player) => player.move(10 * SECOND),
  ',': (player) => player.stepBack(),
  '.': (player) => player.step(),
  home: (player) => player.seek(0),
  end: (player) => player.seek(player.duration),
  pageup: (player) => player.move(player.duration * 100),
  pagedown: (player) => player.move(-player.duration * 100),
  '<': (player) => player.changeSpeed(-1),
  '>': (player) => player.changeSpeed(1),
  i: (player) => (player.skipIdle = !player.skipIdle),
  t: (player) => (player.trail = !player.trail),
  c: (player) => (player.panel = player.panel === 'changes' ? '' : 'changes'),
  '/': (player) => (player.panel = 'search'),
  f: (player) => player.toggleFullScreen(),
  escape: (player) => (player.panel = ''),
};

export class Keyboard {
  constructor(player) {
    this.player = player;
    const rows = LIST.map(([keys, what]) => make('div', {},
      make('dt', {}, ...keys.flatMap((key, index) => (index > 0 ? [' ', make('kbd', {}, key)] : [make('kbd', {}, key)]))), make('dd', {}, what)));
    const close = make('button', { type: 'button', class: 'tool', 'aria-label': 'Close', onclick: () => this.dialog.close() }, picture('close'));
    this.dialog = make('dialog', { class: 'keys', 'aria-labelledby': 'keys-title' },
      make('div', { class: 'keys-head' }, make('h2', { id: 'keys-title' }, 'Keys'), close), make('dl', {}, ...rows));
    this.dialog.addEventListener('click', (event) => event.target === this.dialog && this.dialog.close());
    player.addEventListener('keydown', (event) => this.key(event));
  }

  show() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  key(event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTaken(event)) return;
    if (this.dialog.open) {
      if (event.key !== '?') return;
      this.dialog.close();
    } else if (event.key === '?') this.show();
    else if (!this.player.isReady) return;
    else if (/^[0-9]$/.test(event.key)) this.player.seek((this.player.duration * Number(event.key)) / 10);
    else {
      const act = KEYS[event.key.toLowerCase()];
      if (!act) return;
      act(this.player, event);
    }
    event.preventDefault();
  }
}
