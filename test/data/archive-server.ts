import { createHash } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';
import { onTestFinished } from 'vitest';
import { BATCHES, record } from '../helpers/cifar10.js';

/** Answers one request. */
export type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** A server on this machine that gives its answers in turn, the last one from then on. */
export async function serve(...answers: Answer[]): Promise<{ url: string; ranges: (string | undefined)[] }> {
  const ranges: (string | undefined)[] = [];
  const server = http.createServer((request, response) => {
    ranges.push(request.headers.range);
    answers[Math.min(ranges.length, answers.length) - 1](request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/archive.tar.gz`, ranges };
}

/** How a file is sent; by default in full and truly. */
interface Manners {
  /** Whether the server sends the rest of a file when asked to. Default true. */
  ranges?: boolean;
  /** After how many bytes of this answer it stops. */
  stopAfter?: number;
  /** Whether it then stands still instead of closing the connection. Default false. */
  stall?: boolean;
  /** The length it announces, in place of the true one; null for none. */
  length?: number | null;
}

/** Sends a file. */
export function send(file: Uint8Array, { ranges = true, stopAfter, stall = false, length }: Manners = {}): Answer {
  return (request, response) => {
    const asked = ranges ? /^bytes=(\d+)-$/.exec(request.headers.range ?? '') : null;
    const start = Number(asked?.[1] ?? 0);
    if (asked !== null && start >= file.length) {
      response.writeHead(416, { 'content-range': `bytes */${file.length}` }).end();
      return;
    }
    const body = file.subarray(start);
    const headers: http.OutgoingHttpHeaders = {};
    if (length !== null) headers['content-length'] = length ?? body.length;
    if (asked !== null) headers['content-range'] = `bytes ${start}-${file.length - 1}/${file.length}`;
    response.writeHead(asked === null ? 200 : 206, headers);
    if (stopAfter === undefined && length === undefined) {
      response.end(body);
      return;
    }
    response.write(body.subarray(0, stopAfter), () => {
      if (!stall) response.socket?.end();
    });
  };
}

/** Answers without a file. */
export function refuse(status: number, headers: http.OutgoingHttpHeaders = {}): Answer {
  return (_, response) => response.writeHead(status, headers).end('no such luck');
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** The six batch files as entries of an archive: three records each, hard to compress. */
export function batchEntries(folder = 'cifar-10-batches-bin/'): TarEntry[] {
  return BATCHES.map((name, b) => {
    const records = [0, 1, 2].map((i) => record(i, (p) => (p * p * (31 + b) + i * 7 + (p >> 3)) % 256));
    const body = new Uint8Array(Buffer.concat(records));
    return { header: { name: `${folder}${name}`, size: body.length, type: 'file' }, body };
  });
}

/** A .tar.gz. */
export async function pack(entries: readonly TarEntry[]): Promise<Uint8Array> {
  return gzipSync(await packTar(entries), { level: 0 });
}
