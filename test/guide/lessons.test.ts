// @module-tag slow
// Every lesson as its reader has it: the stub fails and says what is to be written, the solution passes.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LESSONS } from '../../src/cli/lessons.js';
import { command } from '../helpers/command.js';

const LESSONS_FOLDER = 'docs/guide/lessons';
const names = readdirSync(LESSONS_FOLDER).filter((name) => statSync(join(LESSONS_FOLDER, name)).isDirectory());
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-lessons-'));
  // The library as an installed package, of the sources as they are.
  const home = join(folder, 'node_modules', 'layerwise');
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'layerwise', main: 'index.js' }));
  const external = ['@jsquash/jpeg', '@resvg/resvg-js', 'fast-png', 'jiti', 'vega', 'vega-lite'];
  const settings = { platform: 'node', format: 'cjs', bundle: true, external, logLevel: 'error' } as const;
  await build({ ...settings, entryPoints: ['src/index.ts'], outfile: join(home, 'index.js') });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the checks of a lesson. */
async function check(name: string, file: string): Promise<{ code: number; out: string }> {
  return new Promise((done) => {
    const cwd = join(folder, name);
    execFile(process.execPath, ['check.mjs', file], { cwd }, (error, out, err) => {
      done({ code: Number(error?.code ?? 0), out: `${out}${err}` });
    });
  });
}

test('the folders of lessons are those that the command knows', () => {
  expect(Object.keys(LESSONS)).toEqual(expect.arrayContaining(names));
});

describe.each(names)('%s', (name) => {
  test('the stub fails, and says what is to be written', async () => {
    await command(folder, ['lesson', name]);
    const { code, out } = await check(name, 'exercise.mjs');
    expect(out).toMatch(/^(✓ .*\n)*✗ .*\n\n {4}.*yours to write.*\n\n\d+ of \d+ checks pass/);
    expect(code).toBe(1);
  });

  test('the solution passes', async () => {
    await command(folder, ['lesson', name, '--solution']);
    const { code, out } = await check(name, 'solution.mjs');
    expect(out).toMatch(/^(✓ .*\n)+\nAll \d+ checks pass\.\n$/);
    expect(code).toBe(0);
  });
});
