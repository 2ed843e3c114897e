// The site's own part: its connection to LivePerson gets messages, and gives those that are about co-browsing to the adapter. Here
// they come from the agent's window of this example, by a channel of the browser.

const { adapter } = window.CobrowseLivePerson;
const line = (text) => document.getElementById('chat').append(Object.assign(document.createElement('li'), { textContent: text }));

adapter.configure({
  agentName: 'Anna',
  ids: { ssid: 'session-1', svid: 'visitor-1', scid: 'context-1', cid: 'engagement-context-1', eid: 'engagement-1' },
});

// What the site hears of it, LivePerson's agent workspace does, too.
const cloud = new BroadcastChannel('liveperson-example');
window.example = {
  published: [],
  told: [],
  // A message as LivePerson sends it.
  receive: (message) => adapter.notification(message),
};
for (const name of ['cobrowseOffered', 'cobrowseAccepted', 'cobrowseDeclined']) {
  window.lpTag.events.bind('lpCoBrowse', name, (data) => {
    window.example.published.push({ name, data });
    cloud.postMessage({ name, data });
  });
}
cloud.onmessage = ({ data }) => data.notification && window.example.receive(data.notification);

const TEXTS = {
  offered: () => 'Anna would like to look at this page with you.',
  accepted: () => 'You share this page with Anna.',
  declined: () => 'You do not share this page.',
  withdrawn: ({ reason }) => (reason === 'expired' ? 'The invitation has expired.' : 'Anna has taken the invitation back.'),
  ended: () => 'The page is no longer shared.',
};
for (const [event, text] of Object.entries(TEXTS)) {
  adapter.on(event, (offer) => {
    window.example.told.push({ event, ...offer });
    line(text(offer));
  });
}
adapter.on('error', (error) => {
  window.example.told.push({ event: 'error', message: error.message });
  line('Co-browsing is not possible at the moment.');
});

document.getElementById('more').addEventListener('click', () => {
  const count = document.getElementById('count');
  count.value = Number(count.value) + 1;
});
