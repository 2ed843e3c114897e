// What the agent's browser may load for the page, by the rule of replay/src/loading.rs: said once as the policy of its documents,
// and kept for addresses in attributes before the browser is given them. An attribute that it is not to act on stands in a
// namespace without a meaning: the document reads as the page's does.

import * as glue from 'cobrowse-replay-wasm';
import * as dom from './dom.js';
import { setAttribute } from './make.js';

const INERT = 'urn:cobrowse:inert';
const XLINK = 'http://www.w3.org/1999/xlink';

// Attributes that make a browser ask for something, tell others where it was asked from, or turn a document's settings.
const WATCHED = new Set(['src', 'srcset', 'href', 'xlink:href', 'poster', 'background', 'data', 'imagesrcset', 'referrerpolicy', 'rel', 'name', 'http-equiv', 'ping', 'attributionsrc', 'manifest', 'profile', 'longdesc', 'cite', 'lowsrc', 'dynsrc', 'icon', 'content', 'to', 'from', 'by', 'values']);
// What is followed when it is clicked, which nothing here can be, or is no address of a file.
const FOLLOWED = new Set(['a', 'area', 'base']);
const SETTINGS = /^(accept-ch|delegate-ch|critical-ch|origin-trial|set-cookie|x-dns-prefetch-control|reporting-endpoints|report-to|nel|speculation-rules|link)$/i;
const SIMPLE = /^https?:\/\/[^\s\\/?#@]+(?=[/?#]|$)/i;
const DESCRIPTOR = /^[\d.]+[wxh]$/;
const MOTION = /^(animate|set|animateMotion|animateTransform|discard)$/i;

// No network of the agent's own: what asks for this is a browser's own line of defence, where it has one.
const ALLOW = ['local-network-access', 'local-network', 'loopback-network'];

const hostOf = (url) => {
  try {
    return new URL(url).hostname;
  } catch {
    return '';
  }
};

export class Loading {
  // `list`: origins with blanks between, the only ones that may be asked; undefined for the public web. `url`: the page's.
  constructor(list, url) {
    this.rule = new glue.Loading(list, hostOf(url), location.hostname);
    this.policy = this.rule.policy();
    this.known = new Map(); // origin, as it was written → whether it may be asked
    const isPrivate = this.allows(url, undefined) && !new glue.Loading(undefined, '', '').allows('https:', hostOf(url), '');
    this.features = isPrivate ? '' : ALLOW.filter(isFeature).map((name) => `${name} 'none'`).join('; ');
  }

  // Whether an address may be loaded. What is no address leads nowhere.
  allows(address, base) {
    const written = SIMPLE.exec(address)?.[0];
    let known = written === undefined ? undefined : this.known.get(written);
    if (known !== undefined) return known;
    try {
      const { protocol, hostname, port, username, password } = new URL(written ?? address, base);
      // What no browser asks a network for: an app's address, or, from a page of the web, a file.
      const isHarmless = !/^(https?|wss?|ftp|javascript|file):$/.test(protocol) || (protocol === 'file:' && location.protocol !== 'file:');
      known = isHarmless || (username === '' && password === '' && this.rule.allows(protocol, hostname, port));
    } catch {
      return true;
    }
    if (written !== undefined) this.known.set(written, known);
    return known;
  }

  allowsAll(candidates, base) {
    return candidates.split(/\s+/).map((part) => part.replace(/^,+|,+$/g, '')).every((part) => part === '' || DESCRIPTOR.test(part) || this.allows(part, base));
  }

  // Sets an attribute, so that the browser acts on it only where it may. Returns an address that it is kept from. `pageBase`: null where `document` has the page's.
  set(node, uri, name, value, pageBase, document) {
    if (!WATCHED.has(name) || (uri !== null && uri !== XLINK)) {
      setAttribute(node, uri, name, value);
      return null;
    }
    const base = pageBase ?? dom.baseURI(document);
    const element = dom.localName(node);
    if (element === 'link' && (name === 'href' || name === 'rel')) {
      this.setLink(node, name, value, base);
      return null;
    }
    const isInert = this.isInert(node, element, name, value, base);
    this.place(node, uri, name, value, isInert);
    return isInert && name === 'src' ? resolved(value, base) : null;
  }

  remove(node, uri, name) {
    const local = uri === null ? name : name.slice(name.indexOf(':') + 1);
    dom.removeAttributeNS(node, uri, local);
    if (WATCHED.has(name)) dom.removeAttributeNS(node, INERT, name.slice(name.indexOf(':') + 1));
  }

  place(node, uri, name, value, isInert) {
    const local = name.slice(name.indexOf(':') + 1);
    if (isInert) {
      dom.removeAttributeNS(node, uri, uri === null ? name : local);
      dom.setAttributeNS(node, INERT, name, value);
      return;
    }
    if (dom.hasAttributeNS(node, INERT, local)) dom.removeAttributeNS(node, INERT, local);
    setAttribute(node, uri, name, value);
  }

  isInert(node, element, name, value, base) {
    switch (name) {
      case 'referrerpolicy':
        return value.trim() !== '' && value.trim().toLowerCase() !== 'no-referrer';
      case 'ping':
      case 'attributionsrc':
        return true;
      case 'name':
        return element === 'meta' && value.trim().toLowerCase() === 'referrer';
      case 'http-equiv':
        return SETTINGS.test(value.trim());
      case 'srcset':
      case 'imagesrcset':
        return !this.allowsAll(value, base);
      case 'to':
      case 'from':
      case 'by':
        return MOTION.test(element) && !this.allows(value, base);
      case 'values':
        return MOTION.test(element) && !value.split(';').every((part) => this.allows(part, base));
      case 'rel':
      case 'content':
        return false;
      default:
        return !FOLLOWED.has(element) && value.trim() !== '' && !this.allows(value, base);
    }
  }

  // A link is more than one thing: a style sheet that may not be loaded says so by itself, and comes from the customer's browser;
  // a hint has the browser call a host at once.
  setLink(node, name, value, base) {
    const now = (wanted) => (name === wanted ? value : dom.getAttribute(node, wanted) ?? dom.getAttributeNS(node, INERT, wanted) ?? '');
    const rel = now('rel').toLowerCase().split(/\s+/), href = now('href');
    const isSheet = rel.includes('stylesheet') && !rel.includes('preconnect') && !rel.includes('dns-prefetch');
    const isInert = href !== '' && !isSheet && !this.allows(href, base);
    if (name === 'rel' && isInert) this.place(node, null, 'href', href, true);
    if (name === 'rel' || !isInert) this.place(node, null, name, value, false);
    else this.place(node, null, 'href', href, true);
    if (name === 'rel' && !isInert && dom.hasAttributeNS(node, INERT, 'href')) this.place(node, null, 'href', href, false);
  }
}

function resolved(value, base) {
  try {
    return new URL(value, base).href;
  } catch {
    return null;
  }
}

function isFeature(name) {
  const { permissionsPolicy, featurePolicy } = document;
  return (permissionsPolicy ?? featurePolicy)?.features?.().includes(name) ?? false;
}
