import {
  checkPath,
  checkSynchronous,
  count,
  FUNCTION,
  type OptionsOf,
  option,
  type Settings,
  settingsOf,
} from '../arrays/index.js';
import {
  attempt,
  fileError,
  type Lock,
  LockLost,
  LockQueue,
  linkStatOf,
  makeFolder,
  noFollow,
} from '../files/index.js';
import { requireBuiltin } from '../node.js';
import { BATCHES_FOLDER, META_FILE, printed, TEST_FILE, TRAIN_FILES } from './cifar10-files.js';
import { flawIn, isFinished, OFFICIAL_MD5 } from './finished-folder.js';
import { temporaryFolder } from './temporary-folder.js';
import { pause, transfer } from './transfer.js';
import { ArchiveError, loadTar, type Tar, unpack } from './unpack.js';

/** How far a download is. */
export interface DownloadProgress {
  /** The archive is fetched, its checksum is computed, its files are written. */
  readonly phase: 'download' | 'verify' | 'unpack';
  /** Bytes of the archive that this phase has processed, those of earlier connections included. */
  readonly received: number;
  /** Bytes of the archive, or null while that is unknown. */
  readonly total: number | null;
}

const OFFICIAL_URL = 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz';

/** The longest time that `setTimeout` can wait. */
const MAX_TIMEOUT = 2 ** 31 - 1;

const DOWNLOAD = {
  /**
   * Called some thousand times with how far the download is. An error that it throws ends the download; an asynchronous
   * function is refused, since nothing waits for it.
   */
  onProgress: option<(progress: DownloadProgress) => void>(() => {}, FUNCTION),
  /** Where the archive is. Default: the official address. */
  url: option(OFFICIAL_URL, {
    allows: (url) => URL.canParse(url as string) && /^https?:$/.test(new URL(url as string).protocol),
    expected: 'one that begins with https:// or http://',
    Kind: RangeError,
  }),
  /** The archive's MD5 in hexadecimal digits. Default: that of the official archive. */
  md5: option(OFFICIAL_MD5, {
    allows: (md5) => typeof md5 === 'string' && /^[0-9a-f]{32}$/i.test(md5),
    expected: '32 hexadecimal digits',
    Kind: RangeError,
  }),
  /** Ends the download when it is aborted; the next call continues from there. */
  signal: option<AbortSignal | undefined>(undefined, {
    allows: (signal) => signal instanceof AbortSignal,
    expected: 'an AbortSignal',
    Kind: TypeError,
  }),
  /** Milliseconds without a byte after which a connection counts as lost. Default 30,000. */
  stallTimeout: option(30_000, count(1, MAX_TIMEOUT)),
  /** Connections to try. Default 5. */
  attempts: option(5, count(1)),
  /** Milliseconds to wait before the second attempt; the wait doubles with each. Default 500. */
  retryDelay: option(500, count(0, MAX_TIMEOUT)),
};

/** Options of {@link downloadCifar10}. */
export interface DownloadCifar10Options extends OptionsOf<typeof DOWNLOAD> {}

type Download = Settings<typeof DOWNLOAD>;

/** The most bytes that are written of an archive: half as many again as the official one has, or 65 times as many. */
const MAX_OFFICIAL = 2 ** 28;
const MAX_ARCHIVE = 2 ** 31;

/** Milliseconds between two looks at what another process does. */
const POLL = 100;

/** What the file names of an unfinished download begin with. */
const ARCHIVE = 'cifar-10-binary.tar.gz';

/** The paths of a download. */
interface Places {
  readonly dir: string;
  /** The result. */
  readonly folder: string;
  /** The beginning of the archive, as far as it has been received. */
  readonly part: string;
  /** The file that names the process that downloads. */
  readonly lock: string;
}

/**
 * Downloads CIFAR-10 in its binary version, 170 MB, and unpacks it to `cifar-10-batches-bin` in `dir`.
 *
 * The archive's checksum is verified, and the folder appears under its name only when it is complete. A connection that
 * is lost, or stands still, is taken up again where it broke off. A call that fails, or is killed, leaves at most the
 * beginning of the archive behind, as `cifar-10-binary.tar.gz.part` in `dir`, and the next call continues from there;
 * it leaves nothing where the server cannot send the rest of a file, or what it sent was wrong. Where the folder is
 * complete already, the call returns at once.
 *
 * Of several processes with the same `dir`, on this machine or on others that share it, one downloads, and the others
 * wait and report its progress; if it fails, the next one continues. `cifar-10-binary.tar.gz.lock` in `dir` names the
 * process, and is taken over once that process has ended: at once on the same machine, else after 15 seconds.
 *
 * @param dir - The folder to put it in; made where it is missing.
 * @returns The path of the folder with the batch files, for {@link loadCifar10}.
 * @throws {Error} if the archive cannot be downloaded, has another checksum or lacks a file; or if there is a folder
 *   `cifar-10-batches-bin` already that is not complete, which stays as it is.
 * @throws {RangeError} if an option is out of its range.
 * @throws {TypeError} if there is no option of a given name, or it is of the wrong kind.
 * @see https://www.cs.toronto.edu/~kriz/cifar.html
 *
 * @example
 * const data = loadCifar10(await downloadCifar10('data'));
 */
export async function downloadCifar10(dir: string, options: DownloadCifar10Options = {}): Promise<string> {
  const fn = 'downloadCifar10';
  checkPath(fn, 'dir', dir);
  const settings = settingsOf(fn, DOWNLOAD, options);
  const path = requireBuiltin(fn, 'node:path');
  const at = (name: string): string => path.join(dir, name);
  const places = { dir, folder: at(BATCHES_FOLDER), part: at(`${ARCHIVE}.part`), lock: at(`${ARCHIVE}.lock`) };
  return download(fn, places, {
    ...settings,
    md5: settings.md5.toLowerCase(),
    onProgress: (progress) => checkSynchronous(fn, 'onProgress', settings.onProgress(progress)),
  });
}

async function download(fn: string, places: Places, settings: Download): Promise<string> {
  const { dir, folder, part, lock: lockFile } = places;
  if (!isFinished(fn, folder, settings.md5)) {
    settings.signal?.throwIfAborted();
    const tar = await loadTar(fn);
    makeFolder(fn, dir);
    for (let lock = await turn(fn, places, settings); lock !== null; lock = await turn(fn, places, settings)) {
      try {
        // The other one may have finished between the last look and the lock.
        if (isFinished(fn, folder, settings.md5)) continue;
        await fetchArchive(fn, part, settings, lock);
        await unpackArchive(fn, tar, part, dir, folder, settings, lock);
      } catch (error) {
        // Another process thought that this one was gone, and works now.
        if (!(error instanceof LockLost)) throw error;
      } finally {
        lock.release();
      }
    }
  }
  tidy(fn, part);
  tidy(fn, lockFile);
  return folder;
}

/** Waits until this call may work, or null as soon as another has done the work. */
async function turn(
  fn: string,
  { folder, part, lock: file }: Places,
  { md5, signal, onProgress }: Download,
): Promise<Lock | null> {
  const queue = new LockQueue(fn, file);
  try {
    for (let told = -1; ; ) {
      if (isFinished(fn, folder, md5)) return null;
      signal?.throwIfAborted();
      const lock = queue.try();
      if (lock !== null) return lock;
      const received = linkStatOf(fn, part)?.size ?? 0;
      if (received !== told) onProgress({ phase: 'download', received, total: null });
      told = received;
      await pause(POLL, signal);
    }
  } finally {
    queue.leave();
  }
}

/** Deletes what an unfinished download left, where it can: the data are there without it. */
function tidy(fn: string, file: string): void {
  const fs = requireBuiltin(fn, 'node:fs');
  try {
    if (fs.lstatSync(file, { throwIfNoEntry: false })?.isFile()) fs.rmSync(file, { force: true });
  } catch {
    // A folder that may only be read.
  }
}

/** Brings the archive to the file `part` and verifies its checksum. */
async function fetchArchive(fn: string, part: string, settings: Download, lock: Lock): Promise<void> {
  const { url, md5, onProgress } = settings;
  const maxBytes = md5 === OFFICIAL_MD5 ? MAX_OFFICIAL : MAX_ARCHIVE;
  const confirm = (): void => lock.confirm();
  const fs = requireBuiltin(fn, 'node:fs');
  const onBytes = (received: number, total: number | null): void => onProgress({ phase: 'download', received, total });
  for (let again = false; ; again = true) {
    const pieced = await transfer({ ...settings, fn, file: part, maxBytes, confirm, onBytes });
    const { size } = attempt(fn, 'read', part, () => fs.statSync(part));
    const found = await md5Of(fn, part, size, settings);
    if (found === md5) return;
    remove(fn, part, lock);
    // What an earlier call left may be of another archive: the pieces do not fit, and a whole one may.
    if (pieced && !again) continue;
    throw new Error(
      `${fn}: ${url}: the archive (${printed(size)} bytes) has MD5 ${found}, expected ${md5}; it was deleted. ` +
        'Call again, or pass { url } of another copy',
    );
  }
}

async function md5Of(fn: string, file: string, total: number, { onProgress, signal }: Download): Promise<string> {
  const hash = requireBuiltin(fn, 'node:crypto').createHash('md5');
  const { O_RDONLY } = requireBuiltin(fn, 'node:fs').constants;
  const handle = await requireBuiltin(fn, 'node:fs/promises')
    .open(file, O_RDONLY | noFollow(fn))
    .catch((error) => {
      throw fileError(fn, 'read', file, error);
    });
  try {
    const chunk = new Uint8Array(1 << 20);
    for (let received = 0; ; ) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(chunk, 0, chunk.length).catch((error) => {
        throw fileError(fn, 'read', file, error);
      });
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(chunk.subarray(0, bytesRead));
      received += bytesRead;
      onProgress({ phase: 'verify', received, total });
    }
  } finally {
    await handle.close();
  }
}

/** Deletes the archive, if it is still this call's. */
function remove(fn: string, part: string, lock: Lock): void {
  lock.confirm();
  attempt(fn, 'remove', part, () => requireBuiltin(fn, 'node:fs').rmSync(part, { force: true }));
}

/** Unpacks the archive beside `folder`, and gives the result that name once it is complete. */
async function unpackArchive(
  fn: string,
  tar: Tar,
  archive: string,
  dir: string,
  folder: string,
  { url, md5, signal, onProgress }: Download,
  lock: Lock,
): Promise<void> {
  const fs = requireBuiltin(fn, 'node:fs');
  const total = attempt(fn, 'read', archive, () => fs.statSync(archive)).size;
  const unfinished = temporaryFolder(fn, dir, '.unpacking-');
  try {
    await unpack(tar, {
      fn,
      archive,
      inside: BATCHES_FOLDER,
      names: [...TRAIN_FILES, TEST_FILE, META_FILE, 'readme.html'],
      folder: unfinished,
      signal,
      onBytes: (received) => onProgress({ phase: 'unpack', received, total }),
    });
    const flaw = flawIn(fn, unfinished, md5);
    if (flaw !== null) throw new ArchiveError(flaw);
    attempt(fn, 'make', folder, () => fs.renameSync(unfinished, folder));
  } catch (error) {
    // Where another process was quicker, its folder will do.
    if (fs.existsSync(folder)) return;
    if (!(error instanceof ArchiveError)) throw error;
    remove(fn, archive, lock);
    throw new Error(
      `${fn}: ${url}: the archive has the MD5 expected, but ${error.message}; it was deleted. ` +
        'Pass { url } and { md5 } of another one',
      { cause: error },
    );
  } finally {
    fs.rmSync(unfinished, { recursive: true, force: true });
  }
}
