import { type Child, el } from '../../../src/ui/page/dom.js';
import type { Request } from '../protocol.js';

/** Asks the worker for something. */
export type Ask = (request: Request, transfer?: Transferable[]) => void;

/** A part of the page with a heading. */
export function panel(name: string, title: string, ...children: readonly Child[]): HTMLElement {
  const id = `${name}-title`;
  return el('section', { class: `panel ${name}`, 'aria-labelledby': id }, el('h2', { id }, title), ...children);
}

/** A field with its label above it. */
export function field(label: string, control: HTMLElement, hint: Child = null): HTMLElement {
  return el('div', { class: 'field' }, el('label', { for: control.id }, label), control, hint);
}

export function button(text: string, click: () => void, kind = ''): HTMLButtonElement {
  return el('button', { type: 'button', class: kind, click }, text);
}

/** A button that lets files be chosen: what is dropped by mouse can be reached by keyboard this way. */
export function fileButton(
  text: string,
  attributes: Readonly<Record<string, string | boolean>>,
  take: (files: readonly File[]) => void,
): HTMLElement {
  const input = el('input', {
    type: 'file',
    hidden: true,
    tabindex: -1,
    'aria-label': text,
    ...attributes,
    change: () => {
      take([...(input.files ?? [])]);
      input.value = ''; // so that the same file can be chosen again
    },
  });
  return el(
    'span',
    {},
    button(text, () => input.click()),
    input,
  );
}
