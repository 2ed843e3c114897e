// What is remembered of a session beyond a page.

export const STORE = 'cobrowse';
// For how long the record of a session counts that another tab has: a tab in the background may renew it once a minute only.
const FRESH_MS = 90000;

export const isFresh = ({ at }) => Math.abs(Date.now() - at) < FRESH_MS;

// What is remembered of a session, in the tab's storage or in that of all tabs of the site.
export function read(area) {
  try {
    const record = JSON.parse(window[area].getItem(STORE));
    return record && { ...record, isFresh: isFresh(record) };
  } catch {
    return null;
  }
}

// The session that the page before this one in the tab has left running, or that another tab has.
export function saved() {
  const own = read('sessionStorage'), shared = read('localStorage');
  if (own && (shared || !own.shared)) return own.token === shared?.token ? shared : own;
  if (own) sessionStorage.removeItem(STORE); // It has ended elsewhere.
  return shared?.isFresh ? shared : null;
}
