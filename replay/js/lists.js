// Lists of `<select>` elements that the customer has open: a browser draws them over the page, so they are drawn over the
// rebuilt one, outside of it.

const ROW = 22, MOST_ROWS = 12;

export class Lists {
  constructor(stage) {
    this.stage = stage;
    this.shown = new Map(); // select → box
  }

  // `placeOf(element)` gives where an element is in the stage, and the scale.
  show(selects, placeOf) {
    for (const [select, box] of this.shown) {
      if (selects.has(select) && select.isConnected) continue;
      box.remove();
      this.shown.delete(select);
    }
    for (const select of selects) {
      if (!select.isConnected) continue;
      const box = this.shown.get(select) ?? this.make(select);
      const { left, top, width, height, scale } = placeOf(select);
      const below = this.stage.clientHeight - top - height, room = box.offsetHeight * scale;
      const y = below < room && top > room ? top - room : top + height;
      Object.assign(box.style, { minWidth: width / scale + 'px', transform: `translate(${left}px, ${y}px) scale(${scale})` });
      const rows = [...box.children];
      for (const row of rows) {
        const isChosen = row.option === select.selectedOptions[0];
        row.style.background = isChosen ? '#1d4ed8' : '';
        row.style.color = isChosen ? '#fff' : row.option?.disabled || !row.option ? '#5b6472' : '#111';
      }
    }
  }

  make(select) {
    const box = document.createElement('div');
    box.setAttribute('aria-hidden', 'true');
    box.className = 'cobrowse-list';
    Object.assign(box.style, {
      position: 'absolute', left: '0', top: '0', zIndex: '1', transformOrigin: '0 0', boxSizing: 'border-box', background: '#fff', border: '1px solid #767676',
      boxShadow: '0 4px 12px #0003', font: '13px/1.5 system-ui, sans-serif', maxHeight: ROW * MOST_ROWS + 'px', overflow: 'hidden auto', pointerEvents: 'none', whiteSpace: 'nowrap',
    });
    for (const child of select.querySelectorAll('option, optgroup, hr')) {
      const isOption = child.localName === 'option';
      const row = document.createElement('div');
      row.option = isOption ? child : null;
      row.textContent = isOption ? child.label : child.label ?? '';
      const indent = isOption && child.parentNode.localName === 'optgroup' ? 20 : 6;
      Object.assign(row.style, child.localName === 'hr' ? { borderTop: '1px solid #ccc', margin: '4px 0' } : { padding: `1px 8px 1px ${indent}px`, fontWeight: isOption ? '' : '600', minHeight: '20px' });
      box.append(row);
    }
    this.stage.append(box);
    this.shown.set(select, box);
    box.querySelector('div:nth-child(' + (select.selectedIndex + 1) + ')')?.scrollIntoView({ block: 'nearest' });
    return box;
  }

  clear() {
    for (const box of this.shown.values()) box.remove();
    this.shown.clear();
  }
}
