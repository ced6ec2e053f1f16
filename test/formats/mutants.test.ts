import { afterAll, describe, expect, test } from 'vitest';
import { zeros } from '../../src/arrays/index.js';
import { countAllocations } from '../helpers/mutants/allocations.js';
import { type Content, contentOf } from '../helpers/mutants/content.js';
import { FORMATS, type Format } from '../helpers/mutants/formats.js';
import { Draw, mutate } from '../helpers/mutants/mutate.js';
import { type Choice, readMutants } from '../helpers/mutants/run.js';

// fflate keeps the classes that it finds when it is loaded, so its own memory is counted by the script alone, as part
// of what the process has in use.
afterAll(countAllocations());

const QUICK = 100;
const ALL = 2000;

describe.each(FORMATS.map((format) => ({ name: format.name, format })))('damaged files of $name', ({ format }) => {
  const check = (choice: Choice): void => {
    const report = readMutants(format, choice);
    expect(report.faults).toEqual([]);
    expect(report.mutants).toBe(choice.count);
    expect(report.refused).toBeGreaterThan(0.6 * choice.count);
    expect(report.equal).toBeGreaterThan(0);
  };

  test('are refused, or read as the format promises', () => check({ count: QUICK, seed: 1 }));

  test('are refused, or read as the format promises: 2,000 in all', { tags: 'slow' }, () =>
    check({ count: Math.ceil(ALL / FORMATS.length), seed: 0 }),
  );
});

describe('readMutants notices', () => {
  const files = [Uint8Array.from({ length: 64 }, (_, i) => i)];
  const pretended = (read: (bytes: Uint8Array) => unknown, promised: Format['promised'] = 'whole'): Format => {
    const contents = (): Content[] => [contentOf(new Map())];
    return { name: 'pretended', promised, functions: ['read'], files: () => files, contents, read };
  };
  const faultsOf = (format: Format, choice: Partial<Choice> = {}): string[] => [
    ...new Set(readMutants(format, { count: 20, seed: 0, ...choice }).faults.map(({ what }) => what)),
  ];
  const failing = (error: unknown) => () => {
    throw error;
  };

  test('errors that are not of the library', () => {
    expect(faultsOf(pretended(failing(new Error('read: bytes is cut off'))))).toEqual([]);
    const read = (bytes: Uint8Array): unknown => (bytes as unknown as { none: { length: number } }).none.length;
    expect(faultsOf(pretended(read))[0]).toContain('fails with TypeError: Cannot read properties of undefined');
    expect(faultsOf(pretended(failing(new RangeError('read: Invalid array length'))))).toHaveLength(1);
    expect(faultsOf(pretended(failing(new Error('load: bytes is cut off'))))).toHaveLength(1);
    const deep = (): unknown => deep();
    expect(faultsOf(pretended(deep))).toEqual(['fails with RangeError: Maximum call stack size exceeded']);
  });

  test('memory beyond 64 MB, in whatever it is', () => {
    const size = 80 * 2 ** 20;
    const allocated = [
      () => new Float64Array(size / 8),
      () => new ArrayBuffer(size),
      () => new Uint8Array(size / 2).slice().length,
      () => new Float32Array(new Float64Array(size / 10)).length,
      () => new Array(size / 8).fill(0.5),
    ];
    for (const allocate of allocated) {
      const read = (): never => {
        const kept = allocate();
        throw new Error(`read: ${kept === null}`);
      };
      const faults = faultsOf(pretended(read), { count: 1 });
      expect(faults).toContainEqual(expect.stringMatching(/allocates \d{8,9} bytes beyond/));
    }
    // More than there may be is not tried.
    const huge = faultsOf(
      pretended(() => new Float64Array(2 ** 31)),
      { count: 1 },
    );
    expect(huge).toContain('fails with Error: an allocation of 17179869184 bytes');
    // A view is no allocation, the buffer behind it is.
    const view = () => new Uint8Array(new Uint8Array(size).buffer, 0, 8);
    const viewed = faultsOf(pretended(view), { count: 1 });
    expect(viewed).toContainEqual(expect.stringMatching(/allocates 838\d{5} bytes beyond/));
  });

  test('a hang', () => {
    const read = (): never => {
      for (;;) {
        // Until it is ended from outside.
      }
    };
    expect(faultsOf(pretended(read), { count: 2, timeout: 50 })).toEqual(['hangs']);
  });

  test('what is read otherwise than promised', () => {
    expect(faultsOf(pretended(() => zeros([2])))).toEqual([]);
    const misshapen = Object.assign(zeros([2]), { shape: [3] });
    expect(faultsOf(pretended(() => ({ w: misshapen })))).toEqual([
      'reads /w: an array of shape (3,) reaches outside its 2 values',
    ]);
    const inSpite = 'is read as what is in no file, in spite of its checksums';
    expect(faultsOf(pretended(() => zeros([2]), 'same'))).toEqual([inSpite]);
  });
});

test('mutants are the same for a seed and a number, and others for others', () => {
  const bytes = Uint8Array.from({ length: 200 }, (_, i) => i);
  const mutants = (seed: number) => Array.from({ length: 50 }, (_, i) => mutate(bytes, bytes, new Draw(seed, i)));
  expect(mutants(1)).toEqual(mutants(1));
  const texts = [...mutants(1), ...mutants(2)].map(({ bytes: mutant }) => mutant.join());
  expect(new Set(texts).size).toBeGreaterThan(90);
  expect([...bytes]).toEqual(Array.from({ length: 200 }, (_, i) => i));
});
