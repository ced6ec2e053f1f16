import { requireBuiltin } from '../node.js';
import { attempt, checkRegular } from './errors.js';
import { callingThread, isGone, isThreadGone, placeOf, startOf, type ThreadPlace } from './place.js';
import { noFollow } from './read.js';

/** Milliseconds between two signs of life of a lock's holder. */
const HEARTBEAT = 1000;

/** Milliseconds without a sign of life after which a lock counts as left behind. */
const STALE = 15_000;

/** Milliseconds within which the holder on another machine was there, for one who does not watch. */
const RECENT = 60_000;

/** Milliseconds that one who took over a lock leaves to others who were about to: the last of them has it. */
const SETTLING = 200;

/** Bytes of a lock file that are read. */
const MOST = 1024;

/** The lock went to another process, since this one gave no sign of life. */
export class LockLost extends Error {}

/** What is in a lock file, and when its holder last gave a sign of life, by the clock of the file system. */
interface Seen {
  readonly text: string;
  readonly beat: number;
}

/** Who has a lock, as the lock file says. */
export interface Holder {
  readonly pid: number;
  /** The name of the machine. */
  readonly host: string;
  /** Whether the process is one of this machine. */
  readonly isHere: boolean;
  /** Whether it gave a sign of life while the one in the line was watching. */
  readonly isSeenAlive: boolean;
}

/**
 * A place in the line for a lock file, which excludes other processes, also of other machines with the same folder.
 *
 * Its holder touches the file every second. One that was not touched for 15 seconds, as the one in the line has watched
 * (no two clocks are compared), or whose holder is a process of this machine that is gone, or on Linux a worker thread
 * that was terminated, was left behind and is taken over.
 */
export class LockQueue {
  readonly #fn: string;
  readonly #file: string;
  readonly #stale: number;
  readonly #text: string;
  /** What was seen last, and since when it has been so. */
  #seen: (Seen & { readonly since: number }) | null = null;
  /** Whether the holder that was seen last has touched the file since. */
  #isSeenAlive = false;
  /** When this one took over a lock that was left behind. */
  #tookOver: number | null = null;

  /** @param stale - Milliseconds without a sign of life after which the lock counts as left behind. Default 15,000. */
  constructor(fn: string, file: string, stale = STALE) {
    this.#fn = fn;
    this.#file = file;
    this.#stale = stale;
    const { pid } = process;
    const host = requireBuiltin(fn, 'node:os').hostname();
    const [start, thread] = [startOf(fn, pid), callingThread(fn)];
    this.#text = JSON.stringify({ place: placeOf(fn), host, pid, start, thread, id: crypto.randomUUID() });
  }

  /** Who had the lock at the last try; null if nobody had it, it was left behind, or cannot be known. */
  get holder(): Holder | null {
    const { text } = this.#seen ?? {};
    if (text === undefined || this.#tookOver !== null || isAbandoned(text)) return null;
    const { place, host, pid } = contentsOf(text);
    if (typeof pid !== 'number') return null;
    return { pid, host: String(host), isHere: place === placeOf(this.#fn), isSeenAlive: this.#isSeenAlive };
  }

  /**
   * The lock, or null while another has it.
   *
   * @throws {Error} if the file cannot be made, or something else has its name.
   */
  try(): Lock | null {
    if (this.#tookOver !== null) return this.#settle(this.#tookOver);
    if (this.#create(this.#file)) return new Lock(this.#fn, this.#file, this.#text);
    const now = performance.now();
    const seen = look(this.#fn, this.#file);
    if (seen === null) return null;
    if (this.#seen === null || !same(seen, this.#seen)) {
      this.#isSeenAlive = seen.text === this.#seen?.text;
      this.#seen = { ...seen, since: now };
    }
    if (!isAbandoned(seen.text) && now - this.#seen.since < this.#stale) return null;
    this.#takeOver(seen);
    return null;
  }

  /** Gives up waiting. */
  leave(): void {
    if (this.#tookOver === null) return;
    this.#tookOver = null;
    if (look(this.#fn, this.#file)?.text === this.#text) requireBuiltin(this.#fn, 'node:fs').rmSync(this.#file);
  }

  /** Puts a file of its own in the place of one that was left behind, in one step. */
  #takeOver(abandoned: Seen): void {
    const fs = requireBuiltin(this.#fn, 'node:fs');
    const mine = `${this.#file}-${crypto.randomUUID()}`;
    this.#create(mine);
    try {
      const now = look(this.#fn, this.#file);
      if (now === null || !same(now, abandoned)) return;
      attempt(this.#fn, 'write', this.#file, () => fs.renameSync(mine, this.#file));
      this.#tookOver = performance.now();
    } finally {
      fs.rmSync(mine, { force: true });
    }
  }

  /** Several processes may have taken it over at the same time: the one whose file remains has the lock. */
  #settle(since: number): Lock | null {
    if (performance.now() - since < SETTLING) return null;
    this.#tookOver = null;
    const won = look(this.#fn, this.#file)?.text === this.#text;
    return won ? new Lock(this.#fn, this.#file, this.#text) : null;
  }

  /** Whether the file could be made, as there was none. */
  #create(file: string): boolean {
    const fs = requireBuiltin(this.#fn, 'node:fs');
    return attempt(this.#fn, 'make', file, () => {
      try {
        fs.writeFileSync(file, this.#text, { flag: 'wx' });
        return true;
      } catch (error) {
        const { code, syscall } = error as NodeJS.ErrnoException;
        if (code === 'EEXIST') return false;
        if (syscall !== 'open') fs.rmSync(file, { force: true });
        throw error;
      }
    });
  }
}

/** A lock of this process, until it is released or lost. */
export class Lock {
  readonly #fn: string;
  readonly #file: string;
  /** What is in the file, for another thread that gives signs of life. */
  readonly text: string;
  readonly #timer: NodeJS.Timeout;
  #lastBeat = performance.now();
  #lost = false;

  constructor(fn: string, file: string, text: string) {
    this.#fn = fn;
    this.#file = file;
    this.text = text;
    this.#timer = setInterval(() => this.#beat(), HEARTBEAT);
    this.#timer.unref();
  }

  /**
   * To be called before each change of what the lock protects.
   *
   * @throws {LockLost} if another process has the lock: this one did something else for so long that it seemed gone.
   */
  confirm(): void {
    if (performance.now() - this.#lastBeat > 2 * HEARTBEAT) this.#beat();
    if (this.#lost) throw new LockLost(`${this.#fn}: another process has taken over ${this.#file}`);
  }

  release(): void {
    clearInterval(this.#timer);
    if (this.#isMine() !== true) return;
    attempt(this.#fn, 'remove', this.#file, () =>
      requireBuiltin(this.#fn, 'node:fs').rmSync(this.#file, { force: true }),
    );
  }

  #beat(): void {
    this.#lastBeat = performance.now();
    const mine = this.#isMine();
    if (mine === false) this.#lost = true;
    if (mine !== true) return;
    try {
      const now = new Date();
      requireBuiltin(this.#fn, 'node:fs').utimesSync(this.#file, now, now);
    } catch {
      // The next beat sees what it is.
    }
  }

  /** Null while the file is out of reach, as that of another machine may be for a moment. */
  #isMine(): boolean | null {
    try {
      return look(this.#fn, this.#file)?.text === this.text;
    } catch {
      return null;
    }
  }
}

/**
 * Runs `work` with a lock, for which it waits without returning to the event loop.
 *
 * @param work - Short: no sign of life is given while it runs.
 */
export function withLock<Result>(fn: string, file: string, work: () => Result): Result {
  const queue = new LockQueue(fn, file);
  for (;;) {
    const lock = queue.try();
    if (lock === null) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      continue;
    }
    try {
      return work();
    } finally {
      lock.release();
    }
  }
}

/**
 * Who has a lock, without a place in the line. Of another machine it is who touched the file within the last minute, by
 * the clocks of both.
 *
 * @returns Null if nobody has it, or it was left behind.
 */
export function holderOf(fn: string, file: string): Omit<Holder, 'isSeenAlive'> | null {
  const seen = look(fn, file);
  if (seen === null || isAbandoned(seen.text)) return null;
  const { place, host, pid } = contentsOf(seen.text);
  if (typeof pid !== 'number') return null;
  const isHere = place === placeOf(fn);
  if (!isHere && Date.now() - seen.beat > RECENT) return null;
  return { pid, host: String(host), isHere };
}

/** The lock file, or null if there is none. */
function look(fn: string, file: string): Seen | null {
  const fs = requireBuiltin(fn, 'node:fs');
  return attempt(fn, 'read', file, () => {
    const stat = fs.lstatSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    checkRegular(fn, file, stat, 'delete it');
    let fd: number;
    try {
      fd = fs.openSync(file, fs.constants.O_RDONLY | noFollow(fn));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    try {
      const bytes = new Uint8Array(MOST);
      const text = new TextDecoder().decode(bytes.subarray(0, fs.readSync(fd, bytes, 0, MOST, 0)));
      // Of the open file: shared file systems answer with what they remember otherwise.
      return { text, beat: fs.fstatSync(fd).mtimeMs };
    } finally {
      fs.closeSync(fd);
    }
  });
}

function same(a: Seen, b: Seen): boolean {
  return a.text === b.text && a.beat === b.beat;
}

/**
 * Whether the holder was a process of this machine that is gone, or a thread that was terminated. What cannot be read
 * says nothing.
 */
function isAbandoned(text: string): boolean {
  const { place, pid, start, thread } = contentsOf(text);
  if (typeof pid !== 'number' || place !== placeOf('lock')) return false;
  if (isGone('lock', pid, typeof start === 'number' ? start : null)) return true;
  const { id, start: since } = Object(thread) as Partial<ThreadPlace>;
  return typeof id === 'number' && typeof since === 'number' && isThreadGone('lock', pid, { id, start: since });
}

function contentsOf(text: string): Partial<Record<'place' | 'host' | 'pid' | 'start' | 'thread', unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
