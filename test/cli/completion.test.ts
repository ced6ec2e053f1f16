import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Argument, Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { completionScript, SHELLS, type Shell } from '../../src/cli/completion.js';
import { suggest } from '../../src/cli/suggestions.js';
import { command } from '../helpers/command.js';

/** A program with all that completion looks at. */
function program(): Command {
  const data = new Command('data').helpCommand(false).description("what's there");
  data.addCommand(new Command('download').addArgument(new Argument('<name>').choices(['cifar10', 'mnist'])));
  data.addCommand(new Command('info').argument('<path>'));
  const train = new Command('train').argument('[model]').option('--data <data>').option('-e, --epochs <n>');
  suggest(train, 'model', { words: ['fc', 'twolayer'], files: true });
  return new Command('layerwise')
    .helpCommand(false)
    .option('--json', 'JSON: all of it')
    .addCommand(data)
    .addCommand(train);
}

const scripts = Object.fromEntries(SHELLS.map((shell) => [shell, completionScript(program(), shell)]));
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-completion-'));
  writeFileSync(join(folder, 'a file.csv'), '');
  mkdirSync(join(folder, 'pictures'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Words behind the program's name, the last one unfinished, and what is offered for it. */
const CASES: readonly (readonly [words: readonly string[], offered: readonly string[]])[] = [
  [[''], ['data', 'train']],
  [['tr'], ['train']],
  [
    ['data', ''],
    ['download', 'info'],
  ],
  [['--json', 'data', 'download', 'm'], ['mnist']],
  [['train', '--da'], ['--data']],
  [['train', '--js'], ['--json']],
  [
    ['train', '--data', ''],
    ['a file.csv', 'pictures'],
  ],
  [['train', 'p'], ['pictures']],
  [['train', 't'], ['twolayer']],
  [['train', '--epochs', ''], []],
  [['data', 'info', 'pic'], ['pictures']],
];

const listed = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');

/** How a shell is asked, after its script: it prints an offer a line. */
const ASKED: Readonly<Record<Shell, { before: string; of: (words: readonly string[]) => string }>> = {
  bash: {
    before: '',
    of: (words) =>
      `COMP_WORDS=(layerwise ${listed(words)}); COMP_CWORD=${words.length}; _layerwise; ` +
      `printf '%s\\n' "\${COMPREPLY[@]}"`,
  },
  // Outside of an interactive shell there is no completion system: what the function asks of it is printed.
  zsh: {
    before: `compdef() { }; compadd() { shift; print -l -- "$@" }
_describe() { print -l -- "\${(@)\${(@P)2}%%:*}" }; _files() { print -l -- * }`,
    of: (words) => `words=(layerwise ${listed(words)}); CURRENT=${words.length + 1}; _layerwise`,
  },
  fish: {
    before: '',
    of: (words) => `complete -C '${['layerwise', ...words].join(' ')}' | string replace -r '\\t.*' ''`,
  },
};

describe.each(SHELLS)('%s', (shell) => {
  const isThere = spawnSync(shell, ['-c', 'exit 0']).status === 0;
  const why = isThere ? '' : `: skipped, there is no ${shell}`;

  test.skipIf(!isThere)(`completes commands, options and values${why}`, () => {
    const { before, of } = ASKED[shell];
    const questions = CASES.map(([words]) => `echo '#'\n${of(words)}`);
    const text = [before, scripts[shell], ...questions].join('\n');
    const { stdout, stderr } = spawnSync(shell, ['-c', text], { cwd: folder, encoding: 'utf8' });
    expect(stderr).toBe('');
    const answers = stdout.split('#\n').slice(1);
    for (const [i, [words, expected]] of CASES.entries()) {
      const lines = answers[i].split('\n').map((line) => line.replace(/\/$/, ''));
      const offered = lines.filter((line) => line !== '' && line.startsWith(words.at(-1) ?? ''));
      expect([words, offered.sort()]).toEqual([words, expected]);
    }
  });
});

test('a suggestion for an argument that a command does not have is an error', () => {
  expect(() => suggest(new Command('eval'), 'modle', { words: [], files: true })).toThrow(
    'suggest: eval has no argument modle',
  );
});

test('the command prints the script of its own commands', async () => {
  const { out, code } = await command(process.cwd(), ['completion', 'bash']);
  expect(code).toBe(0);
  expect(out).toContain("'completion') ");
  // Of the command that is meant where none is named.
  expect(out).toContain("'search:--space') ");
  expect(spawnSync('bash', ['-n'], { input: out }).status).toBe(0);
});

test('a shell without a script is refused with the nearest', async () => {
  const { err, code } = await command(process.cwd(), ['completion', 'fisch']);
  expect(code).toBe(2);
  expect(err).toBe(
    "completion: command-argument value 'fisch' is invalid for argument 'shell'. Allowed choices are bash, zsh, " +
      'fish; did you mean fish? (layerwise completion --help)\n',
  );
});
