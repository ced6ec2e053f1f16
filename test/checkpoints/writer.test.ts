import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import threads from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ones } from '../../src/arrays/index.js';
import { CHECKSUM, imageOf } from '../../src/checkpoints/encode.js';
import { PATTERN, unfinishedName } from '../../src/checkpoints/folder.js';
import { CheckpointWriter, type WriterOptions } from '../../src/checkpoints/index.js';
import type { System } from '../../src/checkpoints/store.js';
import { OtherThread } from '../../src/checkpoints/thread.js';
import { loadCheckpoint } from '../../src/index.js';
import { someCheckpoint } from '../helpers/checkpoints.js';
import { temporaryDir } from '../helpers/cifar10.js';

const name = (iteration: number) => `checkpoint-${String(iteration).padStart(9, '0')}.safetensors`;
const list = (dir: string) => fs.readdirSync(dir).filter((file) => file !== '.checkpoints.lock');

const open: CheckpointWriter[] = [];
/** A writer; of this thread, as most of the tests need no other. */
function writerOf(dir: string, options: WriterOptions = { system: systemWith({}) }): CheckpointWriter {
  const writer = new CheckpointWriter('fit', dir, options);
  open.push(writer);
  return writer;
}
afterEach(() => {
  vi.restoreAllMocks();
  for (const writer of open.splice(0)) {
    try {
      writer.close();
    } catch {
      // What the test is about.
    }
  }
});

/** File system and hash, of which some functions are replaced. */
function systemWith(replaced: Partial<System['fs']>): System {
  return { fs: { ...fs, ...replaced }, createHash };
}

function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error(`${code}: refused, call`), { code, syscall: 'call' });
  };
}

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

describe('a save that fails', () => {
  /** One good checkpoint, then one with a system that fails. */
  function failure(replaced: Partial<System['fs']>): { dir: string; message: string } {
    const dir = temporaryDir();
    let isFailing = false;
    const functions = Object.entries(replaced).map(([key, broken]) => {
      const whole = fs[key as 'rmSync'] as (...args: unknown[]) => unknown;
      return [key, (...args: unknown[]) => (isFailing ? (broken as typeof whole) : whole)(...args)];
    });
    const writer = writerOf(dir, { system: systemWith(Object.fromEntries(functions)), keep: 1 });
    writer.save(someCheckpoint(1), { isBest: true });
    writer.flush();
    isFailing = true;
    writer.save(someCheckpoint(2), { isBest: true });
    let message = '';
    try {
      writer.flush();
    } catch (error) {
      message = (error as Error).message.replaceAll(dir, 'DIR');
    }
    isFailing = false;
    // The next one is saved, whatever was.
    writer.save(someCheckpoint(3));
    writer.flush();
    expect(loadCheckpoint(dir).iteration).toBe(3);
    return { dir, message };
  }

  test.each<[what: string, replaced: Partial<System['fs']>, message: string]>([
    [
      'a full disk, which writes nothing without an error',
      { writeSync: () => 0 },
      'ENOSPC: the disk is full); free some space, or choose another disk',
    ],
    [
      'a full disk',
      { writeSync: failing('ENOSPC') },
      'ENOSPC: the disk is full); free some space, or choose another disk',
    ],
    ['a fault of the disk', { fsyncSync: failing('EIO') }, 'EIO: the disk reports a fault); check the disk'],
    [
      'a read-only file system',
      { openSync: failing('EROFS') },
      'EROFS: the file system is read-only); choose another place',
    ],
    [
      'no permission',
      { openSync: failing('EACCES') },
      'EACCES: permission denied); change the permissions, or choose another place',
    ],
    [
      'a name that cannot be given',
      { renameSync: failing('EPERM') },
      'EPERM: the system does not permit it); change the permissions, or choose another place',
    ],
  ])('because of %s is told in words, and leaves no trace', (_, replaced, message) => {
    const failed = failure(replaced);
    expect(failed.message).toBe(`fit: cannot write DIR/${name(2)} (${message}`);
    expect(list(failed.dir)).toEqual(['best.safetensors', name(3)]);
    expect(loadCheckpoint(failed.dir, { best: true }).iteration).toBe(1);
  });

  test('is a success where links, or fsync of a folder, do not exist', () => {
    const noFolders: System['fs']['openSync'] = (file, ...rest) =>
      String(file).endsWith(path.sep) ? failing('EISDIR')() : fs.openSync(file, ...rest);
    const { dir, message } = failure({ linkSync: failing('EPERM'), openSync: noFolders });
    expect(message).toBe('');
    expect(loadCheckpoint(dir, { best: true }).iteration).toBe(2);
  });

  test('to give the best its name leaves the checkpoint', () => {
    expect(failure({ linkSync: failing('ENOSPC') }).message).toMatch(
      /^fit: cannot write DIR\/best.safetensors \(ENOSPC/,
    );
  });

  test('to remove an old one is told', () => {
    expect(failure({ readdirSync: failing('EIO') }).message).toMatch(/^fit: cannot remove DIR\/.* \(EIO/);
  });

  test('is reported by the next save, which is made all the same', () => {
    const dir = path.join(temporaryDir(), 'run');
    const errors: Error[] = [];
    const writer = writerOf(dir, { onFailure: (error) => errors.push(error) });
    writer.save(someCheckpoint(1));
    writer.flush();
    fs.rmSync(dir, { recursive: true });
    writer.save(someCheckpoint(2));
    writer.flush();
    expect(errors.map(({ message }) => message)).toEqual([
      `fit: cannot write ${path.join(dir, name(2))} (ENOENT: there is no such file or folder); check the path`,
    ]);
    expect(errors[0]).toMatchObject({ code: 'ENOENT' });
    expect(fs.existsSync(dir)).toBe(false);
    fs.mkdirSync(dir);
    writer.save(someCheckpoint(3));
    writer.close();
    expect(errors.length).toBe(1);
    expect(fs.readdirSync(dir)).toEqual([name(3)]);
  });

  test('throws where nobody takes the error', () => {
    const dir = path.join(temporaryDir(), 'run');
    const writer = writerOf(dir, {});
    fs.rmSync(dir, { recursive: true });
    writer.save(someCheckpoint(2));
    while (writer.isBusy);
    fs.mkdirSync(dir);
    expect(() => writer.save(someCheckpoint(3))).toThrow(/^fit: cannot write .* \(ENOENT/);
    writer.close();
    expect(fs.readdirSync(dir)).toEqual([name(3)]);
  });

  test('since another process took over while it was written leaves no trace', () => {
    const dir = temporaryDir();
    const lock = path.join(dir, '.checkpoints.lock');
    const system = systemWith({
      fsyncSync(fd) {
        fs.fsyncSync(fd);
        fs.writeFileSync(lock, 'another');
      },
    });
    const writer = writerOf(dir, { system });
    writer.save(someCheckpoint(1));
    expect(() => writer.close()).toThrow(`fit: ${dir} is being written by another process, which has taken it over`);
    expect(list(dir)).toEqual([]);
  });

  test('since another process has taken over the folder changes nothing in it', () => {
    const dir = temporaryDir();
    const writer = writerOf(dir);
    writer.save(someCheckpoint(1));
    writer.flush();
    const other = JSON.stringify({ place: 'elsewhere', host: 'node7', pid: 12 });
    fs.writeFileSync(path.join(dir, '.checkpoints.lock'), other);
    writer.save(someCheckpoint(2));
    expect(() => writer.close()).toThrow(
      `fit: ${dir} is being written by another process on node7 (process id 12); wait until it has ended, or choose ` +
        'another folder',
    );
    expect(list(dir)).toEqual([name(1)]);
    expect(fs.readFileSync(path.join(dir, '.checkpoints.lock'), 'utf8')).toBe(other);
  });
});
