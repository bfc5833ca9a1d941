// SPDX-License-Identifier: Apache-2.0
// Elements made and changed. Names come from the wire: text is only ever set as text.

// attributes: those with the value null or false are left out.
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

// Writes only what has changed: a screen reader is told of each write.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setData(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

// Makes the children of `parent` those of `items`, in that order; what stays is updated in place,
// so that focus and selection stay too. `create` returns {element, update(item)}.
export function keyed(parent, create) {
  const rows = new Map();
  return (items, keyOf) => {
    const wanted = new Set(items.map(keyOf));
    for (const [key, row] of rows) {
      if (wanted.has(key)) continue;
      row.remove?.();
      row.element.remove();
      rows.delete(key);
    }
    items.forEach((item, at) => {
      const key = keyOf(item);
      if (!rows.has(key)) rows.set(key, create(item));
      const row = rows.get(key);
      if (parent.children[at] !== row.element) parent.insertBefore(row.element, parent.children[at] ?? null);
      row.update(item);
    });
    return rows;
  };
}
