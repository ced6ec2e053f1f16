// The functions of this file run in the writer's thread too, which gets their text: they use nothing but their
// arguments and each other.

/**
 * The parts of Node that storing needs, as far as it needs them: a program without Node's types compiles with those of
 * the library.
 */
export interface System {
  readonly fs: {
    closeSync(fd: number): void;
    copyFileSync(from: string, to: string): void;
    fsyncSync(fd: number): void;
    linkSync(file: string, name: string): void;
    openSync(file: string, flags: string): number;
    readdirSync(dir: string): string[];
    readFileSync(file: string, encoding: 'utf8'): string;
    renameSync(from: string, to: string): void;
    rmSync(file: string, options: { force: boolean }): void;
    utimesSync(file: string, read: Date, written: Date): void;
    writeFileSync(file: string, text: string, options: { flag: string }): void;
    writeSync(fd: number, bytes: Uint8Array, at: number, length: number, place: number): number;
  };
  createHash(algorithm: 'sha256'): { update(bytes: Uint8Array): unknown; digest(encoding: 'hex'): string };
}

/** A checkpoint to put into the folder of a run. */
export interface Task {
  /** The folder, with a separator at the end. */
  readonly dir: string;
  /** The file as it is laid out, from the first byte on; it gets its checksum. */
  readonly image: ArrayBufferLike;
  readonly size: number;
  /** Where the checksum stands. */
  readonly checksum: number;
  /** What it is written as; null: as the best one only. */
  readonly name: string | null;
  readonly iteration: number;
  /** The names of checkpoints, with the iteration as a group. */
  readonly pattern: RegExp;
  /** The name of the best one; null: it is not the best. */
  readonly best: string | null;
  /** How many are kept beside the best one. */
  readonly keep: number;
  readonly lock: { readonly file: string; readonly text: string };
  /** A name for what is being written, as no other has. */
  readonly unfinished: string;
}

/** What went wrong. */
export interface Failure {
  readonly action: 'write' | 'remove';
  readonly path: string;
  readonly message: string;
  readonly code?: string;
  readonly syscall?: string;
  /** What is in the lock file that is not this run's any more. */
  readonly lock?: string;
}

/**
 * Writes a checkpoint to the disk and gives it its name, in one step: under another name first. Then it removes those
 * that are not kept any more. If it fails, everything is as it was, except that old checkpoints may be left.
 *
 * @returns Null, or what went wrong.
 */
export function store({ fs, createHash }: System, task: Task): Failure | null {
  const { dir, name, best, lock } = task;
  const LOST = 'the lock is lost';
  const unfinished = dir + task.unfinished;
  let action: Failure['action'] = 'write';
  let path = dir + (name ?? best);
  let isUnfinished = false;

  /** One pass: what has been hashed is still in the cache when it is written. */
  function write(fd: number): void {
    const CHUNK = 2 ** 20;
    const bytes = new Uint8Array(task.image, 0, task.size);
    const digits = bytes.subarray(task.checksum, task.checksum + 64).fill(0x30);
    const hash = createHash('sha256');
    for (let at = 0; at < bytes.length; at += CHUNK) {
      const chunk = bytes.subarray(at, at + CHUNK);
      hash.update(chunk);
      writeAll(fd, chunk, at);
    }
    const sum = hash.digest('hex');
    for (let i = 0; i < digits.length; i++) digits[i] = sum.charCodeAt(i);
    writeAll(fd, digits, task.checksum);
  }

  /** On a full disk fewer bytes are written than were given, without an error. */
  function writeAll(fd: number, bytes: Uint8Array, place: number): void {
    for (let at = 0; at < bytes.length; ) {
      const written = fs.writeSync(fd, bytes, at, bytes.length - at, place + at);
      if (written === 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC', syscall: 'write' });
      at += written;
    }
  }

  /** Opens a file or folder, and closes it when `work` is done. */
  function using(file: string, flags: string, work: (fd: number) => void): void {
    const fd = fs.openSync(file, flags);
    try {
      work(fd);
    } finally {
      fs.closeSync(fd);
    }
  }

  function syncFolder(): void {
    try {
      using(dir, 'r', (fd) => fs.fsyncSync(fd));
    } catch (error) {
      // Windows does not open folders, and some file systems do not know fsync of one.
      if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP'].includes(codeOf(error))) throw error;
    }
  }

  /** The file under a second name; where a file system has no links, a copy. */
  function giveSecondName(file: string): void {
    try {
      fs.linkSync(file, unfinished);
    } catch (error) {
      if (['ENOENT', 'ENOSPC', 'EDQUOT', 'EROFS', 'EIO'].includes(codeOf(error))) throw error;
      fs.copyFileSync(file, unfinished);
      using(unfinished, 'r+', (fd) => fs.fsyncSync(fd));
    }
  }

  function codeOf(error: unknown): string {
    return (error as { code?: string }).code ?? '';
  }

  /** @returns What is in the lock file if that is another's, else null. */
  function lockOfAnother(): string | null {
    let found: string;
    try {
      found = fs.readFileSync(lock.file, 'utf8');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      // Somebody has emptied the folder, or removed it: then this is what fails.
      fs.writeFileSync(lock.file, lock.text, { flag: 'wx' });
      return null;
    }
    if (found !== lock.text) return found;
    const now = new Date();
    fs.utimesSync(lock.file, now, now);
    return null;
  }

  /** Those that this one makes superfluous: all but the newest, and later ones, which this run has not made. */
  function superfluous(): string[] {
    const { iteration } = task;
    const found = fs.readdirSync(dir).flatMap((file) => {
      const match = task.pattern.exec(file);
      return match === null ? [] : [{ file, iteration: Number(match[1]) }];
    });
    const earlier = found.filter((one) => one.iteration <= iteration).sort((a, b) => b.iteration - a.iteration);
    const later = found.filter((one) => one.iteration > iteration);
    return [...earlier.slice(task.keep), ...later].map(({ file }) => file);
  }

  try {
    let other = lockOfAnother();
    if (other !== null) return { action, path, message: LOST, lock: other };
    isUnfinished = true;
    // A thread that ended within this task may have begun with it.
    fs.rmSync(unfinished, { force: true });
    using(unfinished, 'wx', (fd) => {
      write(fd);
      fs.fsyncSync(fd);
    });
    // Of a slow disk the wait may have been so long that this process seemed gone.
    other = lockOfAnother();
    if (other !== null) return { action, path, message: LOST, lock: other };
    fs.renameSync(unfinished, path);
    if (name !== null && best !== null) {
      const whole = path;
      path = dir + best;
      giveSecondName(whole);
      fs.renameSync(unfinished, path);
    }
    isUnfinished = false;
    syncFolder();
    if (name === null) return null;
    action = 'remove';
    for (const file of superfluous()) {
      path = dir + file;
      fs.rmSync(path, { force: true });
    }
    return null;
  } catch (error) {
    const { message, code, syscall } = error as Pick<Failure, 'message' | 'code' | 'syscall'>;
    return { action, path, message, code, syscall };
  } finally {
    if (isUnfinished) removeUnfinished();
  }

  function removeUnfinished(): void {
    try {
      fs.rmSync(unfinished, { force: true });
    } catch {
      // The folder is gone, or cannot be written to: what was wrong is known.
    }
  }
}
