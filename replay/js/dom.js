// The rebuilt page's objects, reached past what the page's own names put in their place: a form field named
// "firstChild", an image named "body". Accessors of this window work on another document's nodes.

const uncurry = (fn) => Function.prototype.call.bind(fn);
const descriptor = (object, name) => {
  while (object) {
    const found = Object.getOwnPropertyDescriptor(object, name);
    if (found) return found;
    object = Object.getPrototypeOf(object);
  }
  return {};
};
const getter = (type, name) => uncurry(descriptor(type.prototype, name).get);
const method = (type, name) => uncurry(descriptor(type.prototype, name).value);

export const nodeType = getter(Node, 'nodeType');
export const firstChild = getter(Node, 'firstChild');
export const parentNode = getter(Node, 'parentNode');
export const isConnected = getter(Node, 'isConnected');
export const ownerDocument = getter(Node, 'ownerDocument');
export const insertBefore = method(Node, 'insertBefore');
export const removeChild = method(Node, 'removeChild');
export const localName = getter(Element, 'localName');
export const namespaceURI = getter(Element, 'namespaceURI');
export const shadowRoot = getter(Element, 'shadowRoot');
export const attachShadow = method(Element, 'attachShadow');
export const animate = method(Element, 'animate');
export const getAttribute = method(Element, 'getAttribute');
export const setAttribute = method(Element, 'setAttribute');
export const setAttributeNS = method(Element, 'setAttributeNS');
export const setAttributeNode = method(Element, 'setAttributeNode');
export const removeAttribute = method(Element, 'removeAttribute');
export const removeAttributeNS = method(Element, 'removeAttributeNS');
export const templateContent = getter(HTMLTemplateElement, 'content');
export const createElement = method(Document, 'createElement');
export const createElementNS = method(Document, 'createElementNS');
export const createTextNode = method(Document, 'createTextNode');
export const createComment = method(Document, 'createComment');
export const createProcessingInstruction = method(Document, 'createProcessingInstruction');
export const createDocumentFragment = method(Document, 'createDocumentFragment');
export const adoptNode = method(Document, 'adoptNode');
export const implementation = getter(Document, 'implementation');
export const elementFromPoint = method(Document, 'elementFromPoint');
export const doctype = getter(Document, 'doctype');
export const byTag = method(Document, 'getElementsByTagName');
export const documentElement = getter(Document, 'documentElement');
export const scrollingElement = getter(Document, 'scrollingElement');
export const baseURI = getter(Node, 'baseURI');

const adopts = [Document, ShadowRoot].map((type) => uncurry(descriptor(type.prototype, 'adoptedStyleSheets').set ?? (() => null)));
export const adoptSheets = (root, sheets) => adopts[nodeType(root) === 9 ? 0 : 1](root, sheets);

const scroll = (name) => {
  const { get, set } = descriptor(Element.prototype, name);
  return { get: uncurry(get), set: uncurry(set) };
};
export const scrolls = { scrollLeft: scroll('scrollLeft'), scrollTop: scroll('scrollTop') };

// In a browser that has it, a node is moved without being removed: its state stays.
const { moveBefore } = Element.prototype;
export const move = moveBefore ? uncurry(moveBefore) : null;
