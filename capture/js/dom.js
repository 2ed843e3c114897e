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

export const nodeType = getter(Node, 'nodeType');
export const parentNode = getter(Node, 'parentNode');
export const firstChild = getter(Node, 'firstChild');
export const nextSibling = getter(Node, 'nextSibling');
export const previousSibling = getter(Node, 'previousSibling');
export const contains = method(Node, 'contains');
export const isConnected = getter(Node, 'isConnected');
export const baseURI = getter(Node, 'baseURI');
export const data = getter(CharacterData, 'data');
export const target = getter(ProcessingInstruction, 'target');
export const localName = getter(Element, 'localName');
export const namespaceURI = getter(Element, 'namespaceURI');
export const prefix = getter(Element, 'prefix');
export const shadowRoot = getter(Element, 'shadowRoot');
export const scrollLeft = getter(Element, 'scrollLeft');
export const scrollTop = getter(Element, 'scrollTop');
export const attributes = getter(Element, 'attributes');
export const getAttributeNames = method(Element, 'getAttributeNames');
export const getAttribute = method(Element, 'getAttribute');
export const getAttributeNS = method(Element, 'getAttributeNS');
export const hasAttributeNS = method(Element, 'hasAttributeNS');
export const getAttributeNode = method(Element, 'getAttributeNode');
export const matches = method(Element, 'matches');
export const getBoundingClientRect = method(Element, 'getBoundingClientRect');
export const content = getter(HTMLTemplateElement, 'content');
export const querySelectorAll = method(Document, 'querySelectorAll');
export const querySelectorAllIn = uncurry(DocumentFragment.prototype.querySelectorAll);
export const querySelectorAllBelow = method(Element, 'querySelectorAll');
export const createElement = method(Document, 'createElement');
export const documentElement = getter(Document, 'documentElement');
export const activeElement = getter(Document, 'activeElement');
export const body = getter(Document, 'body');
export const documentURL = getter(Document, 'URL');
export const compatMode = getter(Document, 'compatMode');
export const doctype = getter(Document, 'doctype');
export const hidden = getter(Document, 'hidden');
export const outerHTML = getter(Element, 'outerHTML');
export const innerHTML = getter(Element, 'innerHTML');
export const contentType = getter(Document, 'contentType');
export const evaluate = method(Document, 'evaluate');
export const byTagNS = method(Document, 'getElementsByTagNameNS');
export const dataLength = getter(CharacterData, 'length');
const makeTreeWalker = method(Document, 'createTreeWalker');
export const createTreeWalker = (document, root) => makeTreeWalker(document, root, NodeFilter.SHOW_ALL);
export const nextNode = method(TreeWalker, 'nextNode');
export const walkerSibling = method(TreeWalker, 'nextSibling');
export const walkerParent = method(TreeWalker, 'parentNode');
export const append = method(Element, 'append');
export const composedPath = method(Event, 'composedPath');
export const getRootNode = method(Node, 'getRootNode');
export const doctypeName = getter(DocumentType, 'name');
export const doctypePublic = getter(DocumentType, 'publicId');
export const doctypeSystem = getter(DocumentType, 'systemId');

export const inputType = getter(HTMLInputElement, 'type');
export const inputValue = getter(HTMLInputElement, 'value');
export const inputDefault = getter(HTMLInputElement, 'defaultValue');
export const inputChecked = getter(HTMLInputElement, 'checked');
export const inputDefaultChecked = getter(HTMLInputElement, 'defaultChecked');
export const inputIndeterminate = getter(HTMLInputElement, 'indeterminate');
export const textareaValue = getter(HTMLTextAreaElement, 'value');
export const textareaDefault = getter(HTMLTextAreaElement, 'defaultValue');
export const selectIndex = getter(HTMLSelectElement, 'selectedIndex');
export const selectLength = getter(HTMLSelectElement, 'length');
export const selectType = getter(HTMLSelectElement, 'type');
export const optionSelected = getter(HTMLOptionElement, 'selected');
export const optionDefault = getter(HTMLOptionElement, 'defaultSelected');
export const setInputValue = uncurry(descriptor(HTMLInputElement.prototype, 'value').set);
export const setTextareaValue = uncurry(descriptor(HTMLTextAreaElement.prototype, 'value').set);

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
