import type { ConfigValue, SettingRow } from '../../runs/index.js';
import { wrap } from '../../terminal/index.js';
import type { Io } from '../io.js';
import { planOf, type TrainFlags } from './plan.js';

/** A text that is narrower than this stands below its setting. */
const NARROWEST = 30;

/** Lists what `--set` takes: for a model with the values that it would be trained with, else for all. */
export async function listSettings(io: Io, fn: string, model: string | undefined, flags: TrainFlags): Promise<void> {
  const { settingRows, settingsOf } = await import('../../runs/index.js');
  if ((model ?? flags.config ?? flags.resume) === undefined) {
    tell(io, settingRows(), 'Settings of all models and data, with their defaults; those of a MODEL: give its name');
    return;
  }
  const { config } = await planOf(io, fn, model, flags);
  const { data, model: own, training } = config;
  const schedule = training.schedule === undefined ? '' : `, schedule=${training.schedule}`;
  const choice = `${data.kind} data, optimizer=${training.optimizer}${schedule}`;
  tell(io, settingsOf(config), `Settings of ${own.name} on ${choice}, with their values; others choose other settings`);
}

function tell(io: Io, rows: readonly SettingRow[], title: string): void {
  if (io.isJson) {
    io.json(rows.map(({ key, byDefault, ...row }) => ({ key, default: byDefault, ...row })));
    return;
  }
  for (const line of wrap(title, io.columns)) io.print(line);
  const cells = rows.map((row) => ({ row, name: `${shortKey(row)}=${shown(row.byDefault)}` }));
  const width = Math.max(...cells.map(({ name }) => name.length));
  const isNarrow = io.columns - width - 4 < NARROWEST;
  const indent = ' '.repeat(isNarrow ? 4 : width + 4);
  let last = '';
  for (const { row, name } of cells) {
    const section = row.key.includes('.') ? row.key.slice(0, row.key.indexOf('.')) : '';
    if (section !== last) io.print(section === '' ? '' : `\n${io.style.bold(section)}`);
    last = section;
    const owners = row.owners.length === 0 ? '' : `; of ${row.owners.join(', ')}`;
    const text = wrap(`${row.comment} (${row.expected}${owners})`, io.columns - indent.length).join(`\n${indent}`);
    const left = `  ${io.style.cyan(isNarrow ? name : name.padEnd(width))}`;
    io.print(isNarrow ? `${left}\n${indent}${text}` : `${left}  ${text}`);
  }
}

function shortKey({ key }: SettingRow): string {
  return key.slice(key.indexOf('.') + 1);
}

/** A value as `--set` takes it. */
function shown(value: ConfigValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
