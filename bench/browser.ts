// Training steps in Chromium, in a worker of an isolated page, against the same steps in this process of Node, by
// turns, as machines drift:
//
//   npx ts-node bench/browser.ts --rounds 10
//
// Prints a JSON line for each workload: the fastest step of each in milliseconds, the median of the rounds' medians,
// and by how many percent Chromium's is longer.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Command } from 'commander';
import { build } from 'esbuild';
import { chromium, type Page } from 'playwright-core';
import { FOR_BROWSERS } from '../scripts/build/browser.mjs';
import { fromSources } from '../scripts/build/stand-ins.mjs';
import { configureKernels, type KernelInfo, ready } from '../src/index.js';
import { type Measurement, measure, round, workloads } from '../src/workloads/index.js';

const WORKLOADS = ['part5_b64_nesterov', 'convnet3_b50_adam'];

/** What isolates a page. */
const HEADERS = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** The program of the page's worker: makes a workload, or times its steps. */
const PROGRAM = `
  import { configureKernels, ready } from './src/index.ts';
  import { measure, workloads } from './src/workloads/index.ts';
  let step;
  onmessage = async ({ data: { name, threads, seconds } }) => {
    if (threads !== undefined) {
      configureKernels({ threads });
      postMessage(await ready());
    } else if (seconds === undefined) {
      step = workloads[name]();
      postMessage(null);
    } else postMessage(measure(name, step, seconds));
  };
`;

interface Options {
  readonly rounds: number;
  readonly time: number;
  readonly threads: number;
  readonly chromium: string;
}

/** What one side of the comparison does. */
interface Side {
  start(threads: number): Promise<KernelInfo>;
  make(name: string): Promise<void>;
  measure(name: string, seconds: number): Promise<Measurement>;
}

async function main(): Promise<void> {
  const command = new Command('browser')
    .argument('[workloads...]', 'names of workloads', WORKLOADS)
    .option('--rounds <n>', 'segments of each', Number, 10)
    .option('--time <seconds>', 'of a segment', Number, 2)
    .option('--threads <n>', 'threads of each', Number, 2)
    .option('--chromium <file>', 'the browser', '/usr/bin/chromium')
    .parse();
  const { rounds, time, threads, chromium: executablePath } = command.opts<Options>();
  const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu'] });
  const server = createServer(await answers());
  try {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const sides = [node(), inBrowser(page)];
    for (const side of sides) console.error(JSON.stringify({ ...(await side.start(threads)), memory: undefined }));
    for (const name of command.args.length > 0 ? command.args : WORKLOADS) {
      for (const side of sides) await side.make(name);
      const measured: [Measurement[], Measurement[]] = [[], []];
      for (let i = 0; i < rounds; i++) {
        for (const which of i % 2 === 0 ? [0, 1] : [1, 0]) {
          measured[which].push(await sides[which].measure(name, time));
        }
      }
      console.log(JSON.stringify(compared(name, measured)));
    }
  } finally {
    await browser.close();
    server.close();
  }
}

function node(): Side {
  let step = (): void => {};
  return {
    start(threads) {
      configureKernels({ threads });
      return ready();
    },
    async make(name) {
      step = workloads[name]();
    },
    measure: async (name, seconds) => measure(name, step, seconds),
  };
}

function inBrowser(page: Page): Side {
  const ask = <Answer>(question: object): Promise<Answer> =>
    page.evaluate((data) => {
      const { worker } = window as unknown as { worker: Worker };
      return new Promise<Answer>((resolve, reject) => {
        worker.onmessage = (event) => resolve(event.data);
        worker.onerror = (event) => reject(new Error(event.message));
        worker.postMessage(data);
      });
    }, question);
  return {
    start: (threads) => ask({ threads }),
    make: (name) => ask({ name }),
    measure: (name, seconds) => ask({ name, seconds }),
  };
}

/** What the server says: an isolated page that starts the worker, and its program. */
async function answers(): Promise<Parameters<typeof createServer>[1]> {
  const { outputFiles } = await build({
    ...FOR_BROWSERS,
    stdin: { contents: PROGRAM, resolveDir: process.cwd() },
    write: false,
    plugins: [fromSources()],
  });
  const page = "<!doctype html><script>window.worker = new Worker('worker.js', { type: 'module' })</script>";
  const files: Record<string, [type: string, text: string]> = {
    '/': ['text/html', page],
    '/worker.js': ['text/javascript', outputFiles[0].text],
  };
  return ({ url = '/' }, response) => {
    const [type, text] = files[url] ?? ['text/plain', ''];
    response.writeHead(url in files ? 200 : 404, { 'Content-Type': type, ...HEADERS }).end(text);
  };
}

function compared(workload: string, [node, browser]: [Measurement[], Measurement[]]): object {
  const least = (all: readonly Measurement[]): number => Math.min(...all.map(({ min }) => min));
  const middle = (all: readonly Measurement[]): number =>
    all.map(({ ms }) => ms).sort((a, b) => a - b)[Math.floor(all.length / 2)];
  const [fastest, median] = [least, middle].map((of) => {
    const [nodeMs, browserMs] = [of(node), of(browser)];
    return { node: nodeMs, chromium: browserMs, percent: round(100 * (browserMs / nodeMs - 1)) };
  });
  return { workload, threads: browser[0].threads, fastest, median };
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
