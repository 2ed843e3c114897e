// What happened when: pages, modes, who came and went. As marks of the time line, and as a list.

import { make } from './make.js';
import { clock } from './times.js';

const MODES = ['no mode', 'follow', 'view', 'shared'];
const CUSTOMER = 1;
const VISIBLE = ['The customer looks at the page', 'The customer looks at another tab', 'The customer looks at another window', 'The customer looks at a window that the page has opened'];
const MOST_SHOWN = 500;
const REPEATED = new Set(['ModeChanged', 'Visible', 'Paused', 'Resumed']);

// `{ at, kind, label }` of a moment; null for what is not worth a mark.
function read({ at, name, fields }, names) {
  const who = (user) => names.get(user) || `Agent ${user}`;
  switch (name) {
    case 'Page': return { at, kind: 'page', label: `Page ${shorten(fields[0])}` };
    case 'ModeChanged': return { at, kind: 'mode', label: `Mode: ${MODES[fields[0]] ?? fields[0]}` };
    case 'Joined':
      if (fields[1] === CUSTOMER) return { at, kind: 'join', label: 'The customer’s page came' };
      names.set(fields[0], fields[2]);
      return { at, kind: 'join', label: `${who(fields[0])} joined` };
    case 'Left': return { at, kind: 'join', label: `${names.has(fields[0]) ? who(fields[0]) : 'The customer’s page'} left` };
    case 'Visible': return { at, kind: 'mode', label: VISIBLE[fields[0]] ?? 'Seen or not' };
    case 'Absent': return { at, kind: 'mode', label: 'The customer is away' };
    case 'Paused': return { at, kind: 'mode', label: 'Paused by the customer' };
    case 'Resumed': return { at, kind: 'mode', label: 'Resumed by the customer' };
    case 'Ended': return { at, kind: 'mode', label: 'The session ended' };
    default: return null;
  }
}

function shorten(address) {
  try {
    const { pathname, search, hash } = new URL(address);
    return (pathname + search + hash).slice(0, 60);
  } catch {
    return address.slice(0, 60);
  }
}

// Reads all of the recording: `{ moments, idle, names }`.
export async function survey(recording, signal) {
  const { moments, idle } = await recording.survey({ signal });
  const names = new Map();
  // What is said once more on each connection, and is as it was, is no moment.
  const now = new Map([['Visible', '0'], ['Resumed', '']]);
  const isNew = ({ name, fields }) => {
    const told = String(fields[0] ?? '');
    if (!REPEATED.has(name)) return true;
    const key = name === 'Paused' ? 'Resumed' : name;
    const value = name === 'Paused' ? 'paused' : told;
    if (now.get(key) === value) return false;
    now.set(key, value);
    return true;
  };
  return { moments: moments.filter(isNew).map((moment) => read(moment, names)).filter((moment) => moment !== null), idle, names };
}

export class Moments {
  // `go(at)`.
  constructor(go) {
    this.go = go;
    this.note = make('p', { class: 'note' });
    this.list = make('ol', { class: 'rows' });
    this.element = make('div', {}, this.note, this.list);
    this.close();
  }

  show(moments) {
    this.note.textContent = moments.length === 0 ? 'No page, no mode and nobody came or went.' : '';
    this.list.replaceChildren(...moments.slice(0, MOST_SHOWN).map(({ at, kind, label }) =>
      make('li', {}, make('button', { type: 'button', class: 'row', onclick: () => this.go(at) },
        make('span', { class: `badge ${kind}` }, clock(at)), ' ', label))));
  }

  close() {
    this.note.textContent = 'Looking through the recording …';
    this.list.replaceChildren();
  }
}
