import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { array, type NDArray, Random, type Transform, transforms } from '../../../src/index.js';

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly name: string;
  readonly op: 'resize' | 'randomRotation' | 'colorJitter' | 'randomCrop';
  readonly args: readonly unknown[];
  readonly x: Stored;
  readonly out: Stored;
}

const file = path.join(__dirname, '../../fixtures/transforms.json');
const { cases } = JSON.parse(fs.readFileSync(file, 'utf8')) as { cases: Case[] };

describe('as torchvision', () => {
  test.each(cases.map((c) => [`${c.op}: ${c.name}`, c] as const))('%s', (_, { op, args, x, out }) => {
    const transform = (transforms[op] as (...args: unknown[]) => Transform)(...args);
    // Values of up to 255: the tolerances are 1e-10 and 1e-5 of that.
    const largest = Math.max(...out.data.map(Math.abs));
    for (const [dtype, share] of [
      ['float64', 1e-10],
      ['float32', 1e-5],
    ] as const) {
      const made: NDArray = transform(array(x.data, x.shape, dtype), new Random(0));
      expect(made).toBeAllClose(array(out.data, out.shape, dtype), { rtol: 0, atol: share * largest });
    }
  });
});
