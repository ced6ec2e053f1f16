/** What can stand in an element. Texts stay texts: nothing on this page is parsed as HTML. */
export type Child = Node | string | null | readonly Child[];

type Attributes = Readonly<Record<string, string | number | boolean | null | ((event: Event) => void)>>;

/**
 * Makes an element.
 *
 * @param attributes - A function listens to the event of that name, `true` is an empty attribute, false and null none.
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? '' : `${value}`);
  }
  element.append(...nodesOf(children));
  return element;
}

/** Makes an element of SVG. */
export function svg(tag: string, attributes: Readonly<Record<string, string | number>>, ...children: Node[]): Element {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, `${value}`);
  element.append(...children);
  return element;
}

/** Puts these in place of what stands in an element. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...nodesOf(children));
}

/** Writes a text, where it is another: an unchanged one is not announced again. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A table that scrolls within the page where it is too wide, also by keyboard. */
export function scrollable(label: string, ...children: readonly Child[]): HTMLElement {
  return el('div', { class: 'scroll', role: 'region', 'aria-label': label, tabindex: 0 }, ...children);
}

/** A table of texts. The first column names the rows. */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly Child[])[],
): HTMLTableElement {
  return el(
    'table',
    {},
    el('caption', { class: 'hidden' }, caption),
    el('thead', {}, el('tr', {}, ...columns.map((column) => el('th', { scope: 'col' }, column)))),
    el('tbody', {}, ...rows.map(rowOf)),
  );
}

function rowOf([name = '', ...cells]: readonly Child[]): HTMLElement {
  return el('tr', {}, el('th', { scope: 'row' }, name), ...cells.map((cell) => el('td', {}, cell)));
}

function nodesOf(children: readonly Child[]): (Node | string)[] {
  return children.flatMap((child): (Node | string)[] => {
    if (child === null) return [];
    return Array.isArray(child) ? nodesOf(child) : [child as Node | string];
  });
}
