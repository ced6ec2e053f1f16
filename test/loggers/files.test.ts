import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  csvLogger,
  jsonLinesLogger,
  type LoggedEpoch,
  type LoggedStep,
  type Logger,
  type RunStart,
  tensorBoardLogger,
} from '../../src/index.js';
import { pretend } from '../helpers/pretend.js';
import { curve, readEvents } from '../helpers/tensorboard.js';

const dirs: string[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const dir of dirs.splice(0)) fs.rmSync(dir, { recursive: true, force: true });
});

function temporaryDir(): string {
  dirs.push(fs.mkdtempSync(path.join(os.tmpdir(), 'layerwise-loggers-')));
  return dirs[dirs.length - 1];
}

const COLUMNS = 'kind,iteration,epoch,loss,learningRate,seconds,trainAcc,valAcc,valLoss';

const NEW: RunStart = { fn: 'fit', iteration: 0, epoch: 0, isResumed: false, isEvaluationDue: false, metrics: [] };
const resumedAt = (iteration: number, isEvaluationDue = false): RunStart => ({
  ...NEW,
  iteration,
  isResumed: true,
  isEvaluationDue,
});

const step = (iteration: number, rest: Partial<LoggedStep> = {}): LoggedStep => ({
  ...{ kind: 'step', iteration, epoch: 0, loss: iteration / 2, learningRate: 0.125, seconds: 0.25 },
  ...rest,
});
const epoch = (iteration: number, rest: Partial<LoggedEpoch> = {}): LoggedEpoch => ({
  ...{ kind: 'epoch', iteration, epoch: 1, loss: iteration / 2, learningRate: null, seconds: 0.5 },
  ...{ trainAcc: 0.75, valAcc: 0.5, valLoss: null, metrics: {} },
  ...rest,
});

/** A run of `to` iterations, with an evaluation after every second one. */
function run(logger: Logger, start: RunStart, to: number): void {
  logger.onStart?.(start);
  if (start.isEvaluationDue) logger.onEpoch?.(epoch(start.iteration));
  for (let i = start.iteration + 1; i <= to; i++) {
    logger.onStep?.(step(i));
    if (i % 2 === 0) logger.onEpoch?.(epoch(i));
  }
  logger.close?.();
}

/** Makes writing fail after some bytes, as a full disk does. */
function fillDisk(room: number): void {
  const write = fs.writeSync.bind(fs) as (fd: number, bytes: Uint8Array, offset: number, length: number) => number;
  let left = room;
  vi.spyOn(fs, 'writeSync').mockImplementation(
    pretend((fd: number, bytes: Uint8Array, offset: number) => {
      if (left === 0) {
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
      }
      const length = Math.min(left, bytes.length - offset);
      left -= length;
      return write(fd, bytes, offset, length);
    }),
  );
}

describe('csvLogger', () => {
  test('writes a row for each event', () => {
    const file = path.join(temporaryDir(), 'run.csv');
    const logger = csvLogger(file);
    logger.onStart?.({ ...NEW, metrics: ['r2', 'a,"b"'] });
    logger.onStep?.(step(1));
    logger.onStep?.(step(2, { loss: Number.NaN, learningRate: null, seconds: 1 / 3 }));
    const metrics = { 'a,"b"': { train: 1, val: null }, r2: { train: 0.25, val: -Infinity } };
    logger.onEpoch?.(epoch(2, { metrics, valLoss: 0.1 }));
    logger.close?.();
    expect(fs.readFileSync(file, 'utf8').split('\n')).toEqual([
      `${COLUMNS},r2/train,r2/val,"a,""b""/train","a,""b""/val"`,
      'step,1,0,0.5,0.125,0.25,,,,,,,',
      'step,2,0,NaN,,0.333,,,,,,,',
      'epoch,2,1,1,,0.5,0.75,0.5,0.1,0.25,-Infinity,1,',
      '',
    ]);
  });
});

test('csvLogger: a part of a header is replaced, also where a name in it has a line feed', () => {
  const file = path.join(temporaryDir(), 'run.csv');
  const start = { ...resumedAt(0), metrics: ['a\nb'] };
  run(csvLogger(file), { ...start, isResumed: false }, 2);
  const whole = fs.readFileSync(file, 'utf8');
  for (const size of [3, whole.indexOf('\n') + 1, whole.indexOf('b/val"')]) {
    fs.truncateSync(file, size);
    run(csvLogger(file), start, 2);
    expect(fs.readFileSync(file, 'utf8')).toBe(whole);
  }
});

describe('jsonLinesLogger', () => {
  test('writes an object for each event, and what is not finite as a text', () => {
    const file = path.join(temporaryDir(), 'run.jsonl');
    const logger = jsonLinesLogger(file);
    logger.onStart?.({ ...NEW, metrics: ['r2'] });
    logger.onStep?.(step(1));
    logger.onStep?.(step(2, { loss: Number.NaN, learningRate: null, seconds: 1 / 3 }));
    logger.onEpoch?.(epoch(2, { valLoss: Infinity, metrics: { r2: { train: Number.NaN, val: 1 } } }));
    logger.close?.();
    const text = fs.readFileSync(file, 'utf8');
    expect(text.endsWith('\n')).toBe(true);
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      step(1),
      { ...step(2), loss: 'NaN', learningRate: null, seconds: 0.333 },
      { ...epoch(2), valLoss: 'Infinity', metrics: { r2: { train: 'NaN', val: 1 } } },
    ]);
  });
});

const LINES = [
  { name: 'csvLogger', make: csvLogger, head: 'step,' },
  { name: 'jsonLinesLogger', make: jsonLinesLogger, head: '{"kind":"step"' },
];

describe.each(LINES)('$name', ({ name, make, head }) => {
  const whole = (): string => {
    const file = path.join(temporaryDir(), 'whole');
    run(make(file), NEW, 6);
    return fs.readFileSync(file, 'utf8');
  };

  test('writes at the end of an epoch, every flushSeconds, and on flush, not with each step', () => {
    const file = path.join(temporaryDir(), 'run');
    const logger = make(file, { flushSeconds: 3 });
    const rows = () =>
      fs
        .readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith(head)).length;
    logger.onStart?.(NEW);
    for (let i = 1; i <= 10; i++) logger.onStep?.(step(i, { seconds: i / 5 }));
    expect(rows()).toBe(0);
    logger.onStep?.(step(11, { seconds: 3.1 }));
    expect(rows()).toBe(11);
    logger.onStep?.(step(12, { seconds: 3.2 }));
    expect(rows()).toBe(11);
    logger.onEpoch?.(epoch(12));
    expect(rows()).toBe(12);
    logger.onStep?.(step(13, { seconds: 3.3 }));
    logger.flush?.();
    expect(rows()).toBe(13);
    for (let i = 14; i < 4000; i++) logger.onStep?.(step(i, { seconds: 3.3 }));
    expect(rows()).toBeGreaterThan(1000);
    logger.close?.();
    expect(rows()).toBe(3999);
  });

  test('writes the steps that every asks for', () => {
    const file = path.join(temporaryDir(), 'run');
    run(make(file, { every: 3 }), NEW, 7);
    const lines = fs.readFileSync(file, 'utf8').split('\n');
    expect(lines.filter((line) => line.startsWith(head))).toHaveLength(2);
    expect(lines.filter((line) => /^(epoch|\{"kind":"epoch"),/.test(line))).toHaveLength(3);
  });

  test.each([0, 1, 2, 3, 5])('equals an uninterrupted run where it is resumed at %i', (iteration) => {
    const file = path.join(temporaryDir(), 'run');
    run(make(file), NEW, 5);
    run(make(file), resumedAt(iteration), 6);
    expect(fs.readFileSync(file, 'utf8')).toBe(whole());
  });

  test('cuts off an evaluation that comes again', () => {
    const file = path.join(temporaryDir(), 'run');
    run(make(file), NEW, 5);
    run(make(file), resumedAt(4, true), 6);
    expect(fs.readFileSync(file, 'utf8')).toBe(whole());
  });

  test('cuts off a line that was not completed, be it the first', () => {
    const expected = whole();
    for (let length = 0; length < expected.length; length += 23) {
      const file = path.join(temporaryDir(), 'run');
      fs.writeFileSync(file, expected.slice(0, length));
      run(make(file), resumedAt(0), 6);
      expect(fs.readFileSync(file, 'utf8')).toBe(expected);
    }
  });

  test('resumes a long file', () => {
    const file = path.join(temporaryDir(), 'run');
    run(make(file), NEW, 3000);
    const before = fs.statSync(file).size;
    run(make(file), resumedAt(1000), 3000);
    expect(fs.statSync(file).size).toBe(before);
  });

  test('refuses a file that exists for a new run, and leaves it as it is', () => {
    const file = path.join(temporaryDir(), 'run');
    run(make(file), NEW, 2);
    const before = fs.readFileSync(file, 'utf8');
    expect(() => make(file).onStart?.(NEW)).toThrow(
      `${name}: file ${file} exists already, expected none for a new run: ` +
        'delete it, or name another file, or give { append: true }',
    );
    expect(fs.readFileSync(file, 'utf8')).toBe(before);
  });

  test('appends a run where that is asked for, and resumes the last one only', () => {
    const file = path.join(temporaryDir(), 'run');
    run(make(file), NEW, 6);
    const first = fs.readFileSync(file, 'utf8');
    run(make(file, { append: true }), NEW, 5);
    for (const iteration of [3, 0]) {
      run(make(file), resumedAt(iteration), 6);
      const rows = first.startsWith('kind') ? first.slice(first.indexOf('\n') + 1) : first;
      expect(fs.readFileSync(file, 'utf8')).toBe(first + rows);
    }
  });

  test('leaves the lines of earlier runs where one with append is restarted from its beginning', () => {
    const file = path.join(temporaryDir(), 'run');
    run(make(file), NEW, 6);
    const first = fs.readFileSync(file, 'utf8');
    run(make(file, { append: true }), resumedAt(0), 6);
    const rows = first.startsWith('kind') ? first.slice(first.indexOf('\n') + 1) : first;
    expect(fs.readFileSync(file, 'utf8')).toBe(first + rows);
  });

  test('writes what is left when the process ends', () => {
    const file = path.join(temporaryDir(), 'run');
    const others = process.listeners('exit');
    const loggers = [make(file), make(`${file}-2`)];
    for (const logger of loggers) {
      logger.onStart?.(NEW);
      logger.onStep?.(step(1));
    }
    const added = process.listeners('exit').filter((listener) => !others.includes(listener));
    expect(added).toHaveLength(1);
    added[0](0);
    for (const end of ['', '-2'])
      expect(
        fs
          .readFileSync(file + end, 'utf8')
          .split('\n')
          .at(-2),
      ).toContain(head);
    for (const logger of loggers) logger.close?.();
    expect(process.listeners('exit')).toEqual(others);
  });

  test('takes an empty file as none', () => {
    const file = path.join(temporaryDir(), 'run');
    fs.writeFileSync(file, '');
    run(make(file), NEW, 6);
    expect(fs.readFileSync(file, 'utf8')).toBe(whole());
  });

  test('refuses a file of something else', () => {
    const file = path.join(temporaryDir(), 'run');
    for (const text of ['notes', 'notes\n1,2\n']) {
      fs.writeFileSync(file, text);
      const expected = name === 'csvLogger' ? 'the columns of this run, kind,iteration,' : 'a line of this logger';
      expect(() => make(file, { append: true }).onStart?.(NEW)).toThrow(
        `${name}: file ${file} begins with something else, expected ${expected}`,
      );
      expect(() => make(file).onStart?.(resumedAt(3))).toThrow('delete it, or name another file');
      expect(fs.readFileSync(file, 'utf8')).toBe(text);
    }
  });

  test('refuses what cannot be written, before the first step', () => {
    const dir = temporaryDir();
    expect(() => make(path.join(dir, 'none', 'run')).onStart?.(NEW)).toThrow(
      `${name}: cannot write ${path.join(dir, 'none', 'run')} (ENOENT: there is no such file or folder)`,
    );
    expect(() => make(dir).onStart?.(NEW)).toThrow(`${name}: ${dir} is a folder, expected a regular file`);
    expect(() => make('/dev/full').onStart?.(NEW)).toThrow('is a character device, expected a regular file');
  });

  test('says that the disk is full, and leaves whole lines', () => {
    const file = path.join(temporaryDir(), 'run');
    const logger = make(file);
    logger.onStart?.(NEW);
    logger.onStep?.(step(1));
    logger.flush?.();
    const before = fs.readFileSync(file, 'utf8');
    fillDisk(5);
    logger.onStep?.(step(2));
    const message = `${name}: cannot write ${file} (ENOSPC: the disk is full); free some space, or choose another disk`;
    expect(() => logger.flush?.()).toThrow(message);
    expect(fs.readFileSync(file, 'utf8')).toBe(before);
    // Once there is space again nothing is missing.
    vi.restoreAllMocks();
    logger.onStep?.(step(3));
    logger.close?.();
    const rows = fs
      .readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith(head));
    expect(rows).toHaveLength(3);
  });

  test('says that its file was deleted', () => {
    const file = path.join(temporaryDir(), 'run');
    const logger = make(file);
    logger.onStart?.(NEW);
    fs.rmSync(file);
    logger.onStep?.(step(1));
    expect(() => logger.close?.()).toThrow(`${name}: ${file} was deleted while it was open; name another file`);
  });

  test('writes one run at a time', () => {
    const file = path.join(temporaryDir(), 'run');
    const logger = make(file);
    logger.onStart?.(NEW);
    expect(() => logger.onStart?.(NEW)).toThrow(
      `${name}: ${file} is being written by another run; give each a logger of its own`,
    );
    logger.close?.();
    logger.close?.();
    logger.onStart?.(resumedAt(0));
    logger.close?.();
  });

  test.each<[unknown, object, string]>([
    [1, {}, 'file is 1, expected a path'],
    ['x', { every: 0 }, 'every is 0, expected a whole number ≥ 1'],
    ['x', { append: 1 }, 'append is 1, expected true or false'],
    ['x', { flushSeconds: -1 }, 'flushSeconds is -1, expected a number ≥ 0'],
    ['x', { often: 1 }, "unknown option 'often', expected every, append, flushSeconds"],
  ])('refuses %j %j', (file, options, message) => {
    expect(() => make(pretend(file), options)).toThrow(`${name}: ${message}`);
  });
});

describe('tensorBoardLogger', () => {
  test('writes events: a version, then the scalars of each step and each evaluation', () => {
    const dir = path.join(temporaryDir(), 'runs', 'a');
    const logger = tensorBoardLogger(dir);
    logger.onStart?.({ ...NEW, metrics: ['r2'] });
    logger.onStep?.(step(1));
    logger.onStep?.(step(300, { learningRate: null }));
    logger.onEpoch?.(epoch(2 ** 40, { metrics: { r2: { train: Number.NaN, val: null } } }));
    logger.close?.();
    const [name] = fs.readdirSync(dir);
    expect(name).toMatch(new RegExp(`^events\\.out\\.tfevents\\.\\d{10}\\..+\\.${process.pid}$`));
    const [events] = readEvents(dir);
    expect(events.map(({ step: at, scalars }) => [at, scalars])).toEqual([
      [0, {}],
      [1, { 'loss/train': 0.5, lr: 0.125 }],
      [300, { 'loss/train': 150 }],
      [2 ** 40, { 'accuracy/train': 0.75, 'accuracy/val': 0.5, 'r2/train': Number.NaN }],
    ]);
    expect(events[0].version).toBe('brain.Event:2');
    for (const { wallTime } of events) expect(Math.abs(wallTime - Date.now() / 1000)).toBeLessThan(60);
  });

  test('writes at the end of an epoch and every flushSeconds, so that one can look on', () => {
    const dir = temporaryDir();
    const logger = tensorBoardLogger(dir, { flushSeconds: 1, every: 2 });
    const written = () => curve(readEvents(dir)[0], 'loss/train').length;
    logger.onStart?.(NEW);
    for (let i = 1; i <= 10; i++) logger.onStep?.(step(i, { seconds: 0.5 }));
    expect(written()).toBe(0);
    logger.onStep?.(step(11, { seconds: 1 }));
    expect(written()).toBe(5);
    logger.onStep?.(step(12));
    logger.onEpoch?.(epoch(12));
    expect(written()).toBe(6);
    for (let i = 13; i < 4000; i++) logger.onStep?.(step(i, { seconds: 1 }));
    expect(written()).toBeGreaterThan(1000);
    logger.close?.();
    expect(written()).toBe(1999);
  });

  test('begins a second file where a run is resumed, which voids what the first has beyond', () => {
    const dir = temporaryDir();
    run(tensorBoardLogger(dir), NEW, 5);
    run(tensorBoardLogger(dir), resumedAt(3), 6);
    const [first, second] = readEvents(dir);
    expect(curve(first, 'loss/train').map(([at]) => at)).toEqual([1, 2, 3, 4, 5]);
    expect(second[1]).toMatchObject({ step: 4, starts: true });
    expect(curve(second, 'loss/train').map(([at]) => at)).toEqual([4, 5, 6]);
  });

  test('refuses a folder with events for a new run', () => {
    const dir = temporaryDir();
    run(tensorBoardLogger(dir), NEW, 1);
    expect(() => tensorBoardLogger(dir).onStart?.(NEW)).toThrow(
      `tensorBoardLogger: dir ${dir} has events already, expected none for a new run: ` +
        'delete it, or name another folder, or give { append: true }',
    );
    run(tensorBoardLogger(dir, { append: true }), NEW, 1);
    expect(readEvents(dir)).toHaveLength(2);
  });

  test('refuses what cannot be written, before the first step', () => {
    const dir = temporaryDir();
    fs.writeFileSync(path.join(dir, 'file'), '');
    const inFile = path.join(dir, 'file', 'runs');
    expect(() => tensorBoardLogger(inFile).onStart?.(NEW)).toThrow(`tensorBoardLogger: cannot make ${inFile} (ENOTDIR`);
    expect(() => tensorBoardLogger(pretend(1))).toThrow('tensorBoardLogger: dir is 1, expected a path');
    expect(() => tensorBoardLogger('x', pretend({ each: 1 }))).toThrow("tensorBoardLogger: unknown option 'each'");
  });

  test('says that the disk is full, and leaves whole records', () => {
    const dir = temporaryDir();
    const logger = tensorBoardLogger(dir);
    logger.onStart?.(NEW);
    fillDisk(5);
    logger.onStep?.(step(1));
    expect(() => logger.flush?.()).toThrow(/tensorBoardLogger: cannot write .*tfevents.* \(ENOSPC: the disk is full\)/);
    expect(readEvents(dir)[0]).toHaveLength(1);
    vi.restoreAllMocks();
    logger.close?.();
    expect(curve(readEvents(dir)[0], 'loss/train')).toEqual([[1, 0.5]]);
  });
});
