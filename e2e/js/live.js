// State that markup cannot give to `pages/comparator.html`; run in both pages by the comparator's own tests.
(() => {
  'use strict';
  const byId = (id) => document.getElementById(id);
  document.insertBefore(document.createProcessingInstruction('page', 'instruction'), document.documentElement);
  byId('field').value = 'typed';
  byId('check').indeterminate = true;
  byId('area').value = 'typed area';
  byId('select').selectedIndex = 1;
  byId('password').value = 'hunter2';
  byId('card').value = '4000 5678';
  byId('toggled').value = 'was a password';
  byId('spare').setAttributeNS('urn:example', 'ex:own', 'value');
  byId('spare').append('left', '', 'right', document.createElementNS('urn:example', 'ex:element'));
  byId('sheet').sheet.insertRule('#spare { color: rgb(9, 9, 9) }', 0);
  const adopted = new CSSStyleSheet();
  adopted.replaceSync('#spare { margin: 3px }');
  document.adoptedStyleSheets = [adopted];
  byId('scroller').scrollTo(20, 30);
  window.scrollTo(0, 40);
})();
