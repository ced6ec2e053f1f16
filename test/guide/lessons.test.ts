// @module-tag slow
// Every lesson as its reader has it: the stub fails and says what is to be written, the solution passes. All run in
// this process, which has the library loaded; one runs as a program with the library as a package, as all do for
// readers.

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { LESSONS } from '../../src/cli/lessons.js';
import { command } from '../helpers/command.js';
import { installLibrary } from '../helpers/installed.js';

const FOLDER = 'docs/guide/lessons';
const names = readdirSync(FOLDER).filter((name) => statSync(join(FOLDER, name)).isDirectory());

const NOT_WRITTEN = /^(✓ .*\n)*✗ .*\n\n {4}.*yours to write.*\n\n\d+ of \d+ checks pass.*\n$/;
const PASSES = /^(✓ .*\n)+\nAll \d+ checks pass\.\n$/;

test('the folders of lessons are those that the command knows', () => {
  expect(Object.keys(LESSONS).sort()).toEqual(names.sort());
});

describe.each(names)('%s', (name) => {
  let folder = '';
  beforeAll(() => {
    // Here the library is found by its name.
    folder = mkdtempSync(resolve('test/programs/lessons.generated-'));
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the checks of a copy of the lesson. @returns What they print, and the exit code. */
  async function check(copy: string, file: string): Promise<{ code: number; out: string }> {
    await command(folder, ['lesson', name, copy]);
    await command(folder, ['lesson', name, copy, '--solution']);
    let out = '';
    vi.spyOn(console, 'log').mockImplementation((text = '') => {
      out += `${text}\n`;
    });
    vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Exit(Number(code));
    });
    process.argv[2] = join(folder, copy, file);
    try {
      await import(pathToFileURL(join(folder, copy, 'check.mjs')).href);
      return { code: 0, out };
    } catch (error) {
      if (error instanceof Exit) return { code: error.exitCode, out };
      throw error;
    }
  }

  test('the stub fails, and says what is to be written', async () => {
    const { code, out } = await check('stub', 'exercise.mjs');
    expect(out).toMatch(NOT_WRITTEN);
    expect(code).toBe(1);
  });

  test('the solution passes', async () => {
    const { code, out } = await check('solved', 'solution.mjs');
    expect(out).toMatch(PASSES);
    expect(code).toBe(0);
  });
});

class Exit extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit ${exitCode}`);
    this.exitCode = exitCode;
  }
}

describe('with the library as a package', () => {
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'layerwise-lessons-'));
    await installLibrary(folder);
    await command(folder, ['lesson', 'layers']);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a program in a folder within ours. */
  const node = (cwd: string, file: string): Promise<{ code: number; out: string }> =>
    new Promise((done) => {
      execFile(process.execPath, [file], { cwd: join(folder, cwd) }, (error, out, err) => {
        done({ code: Number(error?.code ?? 0), out: `${out}${err}` });
      });
    });

  test.each([
    ['layers', 'check.mjs'],
    ['.', 'layers/check.mjs'],
  ])('in %s, node %s finds the exercise beside it', async (cwd, file) => {
    const { code, out } = await node(cwd, file);
    expect(out).toMatch(NOT_WRITTEN);
    expect(code).toBe(1);
  });

  test('a slip of the pen', async () => {
    expect((await command(folder, ['lesson', 'layers', 'slip'])).err).toBe('');
    writeFileSync(join(folder, 'slip/exercise.mjs'), 'const a = ;\n');
    expect(await node('slip', 'check.mjs')).toEqual({
      code: 1,
      out: "exercise.mjs cannot be loaded: Unexpected token ';'; node --check exercise.mjs shows where\n",
    });
  });
});
