// The player's page. In its address: `src` the recording, `t` the moment (`12.5`, `1m2s`, `1:02`), both behind `?` or `#`.

const player = document.getElementById('player');
const name = document.title;

const behindHash = () => new URLSearchParams(location.hash.slice(1));
const asked = (key) => behindHash().get(key) ?? new URLSearchParams(location.search).get(key);

function begin() {
  const [src, t] = [asked('src'), asked('t')];
  if (t) player.setAttribute('t', t);
  else player.removeAttribute('t');
  if (src && src !== player.getAttribute('src')) player.src = src;
}

player.addEventListener('ready', () => {
  document.title = `${player.recording.about.url ?? 'Recording'} – ${name}`;
  player.focus();
});
player.addEventListener('emptied', () => (document.title = name));
player.addEventListener('link', (event) => {
  event.preventDefault();
  const hash = behindHash();
  hash.set('t', event.detail.hash.slice(3));
  history.replaceState(null, '', '#' + hash);
  event.detail.said = 'The link is in the address';
  // A file has no address of its own.
  if (!player.hasAttribute('src')) event.detail.said += '; open the same file there';
  navigator.clipboard?.writeText(location.href).catch(() => undefined);
});
// What may be loaded for recorded pages says the relay that serves this page, if one does.
async function allowed() {
  const said = location.protocol === 'file:' ? null : await fetch('api/assets').then((response) => response.json()).catch(() => null);
  if (Array.isArray(said?.assets)) player.setAttribute('assets', said.assets.join(' '));
  else player.removeAttribute('assets');
}

addEventListener('hashchange', begin);
allowed().then(begin);
window.cobrowsePlayer = player;
