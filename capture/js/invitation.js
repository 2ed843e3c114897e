// For pages that agents send links to: an invitation stands in the address, `?cobrowse=123456789`, or behind `#`. The customer is
// asked always; one that is over is told of.

import { cobrowse, makeOverlay, optionsOf, relayOf } from './alone.js';

const NAME = 'cobrowse';

// Takes the number out of the address: a reload is no second invitation, and a link that is passed on none at all.
function takeNumber() {
  const url = new URL(location.href);
  const behind = new URLSearchParams(url.hash.slice(1));
  const number = url.searchParams.get(NAME) ?? behind.get(NAME);
  if (number === null) return null;
  url.searchParams.delete(NAME);
  if (behind.has(NAME)) {
    behind.delete(NAME);
    url.hash = behind.toString();
  }
  history.replaceState(history.state, '', url);
  return number;
}

async function begin(script, invitation) {
  const options = optionsOf(script);
  const api = await cobrowse();
  // The customer may have taken it in another tab of the browser.
  const running = await api.session;
  if (running && running.state !== 'ended') return running;
  return api.start({ relay: relayOf(script), ...options, invitation, consent: true });
}

async function meet(script, invitation) {
  const tell = (detail) => window.dispatchEvent(new CustomEvent('cobrowse-invitation', { detail }));
  try {
    tell({ session: await begin(script, invitation) });
  } catch (error) {
    console.warn(error.message);
    tell({ error });
    if (!/invitation (has expired|was taken)/.test(error.message)) return;
    const overlay = await makeOverlay(script, {}, []).catch(() => null);
    await overlay?.tell('gone');
  }
}

const script = document.currentScript;
const number = takeNumber();
if (number !== null) meet(script, number);
