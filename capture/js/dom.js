// The page's own objects, reached past whatever the page has put in their place: a form field named "firstChild"
// hides the form's own property, and a library may have patched a prototype. The accessors are taken once, when the
// engine is loaded.

const uncurry = (fn) => Function.prototype.call.bind(fn);
const descriptor = (object, name) => {
  while (object) {
    const found = Object.getOwnPropertyDescriptor(object, name);
    if (found) return found;
    object = Object.getPrototypeOf(object);
  }
  return {};
};
const getter = (type, name) => uncurry(descriptor(type.prototype, name).get ?? (() => null));
const method = (type, name) => uncurry(descriptor(type.prototype, name).value ?? (() => null));

export const nodeType = /* @__PURE__ */ getter(Node, 'nodeType');
export const parentNode = /* @__PURE__ */ getter(Node, 'parentNode');
export const firstChild = /* @__PURE__ */ getter(Node, 'firstChild');
export const nextSibling = /* @__PURE__ */ getter(Node, 'nextSibling');
export const previousSibling = /* @__PURE__ */ getter(Node, 'previousSibling');
export const ownerDocument = /* @__PURE__ */ getter(Node, 'ownerDocument');
export const contains = /* @__PURE__ */ method(Node, 'contains');
export const isConnected = /* @__PURE__ */ getter(Node, 'isConnected');
export const baseURI = /* @__PURE__ */ getter(Node, 'baseURI');
export const data = /* @__PURE__ */ getter(CharacterData, 'data');
export const target = /* @__PURE__ */ getter(ProcessingInstruction, 'target');
export const localName = /* @__PURE__ */ getter(Element, 'localName');
export const namespaceURI = /* @__PURE__ */ getter(Element, 'namespaceURI');
export const prefix = /* @__PURE__ */ getter(Element, 'prefix');
export const shadowRoot = /* @__PURE__ */ getter(Element, 'shadowRoot');
export const scrollLeft = /* @__PURE__ */ getter(Element, 'scrollLeft');
export const scrollTop = /* @__PURE__ */ getter(Element, 'scrollTop');
export const attributes = /* @__PURE__ */ getter(Element, 'attributes');
export const getAttributeNames = /* @__PURE__ */ method(Element, 'getAttributeNames');
export const getAttribute = /* @__PURE__ */ method(Element, 'getAttribute');
export const getAttributeNS = /* @__PURE__ */ method(Element, 'getAttributeNS');
export const hasAttributeNS = /* @__PURE__ */ method(Element, 'hasAttributeNS');
export const getAttributeNode = /* @__PURE__ */ method(Element, 'getAttributeNode');
export const matches = /* @__PURE__ */ method(Element, 'matches');
export const getBoundingClientRect = /* @__PURE__ */ method(Element, 'getBoundingClientRect');
export const content = /* @__PURE__ */ getter(HTMLTemplateElement, 'content');
export const querySelectorAll = /* @__PURE__ */ method(Document, 'querySelectorAll');
export const querySelectorAllIn = /* @__PURE__ */ uncurry(DocumentFragment.prototype.querySelectorAll);
export const querySelectorAllBelow = /* @__PURE__ */ method(Element, 'querySelectorAll');
export const createElement = /* @__PURE__ */ method(Document, 'createElement');
export const documentElement = /* @__PURE__ */ getter(Document, 'documentElement');
export const activeElement = /* @__PURE__ */ getter(Document, 'activeElement');
export const body = /* @__PURE__ */ getter(Document, 'body');
export const documentURL = /* @__PURE__ */ getter(Document, 'URL');
export const elementsFromPoint = /* @__PURE__ */ method(Document, 'elementsFromPoint');
export const styleSheets = /* @__PURE__ */ getter(Document, 'styleSheets');
export const defaultView = /* @__PURE__ */ getter(Document, 'defaultView');
export const compatMode = /* @__PURE__ */ getter(Document, 'compatMode');
export const doctype = /* @__PURE__ */ getter(Document, 'doctype');
export const hidden = /* @__PURE__ */ getter(Document, 'hidden');
export const outerHTML = /* @__PURE__ */ getter(Element, 'outerHTML');
export const innerHTML = /* @__PURE__ */ getter(Element, 'innerHTML');
export const contentType = /* @__PURE__ */ getter(Document, 'contentType');
export const evaluate = /* @__PURE__ */ method(Document, 'evaluate');
export const byTagNS = /* @__PURE__ */ method(Document, 'getElementsByTagNameNS');
export const dataLength = /* @__PURE__ */ getter(CharacterData, 'length');
const makeTreeWalker = method(Document, 'createTreeWalker');
const createRange = method(Document, 'createRange');
const selectNodeContents = method(Range, 'selectNodeContents');
const rangeRect = method(Range, 'getBoundingClientRect');
// Where what is in a node is shown, texts included; without a size, nowhere.
export const contentsRect = (node) => {
  const range = createRange(ownerDocument(node));
  selectNodeContents(range, node);
  return rangeRect(range);
};
export const createTreeWalker = (document, root) => makeTreeWalker(document, root, NodeFilter.SHOW_ALL);
export const nextNode = /* @__PURE__ */ method(TreeWalker, 'nextNode');
export const walkerSibling = /* @__PURE__ */ method(TreeWalker, 'nextSibling');
export const walkerParent = /* @__PURE__ */ method(TreeWalker, 'parentNode');
export const append = /* @__PURE__ */ method(Element, 'append');
export const assignedNodes = /* @__PURE__ */ method(HTMLSlotElement, 'assignedNodes');
export const composedPath = /* @__PURE__ */ method(Event, 'composedPath');
export const getRootNode = /* @__PURE__ */ method(Node, 'getRootNode');
export const doctypeName = /* @__PURE__ */ getter(DocumentType, 'name');
export const doctypePublic = /* @__PURE__ */ getter(DocumentType, 'publicId');
export const doctypeSystem = /* @__PURE__ */ getter(DocumentType, 'systemId');

export const inputType = /* @__PURE__ */ getter(HTMLInputElement, 'type');
export const inputValue = /* @__PURE__ */ getter(HTMLInputElement, 'value');
export const inputDefault = /* @__PURE__ */ getter(HTMLInputElement, 'defaultValue');
export const inputChecked = /* @__PURE__ */ getter(HTMLInputElement, 'checked');
export const inputDefaultChecked = /* @__PURE__ */ getter(HTMLInputElement, 'defaultChecked');
export const inputIndeterminate = /* @__PURE__ */ getter(HTMLInputElement, 'indeterminate');
export const textareaValue = /* @__PURE__ */ getter(HTMLTextAreaElement, 'value');
export const textareaDefault = /* @__PURE__ */ getter(HTMLTextAreaElement, 'defaultValue');
export const selectIndex = /* @__PURE__ */ getter(HTMLSelectElement, 'selectedIndex');
export const selectLength = /* @__PURE__ */ getter(HTMLSelectElement, 'length');
export const selectType = /* @__PURE__ */ getter(HTMLSelectElement, 'type');
export const optionSelected = /* @__PURE__ */ getter(HTMLOptionElement, 'selected');
export const optionDefault = /* @__PURE__ */ getter(HTMLOptionElement, 'defaultSelected');
export const setInputValue = /* @__PURE__ */ uncurry(descriptor(HTMLInputElement.prototype, 'value').set);
export const setTextareaValue = /* @__PURE__ */ uncurry(descriptor(HTMLTextAreaElement.prototype, 'value').set);

const MEDIA = ['paused', 'playbackRate', 'volume', 'muted', 'currentTime'].map((name) => [name, /* @__PURE__ */ getter(HTMLMediaElement, name)]);
export const media = (node) => Object.fromEntries(MEDIA.map(([name, get]) => [name, get(node)]));

const framed = { iframe: /* @__PURE__ */ getter(HTMLIFrameElement, 'contentDocument'), frame: /* @__PURE__ */ getter(HTMLFrameElement, 'contentDocument') };

// The document in an HTML element; null where it has none that this page may look at.
export const frameDocument = (node) => framed[localName(node)]?.(node) ?? null;

// All elements of a document, shadow root or element that match.
export const all = (root, selector) =>
  (nodeType(root) === DOCUMENT ? querySelectorAll : nodeType(root) === FRAGMENT ? querySelectorAllIn : querySelectorAllBelow)(root, selector);

export const ELEMENT = 1;
export const TEXT = 3;
export const CDATA = 4;
export const INSTRUCTION = 7;
export const COMMENT = 8;
export const DOCUMENT = 9;
export const DOCTYPE = 10;
export const FRAGMENT = 11;

export const HTML = 'http://www.w3.org/1999/xhtml';

// The numbers of protocol/src/names.rs (Namespace).
export const NAMESPACES = {
  [HTML]: 1,
  'http://www.w3.org/2000/svg': 2,
  'http://www.w3.org/1998/Math/MathML': 3,
  'http://www.w3.org/1999/xlink': 4,
  'http://www.w3.org/XML/1998/namespace': 5,
  'http://www.w3.org/2000/xmlns/': 6,
};
export const PROP = 7;
export const OTHER = 8;
