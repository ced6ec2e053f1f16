import { attempt, fileError, noFollow } from '../files/index.js';
import { requireBuiltin } from '../node.js';
import { printed } from './cifar10-files.js';

/** The reader of tar archives. */
export type Tar = typeof import('modern-tar');

/**
 * Loads the reader of tar archives: here, so that importing the library does not.
 *
 * @throws {Error} if the package is not installed.
 */
export async function loadTar(fn: string): Promise<Tar> {
  try {
    return await import('modern-tar');
  } catch (error) {
    throw new Error(`${fn}: needs the package modern-tar: npm install modern-tar`, { cause: error });
  }
}

/** The largest file that is written, so that a small archive cannot fill the disk. The official ones have 31 MB. */
const MAX_FILE = 2 ** 30;

/** A fault of the archive itself: with the same bytes, another try is of no use. */
export class ArchiveError extends Error {}

/** The arguments of {@link unpack}. */
export interface Unpacking {
  /** The function to name in errors. */
  readonly fn: string;
  /** A .tar.gz. */
  readonly archive: string;
  /** The folder in the archive that the files are in. */
  readonly inside: string;
  /** The names of the files to take. */
  readonly names: readonly string[];
  /** The folder to write them to. */
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
  /** Called with how many bytes of the archive have been read. */
  readonly onBytes: (read: number) => void;
}

/**
 * Writes the wanted files of a .tar.gz to a folder.
 *
 * Only regular files are taken, and only as `name`, `./name` or these below `inside`; what else is in the archive is
 * passed over, so nothing is written outside the folder whatever the paths say.
 *
 * @throws {ArchiveError} if the archive is damaged. A fault of the disk, the reason of `signal` or what `onBytes` threw
 *   comes as it is.
 */
export async function unpack({ createTarDecoder }: Tar, u: Unpacking): Promise<void> {
  const { O_RDONLY } = requireBuiltin(u.fn, 'node:fs').constants;
  const archive = await requireBuiltin(u.fn, 'node:fs/promises')
    .open(u.archive, O_RDONLY | noFollow(u.fn))
    .catch((error) => {
      throw fileError(u.fn, 'read', u.archive, error);
    });
  // A fault of reading. The streams between pass it on as if it were one of theirs.
  const reading: { fault?: unknown } = {};
  let read = 0;
  const bytes = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(stream) {
      try {
        u.signal?.throwIfAborted();
        const chunk = new Uint8Array(1 << 18);
        const { bytesRead } = await archive.read(chunk, 0, chunk.length).catch((error) => {
          throw fileError(u.fn, 'read', u.archive, error);
        });
        read += bytesRead;
        u.onBytes(read);
        if (bytesRead === 0) stream.close();
        else stream.enqueue(chunk.subarray(0, bytesRead));
      } catch (fault) {
        reading.fault = fault;
        throw fault;
      }
    },
  });
  try {
    const entries = bytes.pipeThrough(new DecompressionStream('gzip')).pipeThrough(createTarDecoder());
    for await (const { header, body } of entries) {
      const entry = header.name.replace(/^\.\//, '');
      const name = u.names.find((known) => entry === known || entry === `${u.inside}/${known}`);
      if (name === undefined || header.type !== 'file') await pass(body);
      else await write(u, name, header.size, body);
    }
  } catch (error) {
    if ('fault' in reading) throw reading.fault;
    // What the disk refuses has the name of a system call; the rest comes from the two decoders.
    if (error instanceof ArchiveError || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw new ArchiveError(`it cannot be unpacked (${reasonOf(error as Error)})`, { cause: error });
  } finally {
    await archive.close();
  }
}

/** What a decoder says is wrong. From Node 24 on the error of a stream says nothing itself: its cause does. */
function reasonOf({ message, cause }: Error): string {
  return message === '' && cause instanceof Error ? cause.message : message;
}

/**
 * Reads over a file. Cancelling its body would end that of a later file in modern-tar 0.8.6, which then never comes to
 * an end.
 */
async function pass(body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader();
  while (!(await reader.read()).done);
}

/** Writes one file. */
async function write(u: Unpacking, name: string, size: number, body: ReadableStream<Uint8Array>): Promise<void> {
  const fs = requireBuiltin(u.fn, 'node:fs');
  const file = requireBuiltin(u.fn, 'node:path').join(u.folder, name);
  if (size > MAX_FILE)
    throw new ArchiveError(`${name} has ${printed(size)} bytes, expected ${printed(MAX_FILE)} at most`);
  const fd = attempt(u.fn, 'write', file, () => fs.openSync(file, 'w'));
  let at = 0;
  try {
    for await (const chunk of body) {
      attempt(u.fn, 'write', file, () => {
        for (let done = 0; done < chunk.length; ) done += fs.writeSync(fd, chunk, done);
      });
      at += chunk.length;
    }
  } finally {
    fs.closeSync(fd);
  }
  // The decoder takes the end of the bytes for the end of the file.
  if (at !== size) throw new ArchiveError(`it ends within ${name}`);
}
