// What serving costs:
//
//   npx ts-node bench/serving.ts                        64 clients at once, one image to a request
//   npx ts-node bench/serving.ts --rounds 8 --bodies octets
//
// Measures by turns, in one process, the images/s of `loss(X)` in batches, and those that clients in another process
// get from a service of the same model, for each kind of body. The clients share the machine's cores: `clientShare` is
// the part of the processor time that was theirs, `withoutClients` the ratio if that time had been the server's too.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { hostValues, type NDArray } from '../src/arrays/index.js';
import { writeImage } from '../src/images/index.js';
import { array, kernelInfo, predict, Random, ThreeLayerConvNet } from '../src/index.js';
import { type Served, Service } from '../src/serving/index.js';
import { clients, type Load, type LoadResult } from './serving-clients.js';

interface Options {
  rounds: number;
  seconds: number;
  clients: number;
  batch: number;
  maxWait: number;
  bodies: string;
}

/** Different images that are asked for. */
const IMAGES = 64;

async function main(): Promise<void> {
  const options = new Command('serving')
    .option('--rounds <n>', 'rounds, of which the medians are taken', Number, 5)
    .option('--seconds <n>', 'of each measurement', Number, 2)
    .option('--clients <n>', 'clients at once', Number, 64)
    .option('--batch <n>', 'images to a batch, of both', Number, 64)
    .option('--max-wait <ms>', 'how long a batch waits', Number, 2)
    .option('--bodies <kinds>', 'kinds of bodies', 'octets,json,png')
    .parse()
    .opts<Options>();
  const model = new ThreeLayerConvNet({ seed: 0 });
  const images = Array.from({ length: IMAGES }, (_, i) => imageOf(i));
  const service = await Service.start(servedBy(model), settingsOf(options), (note) => console.error(note));
  const loads = options.bodies.split(',').map((kind) => ({ kind, load: loadOf(kind, images, service.port, options) }));
  const rounds: Round[] = [];
  for (let round = 0; round < options.rounds; round++) {
    for (const { kind, load } of loads) {
      const direct = await measureLoss(model, options);
      const before = await healthOf(service);
      const served = await measureService(load);
      const after = await healthOf(service);
      const batch = (after.examples.predicted - before.examples.predicted) / (after.batches - before.batches);
      rounds.push({ kind, direct, served, batch });
    }
  }
  await service.end(1000);
  for (const { kind } of loads)
    console.log(
      JSON.stringify(
        summary(
          kind,
          rounds.filter((round) => round.kind === kind),
        ),
      ),
    );
  console.log(
    JSON.stringify({ processor: os.cpus()[0].model, cores: os.cpus().length, threads: kernelInfo().threads }),
  );
}

interface Round {
  readonly kind: string;
  readonly direct: { readonly rate: number; readonly cpu: number };
  readonly served: LoadResult & { readonly serverCpu: number };
  /** Images to a batch of the service. */
  readonly batch: number;
}

async function healthOf({ port }: Service): Promise<{ examples: { predicted: number }; batches: number }> {
  return (await fetch(`http://127.0.0.1:${port}/health`)).json();
}

function summary(kind: string, rounds: readonly Round[]): object {
  const median = (of: (round: Round) => number): number => rounds.map(of).sort((a, b) => a - b)[rounds.length >> 1];
  const digits = (value: number): number => Number(value.toPrecision(3));
  const share = (round: Round): number => round.served.cpu / (round.served.cpu + round.served.serverCpu);
  const ratio = (round: Round): number => round.served.rate / round.direct.rate;
  return {
    body: kind,
    loss: Math.round(median((round) => round.direct.rate)),
    served: Math.round(median((round) => round.served.rate)),
    ratio: digits(median(ratio)),
    clientShare: digits(median(share)),
    withoutClients: digits(median((round) => ratio(round) / (1 - share(round)))),
    cpuMicroseconds: {
      loss: digits(median((round) => round.direct.cpu)),
      server: digits(median((round) => round.served.serverCpu)),
      client: digits(median((round) => round.served.cpu)),
    },
    batch: digits(median((round) => round.batch)),
    milliseconds: { p50: digits(median((r) => r.served.p50)), p99: digits(median((r) => r.served.p99)) },
    wrong: rounds.reduce((sum, { served }) => sum + served.wrong, 0),
  };
}

/** Microseconds of processor time of this process. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function measureLoss(model: ThreeLayerConvNet, { seconds, batch }: Options): Promise<Round['direct']> {
  const X = new Random(1).rand([batch, 3, 32, 32]);
  for (let i = 0; i < 5; i++) model.loss(X);
  const [begun, cpuBegun] = [performance.now(), cpu()];
  let count = 0;
  for (; performance.now() - begun < 1000 * seconds; count += batch) model.loss(X);
  const rate = (1000 * count) / (performance.now() - begun);
  return { rate, cpu: (cpu() - cpuBegun) / count };
}

/** Clients in a process of their own. */
async function measureService(load: Load): Promise<Round['served']> {
  const child: ChildProcess = spawn(process.execPath, ['-e', `const __name = (f) => f; (${clients})(process)`], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let cpuBegun = 0;
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('message', (message: 'begun' | LoadResult) => {
      if (message === 'begun') cpuBegun = cpu();
      else resolve({ ...message, serverCpu: (cpu() - cpuBegun) / message.answers });
    });
    child.send(load);
  });
}

function servedBy(model: ThreeLayerConvNet): Served {
  const outputs = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  return {
    spec: {
      name: 'ThreeLayerConvNet',
      inputShape: [3, 32, 32],
      takes: 'pictures',
      classes: outputs,
      outputs,
      csv: null,
      preprocessing: null,
    },
    predict: (X) => predict(X, model, { as: 'probabilities' }) as NDArray,
  };
}

function settingsOf({ batch, maxWait }: Options): Parameters<typeof Service.start>[1] {
  const limits = { maxBatch: batch, maxWait, maxBody: 10_000_000, timeout: 10 };
  return { host: '127.0.0.1', port: 0, token: null, ...limits };
}

/** Pixels of an image, whole numbers from 0 to 255. */
function imageOf(seed: number): Uint8Array {
  return Uint8Array.from(hostValues(new Random(seed).rand([3 * 32 * 32])), (value) => Math.floor(256 * value));
}

/** The requests of a kind, as bytes. */
function loadOf(kind: string, images: readonly Uint8Array[], port: number, options: Options): Load {
  const bodies = images.map((image): [type: string, body: Uint8Array] => {
    if (kind === 'octets') return ['application/octet-stream', image];
    if (kind === 'json') return ['application/json', Buffer.from(JSON.stringify({ inputs: [[...image]] }))];
    if (kind === 'png') return ['image/png', pngOf(image)];
    throw new Error(`bench: --bodies ${kind}, expected octets, json or png`);
  });
  const requests = bodies.map(([type, body]) => {
    const headers = ['Host: localhost', `Content-Type: ${type}`, `Content-Length: ${body.length}`];
    const head = ['POST /predict HTTP/1.1', ...headers, '', ''].join('\r\n');
    return Buffer.concat([Buffer.from(head), body]).toString('base64');
  });
  return { port, clients: options.clients, seconds: options.seconds, requests };
}

function pngOf(image: Uint8Array): Uint8Array {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'layerwise-serving-'));
  try {
    const file = path.join(dir, 'image.png');
    writeImage(file, array(image, [3, 32, 32]));
    return readFileSync(file);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

void main();
