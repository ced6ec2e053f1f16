import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { HttpError } from './http-error.js';

/** The header that a request which changes something has to have: pages of other origins cannot set it. */
export const OWN_HEADER = 'x-layerwise';

/** Whether a host is this machine only: `localhost`, 127.0.0.0/8 or ::1. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/**
 * Refuses a request that a name of somebody else's leads here (DNS rebinding): a server on loopback answers to names of
 * loopback only, with any port, because ports may be forwarded.
 *
 * @throws {HttpError} 403, 400 where there is more than a name and a port.
 */
export function checkHost({ headers }: IncomingMessage): void {
  const host = headers.host ?? '';
  const [, name] = /^([\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/.exec(host) ?? [];
  if (name === undefined) throw new HttpError(400, 'the Host header is not a name and a port');
  if (!isLoopback(name)) throw new HttpError(403, 'the Host header names another machine, expected localhost');
}

/**
 * Refuses what a page of another origin asks for, in browsers that say so. A person who follows a link is let in.
 *
 * @throws {HttpError} 403.
 */
export function checkOrigin({ headers }: IncomingMessage): void {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none';
  const isWrong = origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
  if (isWrong || (isForeign && headers['sec-fetch-mode'] !== 'navigate')) {
    throw new HttpError(403, 'a page of another origin may not ask for this');
  }
}

/** @throws {HttpError} 403 without the header that no page of another origin can set. */
export function checkOwnHeader({ headers }: IncomingMessage): void {
  if (headers[OWN_HEADER] !== '1') throw new HttpError(403, 'the header X-Layerwise: 1 is missing');
}

/** A new token, which nobody guesses: 192 random bits. */
export function newToken(): string {
  return randomBytes(24).toString('base64url');
}

/** Whether two texts are the same, in a time that does not depend on where they differ. */
export function sameToken(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * Lets in who knows the token: by `Authorization: Bearer …`, or, to read, by `?token=…`, since pages and event streams
 * cannot send headers.
 *
 * @throws {HttpError} 401.
 */
export function checkToken(request: IncomingMessage, query: Pick<URLSearchParams, 'get'>, token: string): void {
  const [, bearer] = /^Bearer +([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? '') ?? [];
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const given = bearer ?? (isRead ? query.get('token') : null);
  if (given === null || given === undefined || !sameToken(given, token)) {
    throw new HttpError(401, 'the token is missing or wrong, expected the header Authorization: Bearer TOKEN', {
      'WWW-Authenticate': 'Bearer',
    });
  }
}
