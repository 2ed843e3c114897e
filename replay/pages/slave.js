// The agent's page. Parameters behind `#` (or `?`): `sid` the nine digits, `nosidinput=1` no field for them,
// `relay` where the relay is (default: where this page is), `name` the agent's name, `debug=1` shows what happens.

const params = new URLSearchParams(location.hash.slice(1) || location.search);
const $ = (id) => document.getElementById(id);
const relay = params.get('relay') ?? new URL('.', location.href).href;

let player = null;

function status(text, state) {
  $('status').textContent = text;
  $('dot').className = 'dot ' + state;
}

function debug(text) {
  if (params.get('debug') !== '1') return;
  $('debug').hidden = false;
  $('debug').textContent = text;
}

function ask(problem = '') {
  if (params.get('nosidinput') === '1') {
    status(problem || 'No session number given', 'ended');
    return;
  }
  $('join').hidden = false;
  $('problem').textContent = problem;
  $('sid').focus();
}

async function join(token) {
  $('join').hidden = true;
  status('Connecting …', 'waiting');
  player?.destroy();
  player = null;
  try {
    player = await CobrowseReplay.mount($('view'), { relay, token, name: params.get('name') ?? '' });
  } catch (error) {
    ask(error.message.replace(/^cobrowse: /, ''));
    return;
  }
  window.cobrowsePlayer = player;
  window.cobrowseTools.attach(player);
  $('leave').hidden = false;
  player.on('connection', (state) => status(state === 'open' ? 'Waiting for the customer’s page …' : 'Connection lost, trying again …', 'waiting'));
  player.on('rebuilt', () => status('Live', 'live'));
  player.on('paused', () => status('Paused by the customer', 'waiting'));
  player.on('resumed', () => status('Live', 'live'));
  player.on('customer-left', () => status('The customer is away; waiting for them to come back …', 'waiting'));
  player.on('customer-joined', () => player.document && status('Live', 'live'));
  player.on('refused', ({ reason }) => debug('refused: ' + reason));
  player.on('frame', () => debug(JSON.stringify(player.stats())));
  player.on('ended', (reason) => end('The session has ended (' + reason + ')'));
  player.on('error', (error) => {
    debug(error.message);
    if (!player.document && error.message.startsWith('cobrowse: ')) end(error.message.slice(10));
  });
}

function end(text) {
  player?.destroy();
  player = null;
  $('leave').hidden = true;
  window.cobrowseTools.detach();
  status(text, 'ended');
  ask();
}

$('join').addEventListener('submit', (event) => {
  event.preventDefault();
  const token = $('sid').value.replace(/\D/g, '');
  if (token.length === 9) join(token);
  else $('problem').textContent = 'The session number has nine digits; this one has ' + token.length + '.';
});
$('leave').addEventListener('click', () => end('You left the session'));

const sid = params.get('sid');
if (sid) join(sid);
else ask();
