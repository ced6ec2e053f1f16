// @module-tag slow
// Every chapter of the guide runs, prints what stands under its blocks, and draws its figures. With `-u`, as for
// snapshots, what it prints and draws is written to the chapter.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { formatWithOptions } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { manualSeed } from '../../src/index.js';
import {
  type Block,
  blocksOf,
  chapterFile,
  chapterNames,
  chapterText,
  FIGURES,
  type Program,
  prints,
  programsOf,
  sourceOf,
  withOutputs,
} from '../helpers/chapters.js';
import { figureDifference } from '../helpers/figures.js';
import { installLibrary } from '../helpers/installed.js';

const WRITES = process.env.LAYERWISE_GUIDE === 'write';
const home = process.cwd();
const figures = resolve(FIGURES);
/** The figures of all chapters are drawn here. */
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-guide-'));
  // Worker threads of a chapter import the library.
  await installLibrary(folder);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program in the folder of figures. @returns What each of its blocks has printed. */
async function run(program: Program): Promise<Map<Block, string>> {
  const printed = program.blocks.map(() => '');
  let at = 0;
  vi.spyOn(console, 'log').mockImplementation((...values) => {
    printed[at] += `${formatWithOptions({ colors: false }, ...values)}\n`;
  });
  vi.stubGlobal('enterBlock', (block: number) => {
    at = block;
  });
  const file = resolve(home, `test/programs/guide-${program.name}.generated.ts`);
  writeFileSync(
    file,
    sourceOf(program, (block) => `(globalThis as any).enterBlock(${block});`),
  );
  manualSeed(0);
  process.chdir(folder);
  try {
    await import(pathToFileURL(file).href);
  } finally {
    process.chdir(home);
    rmSync(file);
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  }
  return new Map(program.blocks.map((block, i) => [block, printed[i]]));
}

describe.each(chapterNames().filter((chapter) => blocksOf(chapter).length > 0))('%s', (chapter) => {
  test('prints what stands under its blocks', { timeout: 180_000 }, async () => {
    const printed = new Map<Block, string>();
    for (const program of programsOf(chapter)) for (const [block, out] of await run(program)) printed.set(block, out);
    if (WRITES) writeFileSync(chapterFile(chapter), withOutputs(chapterText(chapter), printed));
    for (const [block, out] of WRITES ? [] : printed) {
      const line = `${chapterFile(chapter)}:${block.start + 1}`;
      // The comparison of texts shows what differs.
      if (!prints(out, block.output)) expect(out, line).toBe(block.output === null ? '' : `${block.output}\n`);
    }
  });

  test('has the pieces of files as they are', () => {
    for (const { start, from, code } of blocksOf(chapter)) {
      if (from === undefined) continue;
      const text = readFileSync(from, 'utf8');
      // A piece may stand further to the right in its file.
      const indents = [0, 2, 4].map((width) => code.replace(/^(?=.)/gm, ' '.repeat(width)));
      expect(
        indents.some((piece) => text.includes(piece)),
        `${chapterFile(chapter)}:${start + 1} is not in ${from}`,
      ).toBe(true);
    }
  });

  test('shows the figures that it draws', () => {
    const drawn = new Set(readdirSync(folder));
    const shown = [...chapterText(chapter).matchAll(/!\[([^\]]*)\]\(figures\/([^)]+)\)/g)];
    for (const [, alternative, file] of shown) {
      expect(drawn, `${chapterFile(chapter)} draws ${file}`).toContain(file);
      expect(alternative.length, `the words for ${file}`).toBeGreaterThan(10);
      if (WRITES) cpSync(join(folder, file), join(figures, file));
      const difference = figureDifference(file, readFileSync(join(folder, file)), readFileSync(join(figures, file)));
      expect(difference, file).toBe(null);
    }
  });
});

test('every figure is shown in a chapter', () => {
  const texts = chapterNames().map(chapterText).join('\n');
  expect(readdirSync(figures).filter((file) => !texts.includes(`](figures/${file})`))).toEqual([]);
});

test('every chapter has its place in the contents, and a title', () => {
  const contents: Record<string, string[]> = JSON.parse(readFileSync('docs/guide/chapters.json', 'utf8'));
  const listed = Object.values(contents).flat();
  expect(listed.sort()).toEqual(
    chapterNames()
      .filter((name) => name !== 'index')
      .sort(),
  );
  for (const name of chapterNames()) expect(chapterText(name)).toMatch(/^# \S/);
});
