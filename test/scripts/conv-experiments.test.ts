// @module-tag slow

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withFewPictures } from '../helpers/few-pictures.js';

let out: string;
let env: NodeJS.ProcessEnv;
beforeAll(() => {
  out = fs.mkdtempSync(path.join(os.tmpdir(), 'layerwise-conv-experiments-'));
  env = withFewPictures(out);
});
afterAll(() => fs.rmSync(out, { recursive: true, force: true }));

/** Runs a script as a user does, on few drawn pictures. */
function run(script: string, ...args: string[]) {
  const command = ['-r', 'ts-node/register', `scripts/${script}.ts`, ...args];
  const { status, stderr, stdout } = spawnSync(process.execPath, command, { encoding: 'utf8', timeout: 60_000, env });
  return { status, stderr, stdout };
}

describe('train-three-layer-conv-net', () => {
  test('writes the history, and the filters before and after beside each other', () => {
    const [history, picture] = [path.join(out, 'new', 'history.json'), path.join(out, 'pictures', 'filters.png')];
    const small = ['--synthetic', '--train', '100', '--filters', '4', '--filter-size', '3', '--hidden', '10'];
    const { status, stderr, stdout } = run(
      'train-three-layer-conv-net',
      ...small,
      ...['--epochs', '2', '--lr', '0.01', '--out', history, '--picture', picture],
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/Best validation accuracy 0\.\d{4}, test accuracy 0\.\d{4}/);
    const { lossHistory, valAccHistory, options } = JSON.parse(fs.readFileSync(history, 'utf8'));
    expect(lossHistory).toHaveLength(4);
    expect(valAccHistory).toHaveLength(3);
    expect(options).toMatchObject({ reg: 1e-3, batch: 50, weightScale: 1e-3, printEvery: 20 });

    // Two grids of 2 × 2 filters of 3 pixels, 1 between them, six times as large, 24 white pixels apart.
    const { width, height, channels, data } = decode(fs.readFileSync(picture));
    expect({ width, height, channels }).toEqual({ width: 2 * 42 + 24, height: 42, channels: 3 });
    const at = (h: number, w: number) => Array.from(data.subarray((h * width + w) * 3, (h * width + w + 1) * 3));
    expect(at(20, 42)).toEqual([255, 255, 255]);
    expect(at(20, 65)).toEqual([255, 255, 255]);
    const pixels = (left: number) =>
      Array.from({ length: 49 }, (_, i) => at(6 * Math.floor(i / 7) + 3, left + 6 * (i % 7) + 3));
    expect(pixels(0)).not.toEqual(pixels(66));
  }, 60_000);

  test('names an option that is out of range', () => {
    const { status, stderr } = run('train-three-layer-conv-net', '--filters', '0');
    expect(status).toBe(1);
    expect(stderr).toContain('expected a whole number of at least 1');
  }, 30_000);
});
