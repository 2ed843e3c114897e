// What the customer reads of a session, in English; other languages are in `translations.js`, fetched where they are wanted. `{who}`
// is who watches, `{what}` what is meant.

const WORDS = {
  title: 'Share this page?',
  about: '{who} would like to see this page to help you. Passwords, card details and files stay hidden. You can stop at any time.',
  yes: 'Share page', no: 'Not now', agent: 'An agent', region: 'Co-browsing',
  waiting: 'Waiting for an agent', code: 'Session number {what}', paused: 'Sharing is paused',
  shared: '{who} can see and use this page', view: '{who} can see and scroll this page', follow: '{who} can see this page',
  pause: 'Pause', resume: 'Continue', stop: 'Stop', may: 'What the agent may do',
  mayShared: 'See and use the page', mayView: 'See and scroll the page', mayFollow: 'Only see the page',
  askShared: '{who} asks to use this page', askView: '{who} asks to scroll this page',
  allow: 'Allow', refuse: 'Don’t allow', accept: 'Accept', decline: 'Decline',
  click: '{who} would like to press “{what}”', type: '{who} would like to write “{what}” here', choose: '{who} would like to choose “{what}”',
  go: '{who} would like to go to {what}', media: '{who} would like to operate the player', back: 'another page',
  hidden: 'Not visible to the agent', gone: 'This invitation is no longer valid. Please ask for a new one.', close: 'Close',
};

const LANGUAGES = ['en', 'de', 'nl', 'fr', 'es'];

// The language of these wishes, the first that there are words in; English otherwise.
export function languageOf(...wishes) {
  for (const wish of wishes) {
    const name = String(wish ?? '').toLowerCase().split(/[-_]/)[0];
    if (LANGUAGES.includes(name)) return name;
  }
  return 'en';
}

// `say(key, { who, what })` in a language, of which these are the words; `own` has other words for some keys.
export function makeWords(language, translated, own) {
  const words = { ...WORDS, ...translated, ...own };
  const join = (names) => {
    try {
      return new Intl.ListFormat(language, { type: 'conjunction' }).format(names);
    } catch {
      return names.join(', ');
    }
  };
  return (key, { who = [], what = '' } = {}) =>
    String(words[key] ?? '').replace(/\{(who|what)\}/g, (_, name) => (name === 'what' ? what : who.length > 0 ? join(who) : words.agent));
}
