// @module-tag slow

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDir } from '../helpers/cifar10.js';
import { jpegOf, smoothPixels } from '../helpers/pictures.js';

const IMAGES = 20_000;
/** As many are trained on: memory has stopped growing long before, and all of them would take minutes. */
const TRAINED = 500;
/** Different pictures of a class: the files of a class are names for these. */
const DRAWN = 20;

test('a folder of 20,000 pictures of 500 × 375 trains in less than 600 MB', { timeout: 1_800_000 }, () => {
  const dir = temporaryDir();
  const classes = ['left', 'right'];
  for (const [label, name] of classes.entries()) {
    fs.mkdirSync(path.join(dir, name));
    const drawn = Array.from({ length: DRAWN }, (_, i) => {
      const file = path.join(dir, `.${name}-${i}`);
      // The class is in the half that is dark.
      const pixels = smoothPixels(500, 375, i);
      for (let at = 0; at < pixels.length; at++) {
        if (at % 2000 < 1000 === (label === 0) && at % 4 !== 3) pixels[at] >>= 1;
      }
      fs.writeFileSync(file, jpegOf(pixels, 500, 375, { quality: 85 }));
      return file;
    });
    for (let i = 0; i < IMAGES / 2; i++) fs.linkSync(drawn[i % DRAWN], path.join(dir, name, `${i}.jpg`));
  }
  const args = ['-r', 'ts-node/register', 'test/programs/image-folder.ts', dir, String(TRAINED)];
  const { images, lossHistory, megabytes } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  expect(images).toBe(IMAGES);
  expect(lossHistory.at(-1)).toBeLessThan(0.5 * lossHistory[0]);
  expect(megabytes).toBeLessThan(600);
});
