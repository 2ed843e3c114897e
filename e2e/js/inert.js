// Makes a copy of `pages/comparator.html` what an ideal agent would show of it: for the comparator's own tests.
(() => {
  'use strict';
  const byId = (id) => document.getElementById(id);
  const bullets = (text) => '•'.repeat(text.length);

  for (const element of document.querySelectorAll('*')) {
    for (const name of element.getAttributeNames()) if (/^on/.test(name)) element.removeAttribute(name);
  }
  byId('script').textContent = '';
  byId('script').setAttribute('type', 'text/inert');
  byId('active').removeAttribute('href');
  // A document of its own, which an agent's page writes.
  const frame = byId('frame').cloneNode();
  const inside = byId('frame').contentDocument.documentElement.outerHTML;
  const mode = byId('frame').contentDocument.compatMode;
  frame.removeAttribute('srcdoc');
  byId('frame').replaceWith(frame);
  frame.contentDocument.open();
  frame.contentDocument.write((mode === 'CSS1Compat' ? '<!doctype html>' : '') + inside);
  frame.contentDocument.close();
  frame.contentDocument.doctype?.remove();
  byId('object').removeAttribute('data');
  document.querySelector('meta[http-equiv=refresh]').removeAttribute('http-equiv');
  document.querySelector('base').removeAttribute('target');

  // The values that `live.js` set for the customer, as the agent gets them.
  for (const id of ['password', 'card', 'toggled']) byId(id).value = bullets(byId(id).value);
  for (const id of ['password', 'card']) byId(id).setAttribute('value', bullets(byId(id).getAttribute('value')));
  byId('file').removeAttribute('title');
  byId('masked').title = bullets(byId('masked').title);
  byId('masked-text').firstChild.data = bullets(byId('masked-text').firstChild.data);
  const blocked = byId('blocked');
  blocked.replaceChildren();
  for (const name of blocked.getAttributeNames()) blocked.removeAttribute(name);
  blocked.style.cssText = 'display: block; width: 120px; height: 30px';
})();
