// Keeps a session for pages of other origins of the same site, in a frame that nobody sees: a browser gives this page, in a frame, one
// storage for each site around it, so that `shop.example.com` and `pay.example.com` find the same, and no other site does. Who may
// have a session is decided here, by the origin that the browser says a message is from: the page that keeps one lists who may take it,
// and the page that takes one lists whose it takes. The other end is `capture/js/sites.js`.
'use strict';

(() => {
  const MESSAGE = 'cobrowse:hold', SLOT = 'cobrowse ';
  // Nobody comes back to a session for so long.
  const OLD_MS = 86400000;

  // What the pages of each origin have left: `{ sites, at, record }`, or `ended`, the number of a session that is over.
  const slots = () => {
    const found = [];
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(SLOT)) continue;
      let slot = null;
      try {
        slot = JSON.parse(localStorage.getItem(key));
      } catch {
        // Not ours.
      }
      if (slot === null || !Array.isArray(slot.sites) || !(Math.abs(Date.now() - slot.at) < OLD_MS)) localStorage.removeItem(key);
      else found.push([key.slice(SLOT.length), slot]);
    }
    return found;
  };

  const actions = {
    keep: (origin, sites, record) => localStorage.setItem(SLOT + origin, JSON.stringify({ sites, at: Date.now(), record })),
    end: (origin, sites, token) => localStorage.setItem(SLOT + origin, JSON.stringify({ sites, at: Date.now(), ended: token })),
    // The newest of those that this origin may have and wants, and the numbers of those that are over.
    take(origin, sites) {
      const open = slots().filter(([from, slot]) => from === origin || sites.includes(from) && slot.sites.includes(origin));
      const ended = open.map(([, slot]) => slot.ended).filter(Boolean);
      const kept = open.filter(([, { record }]) => record && !ended.includes(record.token)).sort(([, a], [, b]) => b.at - a.at);
      return { record: kept.length > 0 ? { ...kept[0][1].record, at: kept[0][1].at } : null, ended };
    },
  };

  addEventListener('message', ({ data, origin, source, ports: [port] }) => {
    if (source !== parent || origin === 'null' || !port || !Array.isArray(data) || data[0] !== MESSAGE) return;
    const [, action, sites, value] = data;
    if (!Object.hasOwn(actions, action) || !Array.isArray(sites)) return;
    try {
      port.postMessage({ done: actions[action](origin, sites, value) ?? true });
    } catch (error) {
      port.postMessage({ failed: error.message }); // The browser keeps nothing for frames.
    }
  });
  // To whomever: it says nothing but that this page is here.
  parent.postMessage(MESSAGE, '*');
})();
