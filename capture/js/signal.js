// The one message of the customer's page that has a text in it, as a whole frame (docs/wire-format.md, §2 and §6). It is made here and not
// by the engine, which every page loads; the relay reads it, checksum and all.

const TAG = 24; // ScreenSignal, in protocol/src/control.rs
const VERSION_AND_KIND = 0x13;
const ENCODER = new TextEncoder();

let made = 0;

export function signalFrame(user, step, text) {
  const data = ENCODER.encode(text);
  const body = [TAG, ...number(user), step, ...number(data.length)];
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  head[0] = VERSION_AND_KIND;
  view.setUint32(1, ++made, true);
  const rest = [...varint(body.length + data.length), ...body];
  const frame = new Uint8Array(head.length + rest.length + data.length);
  frame.set(head);
  frame.set(rest, 13);
  frame.set(data, 13 + rest.length);
  // Over all but the checksum's own bytes.
  const summed = new Uint8Array(frame.length - 4);
  summed.set(frame.subarray(0, 9));
  summed.set(frame.subarray(13), 9);
  new DataView(frame.buffer).setUint32(9, Number(xxh64(summed) & 0xffffffffn), true);
  return frame;
}

// As bincode writes one.
function number(value) {
  if (value < 251) return [value];
  const bytes = [value & 255, (value >> 8) & 255];
  return value < 0x10000 ? [251, ...bytes] : [252, ...bytes, (value >> 16) & 255, value >>> 24];
}

function varint(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value];
}

const P1 = 0x9e3779b185ebca87n, P2 = 0xc2b2ae3d27d4eb4fn, P3 = 0x165667b19e3779f9n, P4 = 0x85ebca77c2b2ae63n, P5 = 0x27d4eb2f165667c5n;
const wrap = (value) => BigInt.asUintN(64, value);
const turn = (value, by) => wrap((value << by) | (value >> (64n - by)));
const round = (sum, lane) => wrap(turn(wrap(sum + lane * P2), 31n) * P1);

// XXH64 with the seed 0.
function xxh64(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let sum = P5;
  if (bytes.length >= 32) {
    const lanes = [wrap(P1 + P2), P2, 0n, wrap(-P1)];
    for (; at + 32 <= bytes.length; at += 32) for (let lane = 0; lane < 4; lane++) lanes[lane] = round(lanes[lane], view.getBigUint64(at + 8 * lane, true));
    sum = wrap(turn(lanes[0], 1n) + turn(lanes[1], 7n) + turn(lanes[2], 12n) + turn(lanes[3], 18n));
    for (const lane of lanes) sum = wrap((sum ^ round(0n, lane)) * P1 + P4);
  }
  sum = wrap(sum + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) sum = wrap(turn(sum ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4);
  if (at + 4 <= bytes.length) {
    sum = wrap(turn(sum ^ wrap(BigInt(view.getUint32(at, true)) * P1), 23n) * P2 + P3);
    at += 4;
  }
  for (; at < bytes.length; at++) sum = wrap(turn(sum ^ wrap(BigInt(bytes[at]) * P5), 11n) * P1);
  sum = wrap((sum ^ (sum >> 33n)) * P2);
  sum = wrap((sum ^ (sum >> 29n)) * P3);
  return sum ^ (sum >> 32n);
}
