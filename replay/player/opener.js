// Where a recording is chosen: a place to drop a file, a picker, a field for an address; and why one could not be opened.

import { make } from './make.js';

export class Opener {
  // `open(source)`: a file, or an address.
  constructor(open) {
    this.picker = make('input', { type: 'file', accept: '.cbr', class: 'unseen', 'aria-label': 'Choose a recording', onchange: () => this.picked() });
    this.address = make('input', { type: 'url', class: 'field', 'aria-label': 'Address of a recording', placeholder: 'https://…/recording.cbr', autocomplete: 'off', spellcheck: 'false' });
    const form = make('form', { class: 'address', onsubmit: (event) => this.submitted(event) },
      this.address, make('button', { type: 'submit', class: 'button plain' }, 'Open'));
    this.title = make('h2', {}, 'Open a recording');
    this.detail = make('p', { class: 'detail' });
    this.advice = make('p', { class: 'advice' });
    this.failure = make('div', { class: 'failure', role: 'alert' });
    this.element = make('div', { class: 'opener' }, this.title, this.failure,
      make('p', {}, 'Drop a ', make('code', {}, '.cbr'), ' file here, choose one, or give its address.'),
      make('label', { class: 'button' }, 'Choose a file …', this.picker), form);
    this.open = open;
  }

  picked() {
    const [file] = this.picker.files;
    this.picker.value = '';
    if (file) this.open(file);
  }

  submitted(event) {
    event.preventDefault();
    const address = this.address.value.trim();
    if (address !== '') this.open(address);
  }

  // Takes files that are dropped on an element.
  takeDrops(element) {
    let depth = 0;
    const over = (by) => {
      depth = Math.max(0, depth + by);
      element.toggleAttribute('data-over', depth > 0);
    };
    const hasFile = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
    element.addEventListener('dragenter', (event) => hasFile(event) && (event.preventDefault(), over(1)));
    element.addEventListener('dragleave', (event) => hasFile(event) && over(-1));
    element.addEventListener('dragover', (event) => hasFile(event) && event.preventDefault());
    element.addEventListener('drop', (event) => {
      if (!hasFile(event)) return;
      event.preventDefault();
      over(-depth);
      const [file] = event.dataTransfer.files;
      if (file) this.open(file);
    });
  }

  // `reason`: `{ title, detail, advice }`; null for none.
  show(reason) {
    this.title.textContent = reason ? reason.title : 'Open a recording';
    this.failure.replaceChildren(...(reason ? [make('p', {}, reason.detail), make('p', {}, reason.advice)] : []));
  }
}
