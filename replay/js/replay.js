// `replay.js`: a classic script that puts `CobrowseReplay` on the agent's page.

import { PlayerView, ready } from './player.js';
import { Recording } from './recording.js';

const script = document.currentScript;
const base = new URL('.', script ? script.src : location.href).href;

window.CobrowseReplay = {
  preload: () => ready(base).then(() => undefined),
  mount: async (container, options = {}) => {
    await ready(base);
    return new PlayerView(container, options).handle;
  },
  open: async (source) => {
    await ready(base);
    return Recording.open(source);
  },
};
