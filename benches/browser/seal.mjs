// What sealing costs a frame, in the wasm that pages load: `cargo xtask dist`, then `node benches/browser/seal.mjs`. Frames have random bodies,
// as what is deflated is; the median of runs, each of them as many frames as take some 20 ms.

import { readFile } from 'node:fs/promises';
import * as glue from '../../target/wasm/seal/seal.js';

globalThis.crypto ??= (await import('node:crypto')).webcrypto;
const module = await readFile(new URL('../../dist/seal.wasm', import.meta.url));
const from = performance.now();
glue.initSync({ module });
const compiled = performance.now() - from;

const TOKEN = '123456789';
const SIZES = [20, 200, 2_000, 20_000, 200_000, 2_000_000];
const RUNS = 15;
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];

// A control frame of the relay's, as docs/wire-format.md has it; `body` as bincode writes it. The checksum is not looked at by this script's
// reader, so it is made by the glue's own frames below.
const P = { 1: 0x9e3779b185ebca87n, 2: 0xc2b2ae3d27d4eb4fn, 3: 0x165667b19e3779f9n, 4: 0x85ebca77c2b2ae63n, 5: 0x27d4eb2f165667c5n };
const wrap = (value) => BigInt.asUintN(64, value);
const turn = (value, by) => wrap((value << by) | (value >> (64n - by)));
const round = (sum, lane) => wrap(turn(wrap(sum + lane * P[2]), 31n) * P[1]);
function xxh64(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0, sum = P[5];
  if (bytes.length >= 32) {
    const lanes = [wrap(P[1] + P[2]), P[2], 0n, wrap(-P[1])];
    for (; at + 32 <= bytes.length; at += 32) for (let lane = 0; lane < 4; lane++) lanes[lane] = round(lanes[lane], view.getBigUint64(at + 8 * lane, true));
    sum = wrap(turn(lanes[0], 1n) + turn(lanes[1], 7n) + turn(lanes[2], 12n) + turn(lanes[3], 18n));
    for (const lane of lanes) sum = wrap((sum ^ round(0n, lane)) * P[1] + P[4]);
  }
  sum = wrap(sum + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) sum = wrap(turn(sum ^ round(0n, view.getBigUint64(at, true)), 27n) * P[1] + P[4]);
  if (at + 4 <= bytes.length) (sum = wrap(turn(sum ^ wrap(BigInt(view.getUint32(at, true)) * P[1]), 23n) * P[2] + P[3])), (at += 4);
  for (; at < bytes.length; at++) sum = wrap(turn(sum ^ wrap(BigInt(bytes[at]) * P[5]), 11n) * P[1]);
  sum = wrap((sum ^ (sum >> 33n)) * P[2]);
  sum = wrap((sum ^ (sum >> 29n)) * P[3]);
  return sum ^ (sum >> 32n);
}
function frame(kind, seq, body) {
  const length = [];
  let rest = body.length;
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128);
  const bytes = Uint8Array.from([0x10 | kind, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...length, rest, ...(body.length < 1_000 ? body : [])]);
  const out = body.length < 1_000 ? bytes : Buffer.concat([bytes, body]);
  const view = new DataView(out.buffer, out.byteOffset, out.length);
  view.setUint32(1, seq, true);
  // Only messages' checksums are looked at: of a frame of the page what opens it makes one.
  if (kind === 3) view.setUint32(9, Number(xxh64(Uint8Array.from([...out.subarray(0, 9), ...out.subarray(13)])) & 0xffffffffn), true);
  return new Uint8Array(out);
}
const number = (value) => (value < 251 ? [value] : [251, value & 255, value >> 8]);
const handedOn = (bytes) => frame(3, 1, [35, 2, ...number(bytes.length), ...bytes]);

const customer = new glue.CustomerSeal(TOKEN, 1_700_000_000);
const agent = new glue.AgentSeal(TOKEN, 'Ann');
agent.setLink(customer.link());
customer.take(frame(3, 1, [32, 2, 2, 0])); // Joined
const shakes = performance.now();
let said = agent.take(frame(3, 1, [36, 2])); // Welcome
for (let isAgents = true; said.some(([name]) => name === 'send'); isAgents = !isAgents) {
  const [, bytes] = said.find(([name]) => name === 'send');
  said = isAgents ? customer.take(handedOn(bytes)) : agent.take(bytes);
}
const shook = performance.now() - shakes;
if (!said.some(([name]) => name === 'keyed')) throw new Error('no handshake');

console.log(`compiling seal.wasm ${compiled.toFixed(1)} ms; a handshake, both sides ${shook.toFixed(1)} ms`);
console.log('bytes of a frame    as sealed    seal, µs    open, µs');
let seq = 0;
for (const size of SIZES) {
  const times = { seal: [], open: [] };
  let sealed;
  for (let run = 0; run < RUNS; run++) {
    const body = Buffer.alloc(size, crypto.getRandomValues(new Uint8Array(Math.min(size, 1_000))));
    const frames = Array.from({ length: Math.max(1, Math.min(500, Math.round(2_000_000 / size))) }, () => frame(seq === 0 ? 1 : 2, seq++, body));
    let then = performance.now();
    const all = frames.map((clear) => customer.seal(clear));
    times.seal.push(((performance.now() - then) / frames.length) * 1_000);
    then = performance.now();
    for (const bytes of all) if (agent.take(bytes)[0]?.[0] !== 'pass') throw new Error('not opened');
    times.open.push(((performance.now() - then) / frames.length) * 1_000);
    sealed = [frames[0].length, all[0].length];
  }
  console.log(`${String(sealed[0]).padStart(16)} ${String('+' + (sealed[1] - sealed[0])).padStart(12)} ${median(times.seal).toFixed(1).padStart(11)} ${median(times.open).toFixed(1).padStart(11)}`);
}
