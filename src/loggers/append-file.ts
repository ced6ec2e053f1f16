import { attempt, openRegular } from '../files/index.js';
import { requireBuiltin } from '../node.js';

const WAY_OUT = 'name another file';

/** A file to which whole records are appended: where one cannot be written, no part of it stays. */
export class AppendFile {
  readonly #fn: string;
  readonly #file: string;
  readonly #fd: number;

  /**
   * Opens a file, to append and to read; makes it where there is none.
   *
   * @param mustBeNew - Whether one that is there already is an error.
   * @throws {Error} naming the file and the reason.
   */
  constructor(fn: string, file: string, mustBeNew = false) {
    const { O_RDWR, O_CREAT, O_APPEND, O_EXCL, O_NONBLOCK = 0 } = requireBuiltin(fn, 'node:fs').constants;
    this.#fn = fn;
    this.#file = file;
    this.#fd = openRegular(fn, file, WAY_OUT, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | (mustBeNew ? O_EXCL : 0));
  }

  get size(): number {
    return attempt(this.#fn, 'look at', this.#file, () => this.#stat().size);
  }

  /** Up to `length` bytes from `at`. */
  read(at: number, length: number): Uint8Array {
    const fs = requireBuiltin(this.#fn, 'node:fs');
    return attempt(this.#fn, 'read', this.#file, () => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, this.#stat().size - at)));
      let filled = 0;
      for (let read = -1; read !== 0 && filled < bytes.length; filled += read) {
        read = fs.readSync(this.#fd, bytes, filled, bytes.length - filled, at + filled);
      }
      return bytes.subarray(0, filled);
    });
  }

  /** Cuts off what is behind the first `size` bytes, in one step of the file system. */
  truncate(size: number): void {
    attempt(this.#fn, 'write', this.#file, () => requireBuiltin(this.#fn, 'node:fs').ftruncateSync(this.#fd, size));
  }

  /** @throws {Error} naming the file and the reason; the file ends with the records before then. */
  append(records: Uint8Array): void {
    const fs = requireBuiltin(this.#fn, 'node:fs');
    attempt(this.#fn, 'write', this.#file, () => {
      const { size, nlink } = this.#stat();
      if (nlink === 0) throw new Error(`${this.#fn}: ${this.#file} was deleted while it was open; ${WAY_OUT}`);
      try {
        // A disk that becomes full writes a part, and refuses the next one.
        for (let done = 0; done < records.length; ) done += fs.writeSync(this.#fd, records, done);
      } catch (error) {
        fs.ftruncateSync(this.#fd, size);
        throw error;
      }
    });
  }

  close(): void {
    attempt(this.#fn, 'write', this.#file, () => requireBuiltin(this.#fn, 'node:fs').closeSync(this.#fd));
  }

  #stat() {
    return requireBuiltin(this.#fn, 'node:fs').fstatSync(this.#fd);
  }
}
