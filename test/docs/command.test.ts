// docs/command.md says what the command does: its lines parse, as those of docs/scaling-out.md and the README do, and
// its settings are those that there are.

import { readdirSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { makeIo } from '../../src/cli/io.js';
import { Done, makeProgram } from '../../src/cli/program.js';
import { NAMES } from '../../src/runs/folder.js';
import { MODELS, type SettingRow, settingRows } from '../../src/runs/index.js';
import { DATA, OPTIMIZERS } from '../../src/runs/settings.js';

const page = readFileSync('docs/command.md', 'utf8');
const readme = readFileSync('README.md', 'utf8');
const scaling = readFileSync('docs/scaling-out.md', 'utf8');

/** The calls in the blocks of code of a text, and those that stand in a line between backticks. */
function callsIn(text: string): string[] {
  const blocks = [...text.matchAll(/^```\w*\n(.*?)^```$/gms)].flatMap(([, block]) => block.split('\n'));
  const spans = [...text.replace(/^```.*?^```$/gms, '').matchAll(/`(layerwise [^`\n]+)`/g)].map(([, span]) => span);
  return [...blocks, ...spans].flatMap((line) => {
    const [, call] = /^(?:\$ )?(?:npx )?layerwise ([^#<>|&]+)/.exec(line.trim()) ?? [];
    return call === undefined || / ….*$/.test(call) ? [] : [call.trim()];
  });
}

/** The program, whose commands do nothing. */
function idleProgram(): Command {
  const nowhere = { write: () => {} };
  const program = makeProgram(
    makeIo({ cwd: '.', env: {}, stdout: nowhere, stderr: nowhere, isJson: false, isVerbose: false }),
    () => {},
  );
  const calm = (command: Command): void => {
    if (command.commands.length === 0) command.action(() => {});
    command.commands.forEach(calm);
  };
  calm(program);
  return program;
}

const CALLS = [...new Set([...callsIn(page), ...callsIn(readme), ...callsIn(scaling)])];

test('the page shows every command', () => {
  const names = idleProgram().commands.map((command) => command.name());
  const shown = new Set(CALLS.map((call) => call.split(' ')[0]));
  expect(names.filter((name) => name !== 'help' && !shown.has(name))).toEqual([]);
  expect(page.split('\n').length).toBeLessThan(340);
});

test.each(CALLS)('layerwise %s', async (call) => {
  try {
    await idleProgram().parseAsync(call.split(' '), { from: 'user' });
  } catch (error) {
    // Of --help and --version.
    if (!(error instanceof Done)) throw error;
  }
});

test('a line with an option that there is not is noticed', async () => {
  const wrong = idleProgram().parseAsync(['train', 'fc', '--epoch', '1'], { from: 'user' });
  await expect(wrong).rejects.toThrow(/did you mean --epochs/i);
});

const kinds = Object.keys(DATA);
const optimizers = Object.values(OPTIMIZERS).flatMap((rules) => Object.keys(rules));
/** What many owners are together. */
const TOGETHER: readonly (readonly [string, readonly string[]])[] = [
  ['all', Object.keys(MODELS)],
  ['all', kinds],
  ['pictures', kinds.filter((kind) => kind !== 'csv')],
  ['all', optimizers],
];

function ownersOf({ owners }: SettingRow): string {
  const short = owners.map((owner) => owner.replace(/^(optimizer|schedule)=|, which .*$/g, ''));
  const name = TOGETHER.find(([, all]) => all.length === short.length && all.every((one) => short.includes(one)))?.[0];
  return name ?? short.join(', ').replace('all models', 'all');
}

/** The table of all settings, as it stands on the page. */
function settingsTable(): string[] {
  const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
  return settingRows().map((row) => {
    const { key, byDefault, expected, comment } = row;
    const range = expected.replaceAll('"', '').replaceAll('\\', '\\\\').replaceAll('|', '\\|');
    return `| \`${key}\` | ${code(byDefault)} | ${range} | ${comment} | ${ownersOf(row)} |`;
  });
}

test('the page has the table of settings', () => {
  const [, found = ''] = /^\| setting \|.*\n\| --- .*\n((?:\|.*\n)+)/m.exec(page) ?? [];
  expect(found.trim().split('\n')).toEqual(settingsTable());
});

test('the page names all models, kinds of data, optimizers and files of a run', () => {
  for (const name of [...Object.keys(MODELS), ...kinds, ...optimizers, ...Object.values(NAMES)]) {
    expect(page, name).toContain(name);
  }
});

test('no document has the marks of a merge that was not finished', () => {
  const names = [...readdirSync('.'), ...readdirSync('docs', { recursive: true }).map((name) => `docs/${name}`)];
  const documents = names.filter((name) => name.endsWith('.md'));
  expect(documents.length).toBeGreaterThan(20);
  expect(documents.filter((name) => /^[<>]{7} /m.test(readFileSync(name, 'utf8')))).toEqual([]);
});
