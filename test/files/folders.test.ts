import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFolder } from '../../src/files/read.js';
import { temporaryDir } from '../helpers/cifar10.js';

describe('a folder', () => {
  test('is made with those above it, and may be there already', () => {
    const dir = path.join(temporaryDir(), 'a', 'b');
    makeFolder('test', dir);
    makeFolder('test', dir);
    expect(fs.readdirSync(path.dirname(dir))).toEqual(['b']);
  });

  // Where the system says that there is no such folder, mkdirSync with `recursive` does not return.
  test.skipIf(!fs.existsSync('/proc/self'))('that the system does not make is an error', () => {
    const [dir, below] = ['/proc/layerwise', '/proc/layerwise/a'];
    for (const place of [dir, below]) {
      expect(() => makeFolder('test', place)).toThrow(
        `test: cannot make ${place} (ENOENT: there is no such file or folder)`,
      );
    }
  });
});
