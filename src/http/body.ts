import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError } from './http-error.js';
import type { Room } from './room.js';

/**
 * The body of a request.
 *
 * How long it may take is the server's limit (`requestTimeout`), which ends the connection.
 *
 * @param most - Bytes.
 * @param room - Gives memory for it, until the answer has been sent.
 * @throws {HttpError} 413 if it is longer, before it has been read; 415 if it is compressed; 400 if it breaks off; 503
 *   if there is no room.
 */
export function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  most: number,
  room?: Room,
): Promise<Buffer> {
  const { headers } = request;
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new HttpError(415, 'the body is compressed, expected one without Content-Encoding');
  }
  const length = Number(headers['content-length'] ?? 0);
  if (length > most) throw tooLong(most);
  if (headers.expect !== undefined) response.writeContinue();
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    if (room !== undefined) response.once('close', () => room.give(size));
    const fail = (error: HttpError): void => {
      request.off('data', take);
      reject(error);
    };
    const take = (part: Buffer): void => {
      if (size + part.length > most) {
        fail(tooLong(most));
        return;
      }
      try {
        room?.take(part.length);
      } catch (error) {
        fail(error as HttpError);
        return;
      }
      size += part.length;
      parts.push(part);
    };
    request.on('data', take);
    request.once('end', () => resolve(parts.length === 1 ? parts[0] : Buffer.concat(parts)));
    request.once('error', () => fail(new HttpError(400, 'the body broke off')));
  });
}

function tooLong(most: number): HttpError {
  return new HttpError(413, `the body is too long, expected at most ${most} bytes`);
}

/** The media type of a request's body in lower case, without parameters; empty where there is none. */
export function mediaType({ headers }: IncomingMessage): string {
  return (headers['content-type'] ?? '').split(';', 1)[0].trim().toLowerCase();
}

/**
 * The value in a JSON body.
 *
 * @throws {HttpError} 415 if it is another type, 400 if it is no JSON; and as {@link readBody}.
 */
export async function readJson(request: IncomingMessage, response: ServerResponse, most: number): Promise<unknown> {
  const type = mediaType(request);
  if (type !== 'application/json') {
    throw new HttpError(415, 'the body has another Content-Type, expected application/json');
  }
  return parsedJson(await readBody(request, response, most));
}

/** @throws {HttpError} 400 if the bytes are no JSON in UTF-8. */
export function parsedJson(bytes: Uint8Array): unknown {
  const text = utf8(bytes);
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, 'the body is not JSON');
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** @throws {HttpError} 400 if the bytes are no UTF-8. */
export function utf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new HttpError(400, 'the body is not UTF-8');
  }
}
