// Plays a recording (docs/wire-format.md §7): from a file, by drop, or from an address given as `#src=`.

const $ = (id) => document.getElementById(id);
const MAGIC = 'cobrowse';

let player = null;
let frames = [];
let at = 0; // how many frames are shown
let now = 0; // milliseconds into the recording
let playing = false;

function parse(bytes) {
  const start = String.fromCharCode(...bytes.subarray(0, 8));
  if (start !== MAGIC) throw new Error('byte 0: expected a recording ("cobrowse"), found another file');
  if (bytes[8] !== 1) throw new Error(`byte 8: expected version 1, found ${bytes[8]}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const found = [];
  let offset = 9;
  while (offset < bytes.length) {
    const begin = offset;
    let length = 0, shift = 0, byte;
    do {
      byte = bytes[offset++];
      length += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte >= 0x80 && shift < 35);
    // A file that was cut off plays up to its last whole frame.
    if (byte === undefined || offset + length > bytes.length || length < 14) {
      $('problem').textContent = `byte ${begin}: expected a frame of ${length} bytes; plays up to here`;
      break;
    }
    found.push({ time: view.getUint32(offset + 5, true), kind: bytes[offset] & 7, bytes: bytes.subarray(offset, offset + length) });
    offset += length;
  }
  return found.filter(({ kind }) => kind !== 3);
}

async function open(buffer) {
  try {
    frames = parse(new Uint8Array(buffer));
    if (frames.length === 0) throw new Error('the recording holds no frame');
  } catch (error) {
    $('problem').textContent = error.message;
    return;
  }
  player?.destroy();
  player = await CobrowseReplay.mount($('view'), {});
  player.on('error', (error) => console.warn(error.message));
  window.cobrowsePlayer = player;
  $('open').hidden = true;
  $('controls').hidden = false;
  $('seek').max = duration();
  at = 0;
  seek(frames[0].time);
}

const duration = () => frames[frames.length - 1].time;

// Shows the page as it was at a moment.
function seek(time) {
  now = Math.max(frames[0].time, Math.min(time, duration()));
  const end = frames.findLastIndex((frame) => frame.time <= now) + 1;
  let from = at;
  if (end < at || at === 0) {
    from = frames.findLastIndex((frame, index) => index < end && frame.kind === 1);
  }
  for (let index = from; index < end; index++) player.push(frames[index].bytes);
  at = end;
  $('seek').value = now;
  $('time').textContent = clock(now) + ' / ' + clock(duration());
}

const clock = (ms) => Math.floor(ms / 60000) + ':' + String(Math.floor(ms / 1000) % 60).padStart(2, '0');

function play(on) {
  if (on && now >= duration()) seek(0);
  playing = on;
  $('play').textContent = on ? 'Pause' : 'Play';
  let last = performance.now();
  const tick = (time) => {
    if (!playing) return;
    seek(now + (time - last) * Number($('speed').value));
    last = time;
    if (now >= duration()) play(false);
    else requestAnimationFrame(tick);
  };
  if (on) requestAnimationFrame(tick);
}

$('play').addEventListener('click', () => play(!playing));
$('seek').addEventListener('input', () => seek(Number($('seek').value)));
$('file').addEventListener('change', async () => $('file').files[0] && open(await $('file').files[0].arrayBuffer()));
addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('over');
});
addEventListener('dragleave', () => document.body.classList.remove('over'));
addEventListener('drop', async (event) => {
  event.preventDefault();
  document.body.classList.remove('over');
  if (event.dataTransfer.files[0]) open(await event.dataTransfer.files[0].arrayBuffer());
});

const source = new URLSearchParams(location.hash.slice(1)).get('src');
if (source) {
  fetch(source).then(async (response) => {
    if (!response.ok) throw new Error(`${source}: the server answered ${response.status}`);
    return open(await response.arrayBuffer());
  }).catch((error) => ($('problem').textContent = error.message));
}
