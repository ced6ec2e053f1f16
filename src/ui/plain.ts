import type { EpochRow, Json, Snapshot } from './protocol.js';

/** Evaluations in the table of a run; of more, the first ones, the last and those at equal distances between. */
const ROWS = 40;

/** Runs as plain HTML: settings, accuracies and layers, for readers without scripts and for searching. */
export function plainPart(snapshots: readonly Snapshot[]): string {
  return [
    '<footer><details id="plain" open>',
    '<summary>As plain text</summary>',
    ...snapshots.map(({ info, status, epochs }) =>
      [
        `<section><h2>${escaped(info.title)}</h2>`,
        `<p>${escaped(`${status.state}, iteration ${status.iteration}, epoch ${status.epoch}`)}</p>`,
        ...(status.message === null ? [] : [`<p>${escaped(status.message)}</p>`]),
        table('Settings', ['setting', 'value'], flat(info.config)),
        table('Evaluations', EVALUATION, thinned(epochs).map(evaluationRow)),
        table(
          'Layers',
          ['layer', 'kind', 'output', 'parameters'],
          [
            ...info.layers.map(({ name, kind, outputShape, parameters }) => [
              name,
              kind,
              outputShape?.join(' × ') ?? '–',
              `${parameters}`,
            ]),
            ['all', '', '', `${info.parameters}`],
          ],
        ),
        '</section>',
      ].join('\n'),
    ),
    '</details></footer>',
  ].join('\n');
}

const EVALUATION = ['epoch', 'iteration', 'training accuracy', 'validation accuracy', 'validation loss'];

function evaluationRow({ epoch, iteration, trainAcc, valAcc, valLoss }: EpochRow): string[] {
  const percent = (value: number | null) => (value === null ? '–' : `${(100 * value).toFixed(2)} %`);
  return [`${epoch}`, `${iteration}`, percent(trainAcc), percent(valAcc), valLoss?.toPrecision(4) ?? '–'];
}

function thinned<T>(rows: readonly T[]): readonly T[] {
  if (rows.length <= ROWS) return rows;
  return Array.from({ length: ROWS }, (_, i) => rows[Math.round((i * (rows.length - 1)) / (ROWS - 1))]!);
}

/** A configuration as rows of dotted name and value, as `training.lr`. Lists stay in one piece. */
export function flat(config: Readonly<Record<string, Json>>, before = ''): (readonly [name: string, text: string])[] {
  return Object.entries(config).flatMap(([key, value]) => {
    const name = `${before}${key}`;
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isGroup && Object.keys(value).length > 0) return flat(value as Record<string, Json>, `${name}.`);
    return [[name, typeof value === 'string' ? value : JSON.stringify(value)] as const];
  });
}

function table(caption: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = ([name = '', ...cells]: readonly string[]) =>
    `<tr><th scope="row">${escaped(name)}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
  const head = columns.map((column) => `<th scope="col">${escaped(column)}</th>`).join('');
  return [
    `<div class="scroll" role="region" aria-label="${caption}" tabindex="0">`,
    `<table><caption>${caption}</caption><thead><tr>${head}</tr></thead>`,
    `<tbody>${rows.map(row).join('\n')}</tbody></table></div>`,
  ].join('\n');
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
