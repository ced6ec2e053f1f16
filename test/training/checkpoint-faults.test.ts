// @module-tag slow
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type CheckpointOptions,
  type FitOptions,
  fit,
  fitSteps,
  loadCheckpoint,
  type Solver,
  type SolverOptions,
} from '../../src/index.js';
import { bitsOf, fitSetup, makeSolver } from '../helpers/interruptible.js';
import { checkpointsIn, runFolder } from '../helpers/run-folder.js';

const folder = runFolder();

/** Runs a Solver that is saved after each iteration; something happens to the folder after the fifth. */
function disturbed(onError: 'throw' | 'warn', disturb: () => void): Solver {
  return makeSolver({
    checkpoint: { dir: folder.dir, every: 1, onError },
    onIteration: ({ iteration }) => {
      if (iteration !== 5) return;
      disturb();
    },
  });
}

function end(options: SolverOptions = {}): unknown {
  const solver = makeSolver(options);
  solver.train();
  return bitsOf(solver.stateDict());
}

describe('a folder that goes away while a run is saved', () => {
  const move = (): void => renameSync(folder.dir, join(folder.root, 'moved'));

  test('ends the run, with its last checkpoint whole', () => {
    const solver = disturbed('throw', move);
    expect(() => solver.train()).toThrow(`Solver: cannot write ${join(folder.dir, 'checkpoint-00000000')}`);
    expect(solver.iteration).toBeLessThan(8);
    expect(loadCheckpoint(join(folder.root, 'moved')).iteration).toBeGreaterThanOrEqual(3);
    expect(end({ resume: join(folder.root, 'moved') })).toEqual(end());
  });

  test('is warned of once, and the run goes on, where it should', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const solver = disturbed('warn', move);
    solver.train();
    expect(bitsOf(solver.stateDict())).toEqual(end());
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining('(ENOENT: there is no such file or folder); check the path')],
    ]);
    expect(loadCheckpoint(join(folder.root, 'moved')).iteration).toBeGreaterThanOrEqual(3);
  });

  test('and comes back is written to again', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const solver = makeSolver({
      checkpoint: { dir: folder.dir, every: 1, onError: 'warn' },
      onIteration: ({ iteration }) => {
        if (iteration === 5) move();
        if (iteration === 10) renameSync(join(folder.root, 'moved'), folder.dir);
      },
    });
    solver.train();
    expect(warn.mock.calls).toHaveLength(1);
    expect(checkpointsIn(folder.dir)).toEqual(['best', 22, 23, 24]);
  });
});

describe('a run whose end cannot be saved', () => {
  test('has the best weights all the same', () => {
    const { dir } = folder;
    const solver = makeSolver({
      checkpoint: { dir, every: 1000, best: false },
      onEpoch: ({ iteration }) => {
        if (iteration === 24) rmSync(dir, { recursive: true });
      },
    });
    expect(() => solver.train()).toThrow(`Solver: cannot write ${dir}`);
    expect(bitsOf(solver.stateDict())).toEqual(end());

    const setup = fitSetup('first', 'step', {
      checkpoint: { dir, every: 1000, best: false },
      onEpoch: ({ epoch }) => {
        if (epoch === 3) rmSync(dir, { recursive: true });
      },
    });
    expect(() => fit(setup.model, setup.loader, setup.options)).toThrow(`fit: cannot write ${dir}`);
    const whole = fitSetup('first', 'step');
    fit(whole.model, whole.loader, whole.options);
    expect(bitsOf(setup.model.stateDict())).toEqual(bitsOf(whole.model.stateDict()));
  });
});

describe('a folder that cannot be made', () => {
  test('ends the run before its first step', () => {
    writeFileSync(folder.dir, 'a file');
    const solver = makeSolver({ checkpoint: { dir: folder.dir } });
    expect(() => solver.train()).toThrow(`Solver: cannot make ${folder.dir} (EEXIST: it is a file)`);
    expect(solver.iteration).toBe(0);
  });

  test('is warned of once, and the run goes on, where it should', () => {
    writeFileSync(folder.dir, 'a file');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(end({ checkpoint: { dir: folder.dir, onError: 'warn' } })).toEqual(end());
    expect(warn.mock.calls).toEqual([[expect.stringContaining('(EEXIST: it is a file)')]]);
  });

  test.skipIf(process.getuid?.() === 0)('as of one that is read-only (skipped for root, who may write there)', () => {
    mkdirSync(folder.dir);
    chmodSync(folder.dir, 0o500);
    expect(() => makeSolver({ checkpoint: { dir: folder.dir } }).train()).toThrow('EACCES: permission denied');
  });
});

describe('a state that cannot be saved', () => {
  test('ends the run, also where errors of files are warned of', () => {
    const updateRule: SolverOptions['updateRule'] = (w) => [w, { history: new Map() }];
    const solver = makeSolver({ updateRule, checkpoint: { dir: folder.dir, every: 1, onError: 'warn' } });
    expect(() => solver.train()).toThrow('configs.W1.history is a Map, expected a number, a string, true, false, null');
    expect(existsSync(join(folder.dir, '.checkpoints.lock'))).toBe(false);
  });

  test('is refused before the first step where that can be seen', () => {
    const metric = { reset: () => {}, update: () => {}, compute: () => 1 };
    const refused = (changed: Partial<FitOptions>, every: CheckpointOptions['every'] = { epochs: 1 }): void => {
      const checkpoint = { dir: join(folder.root, 'refused'), every };
      const { model, loader, options } = fitSetup('first', 'epoch', { checkpoint, ...changed });
      fitSteps(model, loader, options);
    };
    const expected = 'expected stateDict() and loadStateDict(state), as those of optim have';
    const optimizer = { step: () => {}, zeroGrad: () => {} };
    expect(() => refused({ optimizer })).toThrow(`fitSteps: optimizer is an object, ${expected}`);
    expect(() => refused({ schedule: { step: () => {} } })).toThrow(`fitSteps: schedule is an object, ${expected}`);
    const saved = /^fitSteps: metrics\.own has no stateDict and loadStateDict, expected both, for a state within an/;
    expect(() => refused({ metrics: { own: metric } }, 10)).toThrow(saved);
    expect(() => refused({ metrics: { own: metric } }, { seconds: 10 })).toThrow(saved);
    expect(() => refused({ metrics: { own: metric } })).not.toThrow();
    expect(existsSync(join(folder.root, 'refused'))).toBe(false);
  });
});

/** Mounts a file system in memory. @returns Whether this process may. */
function mounted(dir: string, options: string): boolean {
  mkdirSync(dir, { recursive: true });
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir]).status === 0;
}

describe('a disk', () => {
  let isMounted = false;
  afterEach(() => {
    if (isMounted) spawnSync('umount', ['-l', folder.dir]);
    isMounted = false;
  });

  test('that is full ends the run, with its last checkpoint whole', ({ skip }) => {
    isMounted = mounted(folder.dir, 'size=256k');
    if (!isMounted) skip('needs the right to mount a tmpfs');
    const fill = (): void => {
      try {
        writeFileSync(join(folder.dir, 'ballast'), new Uint8Array(2 ** 20));
      } catch {
        // Full.
      }
    };
    const solver = disturbed('throw', fill);
    expect(() => solver.train()).toThrow(/^Solver: cannot write .*\(ENOSPC: the disk is full\); free some space/);
    expect(loadCheckpoint(folder.dir).iteration).toBeGreaterThanOrEqual(3);
    rmSync(join(folder.dir, 'ballast'));
    expect(end({ resume: true, checkpoint: { dir: folder.dir, every: 1 } })).toEqual(end());
  });

  test('that is full is warned of once, and the run goes on, where it should', ({ skip }) => {
    isMounted = mounted(folder.dir, 'size=256k');
    if (!isMounted) skip('needs the right to mount a tmpfs');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const solver = disturbed('warn', () => {
      try {
        writeFileSync(join(folder.dir, 'ballast'), new Uint8Array(2 ** 20));
      } catch {
        // Full.
      }
    });
    solver.train();
    expect(bitsOf(solver.stateDict())).toEqual(end());
    expect(warn.mock.calls).toEqual([[expect.stringContaining('(ENOSPC: the disk is full)')]]);
    expect(loadCheckpoint(folder.dir).iteration).toBeGreaterThanOrEqual(3);
  });

  test('that becomes read-only ends the run', ({ skip }) => {
    isMounted = mounted(folder.dir, 'size=1m');
    if (!isMounted) skip('needs the right to mount a tmpfs');
    const remount = (): void => {
      spawnSync('mount', ['-o', 'remount,ro', folder.dir]);
    };
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(() => disturbed('throw', remount).train()).toThrow('EROFS: the file system is read-only');
    expect(warn.mock.calls.flat()).toEqual([expect.stringMatching(/^Solver: cannot remove .*\.lock \(EROFS: /)]);
    expect(loadCheckpoint(folder.dir).iteration).toBeGreaterThanOrEqual(3);
  });
});
