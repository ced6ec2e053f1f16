import { Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../errors.js';
import { examples } from '../examples.js';
import type { Io } from '../io.js';
import { openModel, openRun, type Weights } from '../runs.js';

interface Options {
  readonly port?: number;
  readonly host: string;
  readonly token?: string | true;
  readonly weights: Weights;
  readonly maxBatch: number;
  readonly maxWait: number;
  readonly maxBody: number;
  readonly timeout: number;
}

/** `layerwise serve RUN`: an HTTP endpoint that predicts. */
export function serveCommand(io: Io): Command {
  const command = new Command('serve')
    .summary('answer predictions over HTTP')
    .description(
      'Serves the model of a run: POST /predict takes pictures, numbers or rows, and GET / says how. ' +
        'Requests that come at the same time are predicted together. Ctrl-C ends it when all are answered.',
    )
    .argument('<run>', 'the folder of a run, finished or not')
    .option('--port <n>', 'the port (default: 8080, or the next one that is free)', whole(0, 65_535))
    .option('--host <name>', 'where to listen; other hosts than loopback need a token', '127.0.0.1')
    .option('--token [text]', 'what requests have to know; made and printed where no text is given', token)
    .addOption(
      new Option('--weights <which>', 'of the best epoch, or the last').choices(['best', 'last']).default('best'),
    )
    .option('--max-batch <n>', 'the most examples that are predicted together', whole(1, 65_536), 64)
    .option('--max-wait <ms>', 'how long an example waits for others that are on their way', amount, 2)
    .addOption(
      new Option('--max-body <size>', 'the longest body of a request').argParser(size).default(size('10mb'), '10mb'),
    )
    .option('--timeout <seconds>', 'how long a request may take to come in, and to wait', positive, 10)
    .action((run: string, options: Options) => serve(io, run, options));
  return examples(command, ['layerwise serve runs/twolayer-synthetic-1']);
}

async function serve(io: Io, path: string, options: Options): Promise<void> {
  const fn = 'serve';
  const { isLoopback, newToken } = await import('../../http/index.js');
  const { servedBy, Service } = await import('../../serving/index.js');
  const { host, port, token, weights, ...limits } = options;
  const trained = await openModel(io, fn, await openRun(io, fn, path), path, weights);
  const secret = typeof token === 'string' ? token : token === true || !isLoopback(host) ? newToken() : null;
  const settings = { ...limits, host, port: port ?? null, token: secret };
  const service = await Service.start(servedBy(trained), settings, (message) => io.note(message));
  // Whoever reads the address may send a signal at once.
  const ended = untilEnd(io, service, options.timeout);
  announce(io, path, { host, port: service.port, token: secret, weights: trained.weights });
  const { inTime } = await ended;
  if (!inTime) throw new CliError(`${fn}: ended before all requests were answered`);
}

/** Prints where it is served, and how to ask. */
function announce(
  io: Io,
  run: string,
  { host, port, token, weights }: { host: string; port: number; token: string | null; weights: string },
): void {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const url = `http://${name}:${port}`;
  if (io.isJson) {
    io.json({ run, url, token, weights });
    return;
  }
  const header = token === null ? '' : ` -H 'Authorization: Bearer ${token}'`;
  io.print(`Serving ${run} at ${url}, with the weights of ${weights}`);
  if (token !== null) io.print(`Token: ${token}`);
  io.print(`How to ask:  curl${header} ${url}`);
  io.print('Ctrl-C ends it.');
}

/** Waits for the end, which Ctrl-C and SIGTERM ask for; asked twice, nothing is waited for. */
async function untilEnd(
  io: Io,
  service: { readonly ended: Promise<{ inTime: boolean }>; end(deadline: number): Promise<unknown> },
  timeout: number,
): Promise<{ inTime: boolean }> {
  let asked = 0;
  const end = (): void => {
    if (asked++ === 0) io.note('Ending: requests that have come in are answered.');
    void service.end(asked > 1 ? 0 : 1000 * timeout);
  };
  process.on('SIGINT', end).on('SIGTERM', end);
  try {
    return await service.ended;
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

/** The longest time in milliseconds or seconds that is taken. */
const LONGEST = 86_400;

function amount(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= LONGEST) return value;
  throw new InvalidArgumentError(`Expected a number from 0 to ${LONGEST}.`);
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= LONGEST) return value;
  throw new InvalidArgumentError(`Expected a number > 0 and at most ${LONGEST}.`);
}

const UNITS = { '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9 };

/** Bytes. */
function size(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([kmg]?b)?$/.exec(text.toLowerCase()) ?? [];
  const bytes = Math.floor(Number(number) * UNITS[(unit ?? '') as keyof typeof UNITS]);
  if (bytes >= 1 && bytes <= 1e9) return bytes;
  throw new InvalidArgumentError('Expected a size from 1b to 1gb, such as 500kb or 10mb.');
}

function token(text: string): string {
  if (/^[\w.~+/=-]{16,512}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected 16 or more letters, digits and ._~+/=-, or no text to have one made.');
}
