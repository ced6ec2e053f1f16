import { isOver } from '../controls.js';
import { write } from '../dom.js';
import { integer } from '../format.js';
import type { Run } from '../store.js';

/** Says of when what a view shows is, or why there is nothing. */
export function noteOf(note: HTMLElement, { insight, status }: Run, isKnown: boolean, what: string): void {
  if (isKnown && insight !== null) write(note, `As of iteration ${integer(insight.iteration)}.`);
  else if (insight === null && !isOver(status))
    write(note, 'The model has not been looked at yet: it is at intervals.');
  else write(note, `This run has no ${what}.`);
}
