// Checks that lines end at 120 columns. Biome formats code, but not comments and long strings.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './kernels.mjs';

const FOLDERS = ['src', 'scripts', 'bench', 'examples', 'test'];
const COLUMNS = 120;
const WRITTEN_BY_HAND = /\.(ts|mts|mjs|cjs|js|py|grit)$/;
const NOT_LOOKED_AT = /\.generated\.ts$|[\\/]fixtures[\\/]/;

/** An address of a page cannot be broken. */
const ADDRESS = /https?:\/\/\S{40,}/;

const tooLong = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .map((name) => join(folder, name))
    .filter((file) => WRITTEN_BY_HAND.test(file) && !NOT_LOOKED_AT.test(file))
    .flatMap((file) =>
      readFileSync(join(ROOT, file), 'utf8')
        .split(/\r?\n/)
        .flatMap((line, i) => ([...line].length > COLUMNS && !ADDRESS.test(line) ? [`${file}:${i + 1}`] : [])),
    ),
);

for (const place of tooLong) console.error(`${place}: the line is longer than ${COLUMNS} columns`);
process.exitCode = tooLong.length > 0 ? 1 : 0;
