// Times as people read, say and write them. All are in milliseconds.

const two = (number) => String(number).padStart(2, '0');

// `1:02`, `1:00:02`.
export function clock(at) {
  const seconds = Math.floor(Math.max(0, at) / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

// `1:02.250`, for what lies close together.
export const exactClock = (at) => `${clock(at)}.${String(Math.floor(Math.max(0, at) % 1000)).padStart(3, '0')}`;

const count = (number, name) => `${number} ${name}${number === 1 ? '' : 's'}`;

// `1 minute 2 seconds`, for those who listen.
export function spoken(at) {
  const seconds = Math.floor(Math.max(0, at) / 1000);
  const parts = [[Math.floor(seconds / 3600), 'hour'], [Math.floor(seconds / 60) % 60, 'minute'], [seconds % 60, 'second']];
  const told = parts.filter(([number]) => number > 0).map(([number, name]) => count(number, name));
  return told.join(' ') || '0 seconds';
}

// `12 s`, `3 min`.
export const roughly = (length) => (length < 90_000 ? `${Math.round(length / 1000)} s` : `${Math.round(length / 60_000)} min`);

// As it stands in an address: seconds, with a point where it is needed.
export const inAddress = (at) => String(Math.round(at) / 1000);

// Reads `12.5`, `12.5s`, `1m2s`, `1h2m3s`, `1:02`, `1:00:02.5`; null for what is no time.
export function readTime(text) {
  const words = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?$/.exec(text);
  const colons = /^(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/.exec(text);
  const parts = text === '' ? null : words ?? colons;
  if (!parts) return null;
  const [hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0));
  return Math.round(((hours * 60 + minutes) * 60 + seconds) * 1000);
}
