// What went wrong, in words for who opened the recording: what, where, and what to do about it.

import { clock } from './times.js';

const plain = (error) => String(error?.message ?? error).replace(/^(?:cobrowse: )+/, '');

// Why nothing could be opened: `{ title, detail, advice }`.
export function whyNotOpened(error, name, size) {
  const detail = plain(error);
  const what = name ? `“${name}”` : 'This';
  if (size === 0) {
    return { title: `${what} is empty`, detail: 'It has 0 bytes: nothing was recorded, or it was not copied.', advice: 'Copy or download the file again.' };
  }
  if (/could not be fetched/.test(detail)) {
    return { title: `${what} could not be fetched`, detail, advice: 'Look whether the address is right and its server lets this page read it; or download the file and choose it here.' };
  }
  const answer = /the server answered (\d+)/.exec(detail);
  if (answer) {
    const meaning = { 401: 'one has to log in there', 403: 'its server does not give it to you', 404: 'there is no such file', 410: 'the file was deleted' }[answer[1]];
    return { title: `${what} could not be fetched`, detail: meaning ? `${detail}: ${meaning}` : detail, advice: 'Look whether the address is right and you may read it.' };
  }
  if (/byte 0: expected a recording/.test(detail)) {
    return { title: `${what} is not a recording`, detail, advice: 'A recording is a .cbr file, as the relay or “cobrowse import” writes it. Choose another one.' };
  }
  if (/expected version/.test(detail)) {
    return { title: `${what} has a version that this player does not know`, detail, advice: 'Open it with the player that belongs to the program which has written it.' };
  }
  if (/^byte \d+|keyframe/.test(detail)) {
    return { title: `${what} is damaged before its first page`, detail, advice: 'Copy or download the file again. “cobrowse verify” tells what of it is sound.' };
  }
  return { title: `${what} could not be opened`, detail, advice: 'Choose or drop another recording.' };
}

// What is told of a file that ends sooner than it should.
export const whereItEnds = ({ offset, message }, end) =>
  `The file is damaged from byte ${offset} on: it plays up to ${clock(end)}. ${sentence(message)} Copy it again, if there is another copy.`;

// What is told when a place in the middle cannot be shown.
export const whyNotShown = (error, shown) =>
  `That moment cannot be shown. ${sentence(plain(error))} What you see is the page at ${clock(shown)}; go to another moment.`;

function sentence(text) {
  const first = plain(text);
  return first.charAt(0).toUpperCase() + first.slice(1) + (/[.!?]$/.test(first) ? '' : '.');
}
