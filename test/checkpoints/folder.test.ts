import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { encodeCheckpoint, latestCheckpoint } from '../../src/checkpoints/index.js';
import { encodeSafetensors, loadCheckpoint } from '../../src/index.js';
import { checkpointName as name, someCheckpoint } from '../helpers/checkpoints.js';
import { temporaryDir } from '../helpers/cifar10.js';

/** A folder with these checkpoints; those of the second list are damaged. */
function folderWith(whole: readonly number[], damaged: readonly number[] = []): string {
  const dir = temporaryDir();
  for (const iteration of whole)
    fs.writeFileSync(path.join(dir, name(iteration)), encodeCheckpoint(someCheckpoint(iteration)));
  for (const iteration of damaged) {
    const bytes = encodeCheckpoint(someCheckpoint(iteration));
    bytes[bytes.length - 1] ^= 1;
    fs.writeFileSync(path.join(dir, name(iteration)), bytes);
  }
  return dir;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the latest checkpoint', () => {
  test('is the one with the most iterations, beyond nine digits too', () => {
    const dir = folderWith([999_999_999, 5, 1_000_000_000]);
    fs.writeFileSync(path.join(dir, 'checkpoint-9999999999.safetensors.txt'), '');
    fs.writeFileSync(path.join(dir, 'best.safetensors'), encodeCheckpoint(someCheckpoint(2)));
    const found = latestCheckpoint('fit', dir);
    expect(found).toMatchObject({ file: path.join(dir, name(1_000_000_000)), refused: [] });
    expect(found?.checkpoint.iteration).toBe(1_000_000_000);
  });

  test('is the one before where it is damaged, which is said', () => {
    const dir = folderWith([100, 200], [300, 400]);
    fs.mkdirSync(path.join(dir, name(500)));
    const found = latestCheckpoint('fit', dir);
    expect(found?.checkpoint.iteration).toBe(200);
    expect(found?.refused.map(({ file }) => file)).toEqual([500, 400, 300].map((i) => path.join(dir, name(i))));
    expect(found?.refused[1].error.message).toMatch(/^fit: .*400\.safetensors: checksum is .*damaged/);

    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(loadCheckpoint(dir).iteration).toBe(200);
    expect(warn).toHaveBeenCalledTimes(3);
    expect(warn.mock.calls[2][0]).toMatch(
      /^loadCheckpoint: .*300\.safetensors: checksum is .*; .*200\.safetensors is read instead$/,
    );
  });

  test('is the best one where all others are damaged', () => {
    const dir = folderWith([], [300]);
    fs.writeFileSync(path.join(dir, 'best.safetensors'), encodeCheckpoint(someCheckpoint(2)));
    expect(latestCheckpoint('fit', dir)?.checkpoint.iteration).toBe(2);
  });

  test('is an error that names each where all are damaged', () => {
    const dir = folderWith([], [300, 400]);
    expect(() => latestCheckpoint('fit', dir)).toThrow(
      /^fit: .* has no checkpoint that can be read: .*400\.safetensors: checksum is .*; .*300\.safetensors: check/,
    );
  });

  test('is null where there is none', () => {
    expect(latestCheckpoint('fit', temporaryDir())).toBeNull();
    expect(latestCheckpoint('fit', path.join(temporaryDir(), 'nothing'))).toBeNull();
  });
});

describe('loadCheckpoint', () => {
  test('reads a file', () => {
    const file = path.join(folderWith([100]), name(100));
    const { kind, iteration, epoch, config, state, model } = loadCheckpoint(file);
    expect({ kind, iteration, epoch, config }).toEqual({
      kind: 'fit',
      iteration: 100,
      epoch: 1,
      config: { batchSize: 64, seed: 'a', schedule: null },
    });
    expect(Object.keys(model)).toEqual(['fc.weight', 'fc.bias']);
    expect(model).toBe(state.model);
  });

  test('says what is wrong', () => {
    const dir = temporaryDir();
    expect(() => loadCheckpoint(dir)).toThrow(
      `loadCheckpoint: path is '${dir}', a folder without checkpoints, expected the folder of a run, or a file`,
    );
    expect(() => loadCheckpoint(dir, { best: true })).toThrow(
      `loadCheckpoint: path is '${dir}', a folder without best.safetensors, expected that of a run with an ` +
        'evaluation: fit makes one where it has a valLoader',
    );
    expect(() => loadCheckpoint(path.join(dir, 'a'))).toThrow(
      /^loadCheckpoint: cannot read .*\/a \(ENOENT: there is no/,
    );
    expect(() => loadCheckpoint('')).toThrow("loadCheckpoint: path is '', expected a path");
    expect(() => loadCheckpoint(dir, { first: true } as never)).toThrow(/^loadCheckpoint: .*'first'/);
    fs.writeFileSync(path.join(dir, 'm.safetensors'), encodeSafetensors({}));
    expect(() => loadCheckpoint(path.join(dir, 'm.safetensors'))).toThrow(
      /m\.safetensors: the file is a safetensors file/,
    );
  });
});
