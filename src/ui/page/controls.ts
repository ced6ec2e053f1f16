import type { RunState, Status } from '../protocol.js';
import { el, fill, write } from './dom.js';
import { decimal } from './format.js';
import type { RunContext } from './view.js';

/** How a state is called, and the mark that stands beside the word. */
export const STATES: Readonly<Record<RunState, readonly [word: string, mark: string]>> = {
  running: ['Running', '▶'],
  paused: ['Paused', '❙❙'],
  stopping: ['Stopping', '◼'],
  finished: ['Finished', '✓'],
  interrupted: ['Interrupted', '◼'],
  failed: ['Failed', '✕'],
};

/** A state as a word with a mark. */
export function badge(state: RunState): HTMLElement {
  const [word, mark] = STATES[state];
  return el('span', { class: `badge ${state}` }, el('span', { 'aria-hidden': 'true' }, `${mark} `), word);
}

/** The buttons of a run that takes commands: pause or resume, learning rate, stop and save. */
export class Controls {
  readonly root = el('section', { class: 'panel controls', 'aria-label': 'Controls' });
  readonly #context: RunContext;
  readonly #pause = el('button', { type: 'button', click: () => this.#pauseOrResume() }, 'Pause');
  readonly #stop = el('button', { type: 'button', class: 'danger', click: () => this.#ask() }, 'Stop and save…');
  readonly #rate = el('input', {
    id: 'rate',
    inputmode: 'decimal',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': 'rate-error',
  });
  readonly #set = el('button', { type: 'submit' }, 'Set');
  readonly #rateError = el('p', { id: 'rate-error', class: 'error', role: 'alert' });
  readonly #said = el('p', { class: 'said', role: 'status' });
  readonly #refused = el('p', { class: 'error', role: 'alert' });
  readonly #dialog: HTMLDialogElement;

  constructor(context: RunContext) {
    this.#context = context;
    const form = el(
      'form',
      { class: 'rate', novalidate: true, submit: (event) => this.#submit(event) },
      el('label', { for: 'rate' }, 'Learning rate'),
      this.#rate,
      this.#set,
    );
    this.#dialog = this.#makeDialog();
    fill(
      this.root,
      el('div', { class: 'buttons' }, this.#pause, form, this.#stop),
      this.#rateError,
      this.#refused,
      this.#said,
      this.#dialog,
    );
    this.update();
  }

  update(): void {
    const { info, status } = this.#context.run;
    this.root.hidden = !info.isControllable || isOver(status) || this.#context.store.connected === 'embedded';
    if (this.root.hidden) this.#dialog.close();
    write(this.#pause, status.state === 'paused' ? 'Resume' : 'Pause');
    const isOff = this.#context.store.connected !== 'connected' || status.state === 'stopping';
    for (const part of [this.#pause, this.#stop, this.#set, this.#rate]) part.disabled = isOff;
    this.#rate.placeholder = decimal(status.learningRate);
  }

  #pauseOrResume(): void {
    const isPaused = this.#context.run.status.state === 'paused';
    void this.#send({ command: isPaused ? 'resume' : 'pause' }, isPaused ? 'Resuming.' : 'Pausing after this step.');
  }

  #submit(event: Event): void {
    event.preventDefault();
    const text = this.#rate.value.trim();
    const value = Number(text);
    const isGood = text !== '' && Number.isFinite(value) && value > 0;
    this.#rate.setAttribute('aria-invalid', `${!isGood}`);
    write(this.#rateError, isGood ? '' : 'The learning rate is a number > 0, as 0.01 or 1e-3.');
    if (!isGood) {
      this.#rate.focus();
      return;
    }
    void this.#send({ command: 'learningRate', value }, `The next steps have the learning rate ${decimal(value)}.`);
    this.#rate.value = '';
  }

  #makeDialog(): HTMLDialogElement {
    const { folder } = this.#context.run.info;
    const close = () => this.#dialog.close();
    const text = folder === null ? 'Nothing is saved: this run has no folder.' : `A checkpoint is saved in ${folder}.`;
    return el(
      'dialog',
      { 'aria-labelledby': 'stop-title', 'aria-describedby': 'stop-text' },
      el('h2', { id: 'stop-title' }, 'Stop this run?'),
      el('p', { id: 'stop-text' }, `It ends after the step it is in. ${text}`),
      el(
        'div',
        { class: 'buttons' },
        el('button', { type: 'button', click: close }, 'Go on training'),
        el('button', { type: 'button', class: 'danger', click: () => this.#stopNow() }, 'Stop and save'),
      ),
    );
  }

  #ask(): void {
    this.#dialog.showModal();
  }

  #stopNow(): void {
    this.#dialog.close();
    void this.#send({ command: 'stop' }, 'Stopping after this step.');
  }

  async #send(command: Parameters<RunContext['command']>[0], said: string): Promise<void> {
    write(this.#refused, '');
    try {
      await this.#context.command(command);
      write(this.#said, said);
      setTimeout(() => this.#said.textContent === said && write(this.#said, ''), 6000);
    } catch (error) {
      write(this.#said, '');
      write(this.#refused, error instanceof Error ? error.message : `${error}`);
    }
  }
}

/** Whether a run has come to its end. */
export function isOver({ state }: Status): boolean {
  return state === 'finished' || state === 'interrupted' || state === 'failed';
}
