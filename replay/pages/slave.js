// The agent's page. Parameters behind `#` (or `?`): `sid` the nine digits, `nosidinput=1` no field for them,
// `relay` where the relay is (default: where this page is), `name` the agent's name, `debug=1` shows what happens; `reference` what
// another system calls the session (slave-reference.js), `embedded=1` a page around this one directs it (slave-embedded.js); `key`
// and `sealed=1` of sealed sessions (slave-sealed.js).

const params = new URLSearchParams(location.hash.slice(1) || location.search);
const $ = (id) => document.getElementById(id);

// Where a page around this one directs it.
const desk = params.get('embedded') === '1' ? window.cobrowseEmbedded : null;
// Who directs it does not choose whom it asks whether that may be.
const relay = (desk ? null : params.get('relay')) ?? new URL('.', location.href).href;

let player = null;
let turns = 0; // how often a session was joined
let sight = null; // what is known of the customer, while there is a player
const desktops = new Set(); // controllers that are in the session: they wait for its end, not for an agent who comes back

// How long a page may be gone before that is said: most are followed by another.
const GONE_MS = 1500;

function status(text, state) {
  $('status').textContent = text;
  $('dot').className = 'dot ' + state;
}

// What is the matter, if anything: the text, whether the picture is one of the past, and what to do.
function matter() {
  if (sight.open === null && !player.document) return ['Connecting …', 'waiting', false];
  const waits = window.cobrowseSealed.matter();
  if (waits && sight.open !== false) return [waits, 'waiting', Boolean(player.document)];
  if (sight.open === false) return ['Connection lost, trying again …', 'waiting', true];
  if (sight.gone === 'left') {
    return ['The customer has left the page. Co-browsing goes on when a page of the site opens that has the script.', 'waiting', true];
  }
  if (sight.gone === 'silent') {
    return ['Nothing is heard of the customer: the device sleeps, or its network is gone. Co-browsing goes on when it is back.', 'waiting', true];
  }
  if (sight.gone) return ['The customer is away; waiting for them to come back …', 'waiting', true];
  if (sight.paused) return ['Paused by the customer', 'waiting', true];
  if (player.screen.only) return [player.screen.state === 'shown' ? 'Live: the customer’s screen' : 'Connected: the customer shows the screen only', 'live', false];
  if (!player.document) return [desk?.waiting ?? 'Waiting for the customer’s page …', 'waiting', false];
  if (sight.visible === 'tab') return ['The customer is looking at another tab', 'waiting', true];
  if (sight.visible === 'opened') {
    return ['The customer is looking at a window that the page has opened. It is not shared: it has no script for it, or is of another site.', 'waiting', true];
  }
  if (sight.visible === 'window') return ['Live, behind another window of the customer’s', 'live', false];
  return ['Live', 'live', false];
}

function show() {
  if (!sight) return;
  const [text, state, isPast] = matter();
  status(text, state);
  const isDim = isPast && Boolean(player.document);
  $('view').classList.toggle('dim', isDim);
  $('notice').hidden = !isDim;
  $('notice').textContent = isDim ? text : '';
}

// A page that is gone for a moment only is not told of.
function gone(reason) {
  clearTimeout(sight.timer);
  sight.timer = setTimeout((seen) => {
    if (seen !== sight) return;
    seen.gone = reason;
    show();
  }, sight.gone ? 0 : GONE_MS, sight);
}

function here() {
  clearTimeout(sight.timer);
  clearTimeout(sight.opened);
  sight.gone = sight.visible = null;
  show();
}

function debug(text) {
  if (params.get('debug') !== '1') return;
  console.debug('cobrowse:', text);
  $('debug').hidden = false;
  $('debug').textContent = text;
}

function ask(problem = '') {
  if (desk) return;
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
  player = sight = null;
  const turn = ++turns;
  try {
    const bearer = await window.cobrowseIdentity.open(relay, desk?.desk ?? null);
    await bearer?.(false);
    if (turn !== turns) return;
    const mounted = await CobrowseReplay.mount($('view'), { relay, token, bearer, name: desk?.name ?? params.get('name') ?? '', ...window.cobrowseSealed.options() });
    // Another number was given meanwhile.
    if (turn !== turns) {
      mounted.destroy();
      return;
    }
    player = mounted;
  } catch (error) {
    if (turn !== turns) return;
    const problem = error.message.replace(/^cobrowse: /, '');
    ask(problem);
    desk?.ended(problem);
    return;
  }
  window.cobrowsePlayer = player;
  window.cobrowseTools.attach(player);
  window.cobrowseAssist.attach(player);
  window.cobrowseSealed.attach(player);
  player.on('sealed', () => show());
  $(desk ? 'end' : 'leave').hidden = false;
  sight = { open: null, gone: null, paused: false, visible: null };
  desktops.clear();
  leaving();
  show();
  // After a reload of this page the session goes on at once.
  if (!desk) address(token);
  desk?.attach(player, token);
  const note = (name, value) => {
    sight[name] = value;
    show();
  };
  player.on('connection', (state) => {
    // What is true of the customer is told anew to a connection.
    if (state === 'open') Object.assign(sight, { paused: false, visible: null });
    if (state === 'open') desktops.clear();
    note('open', state === 'open');
  });
  player.on('rebuilt', show);
  player.on('paused', () => note('paused', true));
  player.on('resumed', () => note('paused', false));
  player.on('customer-left', () => gone('away'));
  player.on('absent', ({ reason }) => gone(reason));
  player.on('customer-joined', here);
  player.on('joined', ({ user, role }) => role === 'controller' && leaving(desktops.add(user)));
  player.on('left', ({ user }) => desktops.delete(user) && leaving());
  player.on('visible', (state) => {
    clearTimeout(sight?.opened);
    // The window may be one that goes on with the session in a moment.
    if (state === 'opened' && sight) sight.opened = setTimeout(() => sight && note('visible', state), GONE_MS);
    else note('visible', state);
  });
  player.on('screen', show);
  player.on('refused', ({ reason }) => debug('refused: ' + reason));
  player.on('blocked', ({ address }) => debug('not loaded: ' + address));
  player.on('frame', () => debug(JSON.stringify(player.stats())));
  player.on('ended', (reason) => end(ENDS[reason] ?? 'The session has ended (' + reason + ')'));
  player.on('error', (error) => {
    debug(error.message);
    if ((error.isFinal || (!player.document && !error.isRefused)) && error.message.startsWith('cobrowse: ')) end(error.message.slice(10));
  });
}

// The session's number stands in this page's address while it runs.
function address(token) {
  const known = new URLSearchParams(location.hash.slice(1) || location.search);
  if (token) known.set('sid', token);
  else known.delete('sid');
  known.delete('key');
  history.replaceState(null, '', '#' + known);
}

const ENDS = {
  customer: 'The customer has ended the session',
  agent: 'The session has been ended by an agent',
  declined: 'The customer has declined',
  left: 'The customer has left the page and did not come back',
  idle: 'The session has ended: nothing was heard for too long',
  shutdown: 'The session has ended: the relay is going down',
  controller: 'The session was ended at the agent’s desktop',
  closed: 'The session has ended with its conversation',
  transferred: 'The session has ended: its conversation went to another agent',
};

function end(text) {
  clearTimeout(sight?.timer);
  clearTimeout(sight?.opened);
  player?.destroy();
  player = sight = null;
  if (!desk) address(null);
  $('view').classList.remove('dim');
  $('notice').hidden = true;
  $('leave').hidden = $('end').hidden = true;
  window.cobrowseTools.detach();
  window.cobrowseAssist.detach();
  window.cobrowseSealed.detach();
  status(text, 'ended');
  // What was said stays there where there is no field to ask for another session.
  if (params.get('nosidinput') !== '1') ask();
  desk?.ended(text);
}

// Comes to the session that another system knows by another name, once it is there.
async function meet(reference) {
  status('Waiting for the customer to agree …', 'waiting');
  try {
    await join(await window.cobrowseReference.find(relay, reference));
  } catch (error) {
    status(error.message, 'ended');
    ask(error.message);
  }
}

$('join').addEventListener('submit', (event) => {
  event.preventDefault();
  const token = $('sid').value.replace(/\D/g, '');
  if (token.length === 9) join(token);
  else $('problem').textContent = 'The session number has nine digits; this one has ' + token.length + '.';
});
// With a desktop in the session the agent's exit is its end.
function leaving() {
  $('leave').textContent = desktops.size > 0 ? 'End session' : 'Leave';
}

$('leave').addEventListener('click', () => (desktops.size > 0 ? player.end() : end('You left the session')));

$('end').addEventListener('click', () => player?.end());

const sid = params.get('sid');
const reference = params.get('reference');
if (params.get('sign-in') === '1') window.cobrowseIdentity.run().catch(({ message }) => status(message, 'ended'));
else if (desk) desk.open({ relay, join, status });
else if (sid) join(sid);
else if (reference) meet(reference);
else ask();

// A desktop may give its iframe another session by its address alone.
window.addEventListener('hashchange', () => {
  const given = new URLSearchParams(location.hash.slice(1)).get('sid');
  if (given) join(given);
});
