import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { BATCHES } from '../helpers/cifar10.js';
import { batchEntries, md5, pack } from './archive-server.js';

export const FOLDER = 'cifar-10-batches-bin';
export const LOCK = 'cifar-10-binary.tar.gz.lock';
export const PART = 'cifar-10-binary.tar.gz.part';

export const entries = batchEntries();
export const archive = await pack([
  { header: { name: `${FOLDER}/`, size: 0, type: 'directory' } },
  ...entries,
  { header: { name: `${FOLDER}/batches.meta.txt`, size: 4, type: 'file' }, body: 'a\nb\n' },
  { header: { name: `${FOLDER}/readme.html`, size: 4, type: 'file' }, body: '<p/>' },
]);
export const half = Math.floor(archive.length / 2);
export const swift = { md5: md5(archive), retryDelay: 1 };
/** For servers that stall: long enough that a loaded machine is not taken for one. */
export const impatient = { ...swift, stallTimeout: 1000 };

/** Everything in a folder, by path; empty if there is no folder. */
export function contents(dir: string): string[] {
  if (!fs.existsSync(dir)) return [];
  return (fs.readdirSync(dir, { recursive: true }) as string[]).sort();
}

/** Asserts that the download is there, whole, and alone. */
export function expectComplete(dir: string): void {
  const files = ['batches.meta.txt', ...BATCHES, 'readme.html'].map((name) => path.join(FOLDER, name));
  expect(contents(dir)).toEqual([FOLDER, ...files].sort());
  for (const { header, body } of entries) {
    expect(fs.readFileSync(path.join(dir, header.name)).equals(body as Uint8Array)).toBe(true);
  }
}

export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => expect.unreachable('the download succeeded'),
    (error) => error,
  );
}
