import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpError } from './http-error.js';

/** Answers with a text or bytes. */
export function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', typeof body === 'string' ? Buffer.byteLength(body) : body.length);
  response.end(body);
}

/** Answers with a value as JSON. */
export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  send(response, status, 'application/json; charset=utf-8', `${JSON.stringify(value)}\n`);
}

/** Milliseconds that a body is still taken, and dropped, after its request has been refused. */
const LINGER = 500;

/**
 * Answers a request with what is wrong as `{ "error": … }`; its connection closes if its body has not been read.
 *
 * A connection that is closed while the body comes in is reset, and the answer may be lost with it. So what comes is
 * dropped for a moment first.
 */
export function sendError(request: IncomingMessage, response: ServerResponse, error: HttpError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
  const value = { error: error.message };
  if (request.complete || !hasBody(request)) {
    sendJson(response, value, error.status);
    return;
  }
  const text = `${JSON.stringify(value)}\n`;
  response.statusCode = error.status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.setHeader('Connection', 'close');
  if (request.headers.expect !== undefined) {
    // The body waits for a word that does not come.
    response.end(text);
    return;
  }
  response.write(text);
  request.resume();
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER);
  request.once('end', end);
  request.once('error', end);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
