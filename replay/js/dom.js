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

export const nodeType = /* @__PURE__ */ getter(Node, 'nodeType');
export const firstChild = /* @__PURE__ */ getter(Node, 'firstChild');
export const parentNode = /* @__PURE__ */ getter(Node, 'parentNode');
export const getRootNode = /* @__PURE__ */ method(Node, 'getRootNode');
export const contains = /* @__PURE__ */ method(Node, 'contains');
// Whether a node is this one or in it, in shadow trees of it, too.
export const includes = (node, inner) => {
  for (let at = inner; at; at = getRootNode(at).host) if (contains(node, at)) return true;
  return false;
};
export const isConnected = /* @__PURE__ */ getter(Node, 'isConnected');
export const ownerDocument = /* @__PURE__ */ getter(Node, 'ownerDocument');
export const insertBefore = /* @__PURE__ */ method(Node, 'insertBefore');
export const removeChild = /* @__PURE__ */ method(Node, 'removeChild');
export const localName = /* @__PURE__ */ getter(Element, 'localName');
export const namespaceURI = /* @__PURE__ */ getter(Element, 'namespaceURI');
export const previousElementSibling = /* @__PURE__ */ getter(Element, 'previousElementSibling');
export const attachShadow = /* @__PURE__ */ method(Element, 'attachShadow');
export const animate = /* @__PURE__ */ method(Element, 'animate');
export const getAttribute = /* @__PURE__ */ method(Element, 'getAttribute');
export const getAttributeNode = /* @__PURE__ */ method(Element, 'getAttributeNode');
export const getAttributeNS = /* @__PURE__ */ method(Element, 'getAttributeNS');
export const hasAttributeNS = /* @__PURE__ */ method(Element, 'hasAttributeNS');
export const attributesOf = /* @__PURE__ */ getter(Element, 'attributes');
export const setAttribute = /* @__PURE__ */ method(Element, 'setAttribute');
export const setAttributeNS = /* @__PURE__ */ method(Element, 'setAttributeNS');
export const setAttributeNode = /* @__PURE__ */ method(Element, 'setAttributeNode');
export const removeAttribute = /* @__PURE__ */ method(Element, 'removeAttribute');
export const removeAttributeNS = /* @__PURE__ */ method(Element, 'removeAttributeNS');
export const templateContent = /* @__PURE__ */ getter(HTMLTemplateElement, 'content');
export const createElement = /* @__PURE__ */ method(Document, 'createElement');
export const createElementNS = /* @__PURE__ */ method(Document, 'createElementNS');
export const createTextNode = /* @__PURE__ */ method(Document, 'createTextNode');
export const createComment = /* @__PURE__ */ method(Document, 'createComment');
export const createProcessingInstruction = /* @__PURE__ */ method(Document, 'createProcessingInstruction');
export const createDocumentFragment = /* @__PURE__ */ method(Document, 'createDocumentFragment');
export const adoptNode = /* @__PURE__ */ method(Document, 'adoptNode');
export const createHTMLDocument = /* @__PURE__ */ method(DOMImplementation, 'createHTMLDocument');
export const openDocument = /* @__PURE__ */ method(Document, 'open');
export const write = /* @__PURE__ */ method(Document, 'write');
export const closeDocument = /* @__PURE__ */ method(Document, 'close');
export const appendChild = /* @__PURE__ */ method(Node, 'appendChild');
export const body = /* @__PURE__ */ getter(Document, 'body');
export const fontsOf = /* @__PURE__ */ getter(Document, 'fonts');
export const implementation = /* @__PURE__ */ getter(Document, 'implementation');
export const elementFromPoint = /* @__PURE__ */ method(Document, 'elementFromPoint');
export const getElementById = /* @__PURE__ */ method(Document, 'getElementById');
export const doctype = /* @__PURE__ */ getter(Document, 'doctype');
export const byTag = /* @__PURE__ */ method(Document, 'getElementsByTagName');
export const all = /* @__PURE__ */ method(Document, 'querySelectorAll');
const allOf = [method(Document, 'querySelectorAll'), uncurry(DocumentFragment.prototype.querySelectorAll)];
export const allIn = (root, selector) => allOf[nodeType(root) === 9 ? 0 : 1](root, selector);
export const documentElement = /* @__PURE__ */ getter(Document, 'documentElement');
export const scrollingElement = /* @__PURE__ */ getter(Document, 'scrollingElement');
export const baseURI = /* @__PURE__ */ getter(Node, 'baseURI');

const framed = { iframe: getter(HTMLIFrameElement, 'contentDocument'), frame: getter(HTMLFrameElement, 'contentDocument') };
export const FRAMES = new Set(Object.keys(framed));
export const frameDocument = (node) => framed[localName(node)]?.(node) ?? null;

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

// Style sheets of a document or a shadow root, in order. An element may have the name of either property.
const documentSheets = /* @__PURE__ */ getter(Document, 'styleSheets'), shadowSheets = /* @__PURE__ */ getter(ShadowRoot, 'styleSheets');
const documentAdopted = /* @__PURE__ */ getter(Document, 'adoptedStyleSheets'), shadowAdopted = /* @__PURE__ */ getter(ShadowRoot, 'adoptedStyleSheets');
export const sheetsOf = (root) =>
  nodeType(root) === 9 ? [...documentSheets(root), ...(documentAdopted(root) ?? [])] : [...shadowSheets(root), ...(shadowAdopted(root) ?? [])];
