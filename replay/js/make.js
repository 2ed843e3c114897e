// Making the nodes of a rebuilt page: also those that only a parser makes.

import * as dom from './dom.js';

const TEXT = 4, COMMENT = 5, INSTRUCTION = 6, DOCTYPE = 2;

export const HTML = 'http://www.w3.org/1999/xhtml';
const SVG = 'http://www.w3.org/2000/svg';
const MATHML = 'http://www.w3.org/1998/Math/MathML';

export function createElement(document, { uri, name }) {
  // A parser's script has run already, wherever it goes.
  if (/^(script|:script)$/i.test(name) && (uri === HTML || uri === SVG)) return byParser(document, uri, 'script');
  if (name[0] === ':') return createColon(document, uri, name.slice(1));
  try {
    return dom.createElementNS(document, uri, name);
  } catch {
    return byParser(document, uri, name) ?? dom.createElementNS(document, HTML, 'span');
  }
}

// A name with a colon that separates nothing (docs/wire-format.md §4.2).
function createColon(document, uri, name) {
  if (uri !== HTML) return byParser(document, uri, name) ?? dom.createElementNS(document, uri, 'g');
  try {
    return dom.createElement(document, name);
  } catch {
    return byParser(document, uri, name) ?? dom.createElement(document, 'span');
  }
}

// Not every browser lets a script make all the names that its parser makes.
function byParser(document, uri, name) {
  const outer = uri === HTML ? null : uri === MATHML ? 'math' : 'svg';
  const made = parsed(document, outer === null ? `<${name}>` : `<${outer}><${name}></${outer}>`).firstElementChild;
  const node = outer === null ? made : made?.firstElementChild;
  node?.remove();
  // A name that a parser takes for more than one is none.
  const isIt = node && dom.attributesOf(node).length === 0 && dom.localName(node).toLowerCase() === name.toLowerCase();
  return isIt ? node : null;
}

// Names that only a parser makes.
function parsed(document, html) {
  const template = dom.createElementNS(document, HTML, 'template');
  template.innerHTML = html;
  return dom.adoptNode(document, dom.templateContent(template));
}

export function setAttribute(node, uri, name, value) {
  try {
    if (uri !== null || (name !== name.toLowerCase() && dom.namespaceURI(node) === HTML)) dom.setAttributeNS(node, uri, name, value);
    else dom.setAttribute(node, name, value);
  } catch {
    try {
      const attribute = parsed(dom.ownerDocument(node), '<i ' + name + '=""></i>').firstElementChild.attributes[0].cloneNode();
      // A name that a parser takes for another is none.
      if (attribute.name !== name.toLowerCase()) return;
      attribute.value = value;
      dom.setAttributeNode(node, attribute);
    } catch {
      // No browser takes it.
    }
  }
}

// What sets an input's type: another type may make the browser put the value into the attribute.
export function retype(node, run) {
  const value = dom.getAttribute(node, 'value');
  run();
  if (dom.getAttribute(node, 'value') === value) return;
  if (value === null) dom.removeAttributeNS(node, null, 'value');
  else setAttribute(node, null, 'value', value);
}

// Sets the value of a control. Inputs of some types have none beside their attribute, which stays as it is.
const WITHOUT_VALUE = new Set(['hidden', 'checkbox', 'radio', 'submit', 'reset', 'button', 'image', 'file']);
export function setValue(node, value) {
  if (dom.localName(node) !== 'input' || !WITHOUT_VALUE.has(node.type)) node.value = value ?? node.defaultValue;
}

export function createLeaf(document, kind, data) {
  switch (kind) {
    case TEXT:
      return dom.createTextNode(document, data);
    case COMMENT:
      return dom.createComment(document, data);
    case INSTRUCTION: {
      const space = data.indexOf(' ');
      try {
        return dom.createProcessingInstruction(document, data.slice(0, space), data.slice(space + 1));
      } catch {
        return dom.createComment(document, data);
      }
    }
    case DOCTYPE: {
      const [name, publicId, systemId] = data.split('\0');
      try {
        return dom.implementation(document).createDocumentType(name, publicId, systemId);
      } catch {
        return dom.implementation(document).createDocumentType('html', '', '');
      }
    }
    default:
      return null;
  }
}
