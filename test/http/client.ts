import { connect, type Socket } from 'node:net';

/** An answer as it came over the wire. */
export interface Answer {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sends bytes as they are, and takes what comes until the server closes the connection, or the first answer is whole.
 *
 * @param more - Does something with the connection once the bytes are sent.
 */
export function exchange(port: number, bytes: string | Uint8Array, more?: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.write(bytes);
      more?.(socket);
    });
    socket.on('data', (part) => {
      text = `${text}${part.toString('latin1')}`.replace(/^HTTP\/1.1 100 Continue\r\n\r\n/, '');
      if (isWhole(text)) socket.end();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const [, length] = /content-length: (\d+)/i.exec(text.slice(0, end)) ?? [];
  return end !== -1 && length !== undefined && text.length >= end + 4 + Number(length);
}

/** The parts of an answer. */
export function parsed(text: string): Answer {
  const [head, body = ''] = text.split(/\r\n\r\n(.*)/s);
  const [start, ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [name, value] = line.split(/: (.*)/s);
      return [name.toLowerCase(), value];
    }),
  );
  return { status: Number(start.split(' ')[1]), headers, body };
}

/** Sends a request with these lines, `Host` and an empty line are added, and takes the answer. */
export async function ask(port: number, lines: readonly string[], body = ''): Promise<Answer> {
  const host = lines.some((line) => /^host:/i.test(line)) ? [] : [`Host: 127.0.0.1:${port}`];
  const [start, ...headers] = lines;
  const request = [`${start} HTTP/1.1`, ...host, ...headers, '', body].join('\r\n');
  return parsed(await exchange(port, Buffer.from(request, 'latin1')));
}
