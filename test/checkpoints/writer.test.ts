import fs from 'node:fs';
import path from 'node:path';
import threads from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ones } from '../../src/arrays/index.js';
import { CHECKSUM, imageOf } from '../../src/checkpoints/encode.js';
import { PATTERN, unfinishedName } from '../../src/checkpoints/folder.js';
import { OtherThread } from '../../src/checkpoints/thread.js';
import { loadCheckpoint } from '../../src/index.js';
import {
  failing,
  filesOf as list,
  checkpointName as name,
  someCheckpoint,
  systemWith,
  writerOf,
} from '../helpers/checkpoints.js';
import { temporaryDir } from '../helpers/cifar10.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the folder of a run', () => {
  test('keeps the last checkpoints, and the best one', () => {
    const dir = path.join(temporaryDir(), 'runs', 'a');
    const writer = writerOf(dir, { keep: 2, system: systemWith({}) });
    for (const iteration of [100, 200, 300, 400]) writer.save(someCheckpoint(iteration), { isBest: iteration === 200 });
    writer.close();
    expect(fs.readdirSync(dir)).toEqual(['best.safetensors', name(300), name(400)]);
    expect(loadCheckpoint(dir).iteration).toBe(400);
    expect(loadCheckpoint(dir, { best: true }).iteration).toBe(200);
    expect(loadCheckpoint(path.join(dir, name(300))).state).toEqual(loadCheckpoint(dir).state);
  });

  test('may get a best checkpoint that is not one of the last', () => {
    const dir = temporaryDir();
    const writer = writerOf(dir, { keep: 1, system: systemWith({}) });
    writer.save(someCheckpoint(100));
    writer.save(someCheckpoint(150), { isBest: true, isDue: false });
    writer.save(someCheckpoint(160), { isDue: false });
    writer.flush();
    expect(list(dir)).toEqual(['best.safetensors', name(100)]);
    writer.save(someCheckpoint(200), { isBest: true });
    writer.save(someCheckpoint(200), { isBest: true });
    writer.flush();
    expect(list(dir)).toEqual(['best.safetensors', name(200)]);
    expect(loadCheckpoint(dir, { best: true }).iteration).toBe(200);
  });

  test('loses what killed processes have left, and nothing else', () => {
    const dir = temporaryDir();
    const others = ['.checkpoint-x.tmp', 'checkpoint.tmp', 'notes.txt'];
    for (const file of others) fs.writeFileSync(path.join(dir, file), '');
    fs.writeFileSync(path.join(dir, `.checkpoint-${crypto.randomUUID()}.tmp`), 'half of a');
    const writer = writerOf(dir);
    expect(list(dir)).toEqual(others);
    writer.save(someCheckpoint(1));
    writer.close();
    expect(list(dir)).toEqual([others[0], name(1), ...others.slice(1)]);
  });

  test('is refused to a new run where it has the checkpoints of an earlier one', () => {
    const dir = temporaryDir();
    const first = writerOf(dir);
    first.save(someCheckpoint(700));
    first.close();
    expect(() => writerOf(dir)).toThrow(
      `fit: ${dir} has checkpoints of an earlier run, the latest is ${name(700)}; resume that run, or choose another`,
    );
    const writer = writerOf(dir, { goesOn: true, system: systemWith({}) });
    writer.save(someCheckpoint(600));
    writer.flush();
    // It went on from one before that: 700 is not of its past.
    expect(list(dir)).toEqual([name(600)]);
  });

  test('is refused to a second run at the same time', () => {
    const dir = temporaryDir();
    const writer = writerOf(dir);
    expect(() => writerOf(dir)).toThrow(
      `fit: ${dir} is being written by another run of this process (process id ${process.pid}); end that run ` +
        '(close it), or choose another folder',
    );
    writer.close();
    writerOf(dir).close();
    expect(fs.readdirSync(dir)).toEqual([]);
    expect(() => writer.save(someCheckpoint())).toThrow(`fit: the writer of ${dir} is closed`);
    expect(process.listenerCount('exit')).toBe(listeners);
  });
  const listeners = process.listenerCount('exit');

  test('may be somewhere that is no folder, which is said', () => {
    const file = path.join(temporaryDir(), 'file');
    fs.writeFileSync(file, '');
    expect(() => writerOf(file)).toThrow(`fit: cannot make ${file} (EEXIST: it is a file); move it away`);
    expect(() => writerOf(path.join(file, 'a'))).toThrow(
      /^fit: cannot make .*\/a \(ENOTDIR: .*file is a file, not a folder\)/,
    );
  });
});

describe('a save', () => {
  test('takes a copy: what happens to the arrays afterwards does not matter', () => {
    const dir = temporaryDir();
    const writer = writerOf(dir, {});
    const w = ones([1000, 100]);
    writer.save(someCheckpoint(1, { w }));
    w.data.fill(7);
    writer.flush();
    expect(new Set((loadCheckpoint(dir).state.w as typeof w).data)).toEqual(new Set([1]));
  });

  test('of what is no state changes nothing', () => {
    const dir = temporaryDir();
    const writer = writerOf(dir);
    expect(() => writer.save(someCheckpoint(1, { u: undefined }))).toThrow(/^fit: state\.u is undefined, expected/);
    writer.close();
    expect(fs.readdirSync(dir)).toEqual([]);
  });

  test('is stored by another thread', () => {
    const dir = temporaryDir();
    const lock = { file: path.join(dir, '.checkpoints.lock'), text: 'lock' };
    fs.writeFileSync(lock.file, lock.text);
    const image = imageOf('test', someCheckpoint(1));
    const memory = new SharedArrayBuffer(image.size);
    image.writeTo(memory);
    // This thread cannot store anything.
    const thread = new OtherThread('test', systemWith({ openSync: failing('EIO') }), lock);
    const { size } = image;
    const task = { dir: dir + path.sep, image: memory, size, checksum: CHECKSUM, pattern: PATTERN, keep: 3, lock };
    thread.begin({ ...task, name: name(1), iteration: 1, best: null, unfinished: unfinishedName() });
    expect(thread.wait()).toBeNull();
    thread.close();
    expect(loadCheckpoint(dir).iteration).toBe(1);
  });

  test('goes on in this thread when the other has ended, with a warning', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { Worker } = threads;
    let worker: threads.Worker | undefined;
    threads.Worker = class extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        worker = this;
      }
    };
    try {
      const dir = temporaryDir();
      const writer = writerOf(dir, {});
      writer.save(someCheckpoint(1));
      writer.flush();
      await worker?.terminate();
      writer.save(someCheckpoint(2));
      expect(list(dir)).toEqual([name(1), name(2)]);
      writer.save(someCheckpoint(3));
      writer.close();
      expect(list(dir)).toEqual([1, 2, 3].map(name));
    } finally {
      threads.Worker = Worker;
    }
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^fit: the thread that writes checkpoints has ended/)]]);
  });

  test('is stored in this thread where no other can be started', () => {
    const { Worker } = threads;
    threads.Worker = class extends Worker {
      constructor() {
        super('', { eval: true });
        throw new Error('ERR_WORKER_INIT_FAILED');
      }
    };
    const dir = temporaryDir();
    try {
      const writer = writerOf(dir, {});
      writer.save(someCheckpoint(1));
      expect(list(dir)).toEqual([name(1)]);
      expect(writer.isBusy).toBe(false);
    } finally {
      threads.Worker = Worker;
    }
  });
});
