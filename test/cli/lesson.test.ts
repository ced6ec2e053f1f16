import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LESSONS } from '../../src/cli/lessons.js';
import { command } from '../helpers/command.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-lesson-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const EXERCISE = ['check.mjs', 'exercise.mjs', 'lesson.mjs'];

test('puts an exercise into a folder of its name, and says how to go on', async () => {
  const { code, out, err } = await command(folder, ['lesson', 'layers']);
  expect(readdirSync(join(folder, 'layers'))).toEqual(EXERCISE);
  const text = readFileSync(join(folder, 'layers/exercise.mjs'), 'utf8');
  expect(text).toBe(readFileSync('docs/guide/lessons/layers/exercise.mjs', 'utf8'));
  expect(out).toBe(
    'exercise.mjs, check.mjs, lesson.mjs are in layers\n' +
      'Fill in exercise.mjs, and after each function: cd layers && node check.mjs\n',
  );
  expect(err).toBe('note: layers does not find the package layerwise: npm install it in a folder above\n');
  expect(code).toBe(0);
});

test('overwrites nothing', async () => {
  await command(folder, ['lesson', 'layers', 'mine']);
  writeFileSync(join(folder, 'mine/exercise.mjs'), 'my work');
  const { code, err } = await command(folder, ['lesson', 'layers', 'mine']);
  expect(err).toBe(
    'lesson: mine/exercise.mjs is there already, and nothing is overwritten; name another folder: ' +
      'lesson layers FOLDER\n',
  );
  expect(code).toBe(1);
  expect(readFileSync(join(folder, 'mine/exercise.mjs'), 'utf8')).toBe('my work');
});

test('one file that is there keeps all others away', async () => {
  writeFileSync(join(folder, 'lesson.mjs'), '');
  expect((await command(folder, ['lesson', 'layers', '.'])).code).toBe(1);
  expect(readdirSync(folder)).toEqual(['lesson.mjs']);
});

test('puts a solution beside the exercise', async () => {
  await command(folder, ['lesson', 'layers']);
  const { out } = await command(folder, ['lesson', 'layers', '--solution']);
  expect(out).toBe('solution.mjs is in layers\nCheck it: cd layers && node check.mjs solution.mjs\n');
  expect(readdirSync(join(folder, 'layers'))).toEqual([...EXERCISE, 'solution.mjs']);
});

test('lists the lessons', async () => {
  const { out } = await command(folder, ['lesson', '--list']);
  expect(out).toMatch(
    /^lesson +exercise +chapter\nlayers +write an affine layer, a ReLU, and a net of both +layers-and-caches\n/,
  );
  const { out: json } = await command(folder, ['lesson', '--list', '--json']);
  expect(JSON.parse(json).map((lesson: { name: string }) => lesson.name)).toEqual(Object.keys(LESSONS));
});

test.each([
  [['lesson'], 'lesson: expected the name of a lesson; lesson --list has them', 2],
  [['lesson', 'layer'], /lesson: .*'layer' is invalid for argument 'name'.*did you mean layers\?/, 2],
  [['lesson', 'layers', 'taken'], /lesson: cannot make .*taken.*it is a file/, 1],
])('%j is refused', async (args, message, exitCode) => {
  writeFileSync(join(folder, 'taken'), '');
  const { code, err } = await command(folder, args);
  expect(err).toMatch(message);
  expect(code).toBe(exitCode);
  expect(readdirSync(folder)).toEqual(['taken']);
});

test('says as JSON where the files are', async () => {
  const { out } = await command(folder, ['lesson', 'layers', '--json']);
  const files = ['exercise.mjs', 'check.mjs', 'lesson.mjs'];
  expect(JSON.parse(out)).toEqual({ lesson: 'layers', folder: join(folder, 'layers'), files });
});
