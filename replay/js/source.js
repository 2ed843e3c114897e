// Where the bytes of a recording come from, a range at a time: a Blob, an address, or bytes in memory.

// What a server sends of itself where it does not know ranges is taken as a whole, up to so much.
const WHOLE_BYTES = 512 * 1024 * 1024;

// Gives `{ size, read(offset, length) }`.
export async function openSource(source) {
  if (source instanceof Blob) return fromBlob(source);
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return fromBlob(new Blob([source]));
  if (typeof source === 'string' || source instanceof URL) return fromAddress(String(source));
  throw new TypeError('cobrowse: open: expected a Blob, bytes or an address');
}

const fromBlob = (blob) => ({
  size: blob.size,
  read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
});

// The first request tells whether the server knows ranges, and how long the file is; what it has brought is not asked for again.
async function fromAddress(address) {
  const first = await ask(address, 0, 8192);
  if (first.status === 200) return fromBlob(await whole(address, first));
  const size = Number(/\/(\d+)$/.exec(first.headers.get('content-range') ?? '')?.[1] ?? NaN);
  if (!Number.isSafeInteger(size)) {
    const answer = await get(address);
    return fromBlob(await whole(address, answer));
  }
  const begin = new Uint8Array(await first.arrayBuffer());
  const tag = first.headers.get('etag');
  return {
    size,
    read: async (offset, length) => {
      if (offset + length <= begin.length) return begin.slice(offset, offset + length);
      const answer = await ask(address, offset, length);
      if (answer.status !== 206 || answer.headers.get('etag') !== tag) {
        throw new Error(`cobrowse: ${address}: expected bytes ${offset} to ${offset + length} of the same file, the server answered ${answer.status}`);
      }
      return new Uint8Array(await answer.arrayBuffer());
    },
  };
}

// A browser does not say to scripts why it could not.
async function get(address, options) {
  try {
    return await fetch(address, options);
  } catch {
    throw new Error(`cobrowse: ${address}: could not be fetched: its server is not there, does not allow this page to read it (CORS), or this page's policy does not (connect-src)`);
  }
}

async function ask(address, offset, length) {
  const answer = await get(address, { headers: { range: `bytes=${offset}-${offset + length - 1}` } });
  if (!answer.ok) throw new Error(`cobrowse: ${address}: expected a recording, the server answered ${answer.status}`);
  return answer;
}

async function whole(address, answer) {
  if (!answer.ok) throw new Error(`cobrowse: ${address}: expected a recording, the server answered ${answer.status}`);
  if (Number(answer.headers.get('content-length')) > WHOLE_BYTES) {
    answer.body?.cancel();
    throw new Error(`cobrowse: ${address}: its server gives no ranges of files, and it is longer than ${WHOLE_BYTES} bytes`);
  }
  return answer.blob();
}
