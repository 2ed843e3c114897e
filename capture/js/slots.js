// What scripts put into slots by hand (`slotAssignment: 'manual'`, `slot.assign()`): it is in no attribute, and no record tells.

import * as dom from './dom.js';

export class Slots {
  constructor(recorder) {
    this.recorder = recorder;
    this.told = null; // slot → what was said of it
  }

  // Looks at all slots of roots that are filled by hand.
  state() {
    const { changes, reader } = this.recorder;
    const { ids } = reader;
    // A recorder that began anew has said nothing.
    if (this.reader !== reader) Object.assign(this, { reader, told: new WeakMap() });
    for (const root of changes.roots) {
      if (root.slotAssignment !== 'manual') continue;
      for (const slot of dom.all(root, 'slot')) {
        const id = ids.find(slot);
        if (id === undefined || !changes.isInside(slot)) continue;
        const found = dom.assignedNodes(slot).map((node) => ids.find(node)).filter((id) => id !== undefined);
        const said = id + ':' + found.join(' ');
        if (said === this.told.get(slot) || (found.length === 0 && !this.told.has(slot))) continue;
        this.told.set(slot, said);
        reader.attr(id, reader.prop('assigned'), found.length === 0 ? null : found.join(' '));
      }
    }
  }
}
