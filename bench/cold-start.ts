// How long a program waits for its first step: from before `import` to behind the first step of a two-layer net (3,072
// inputs, 100 units, batch 100), with the package as users get it:
//
//   npm run build && npx ts-node bench/cold-start.ts --runs 20 [--node FILE]
//
// Every run is a process of its own. Those with `require`, with `import` and with `import` on one thread go by turns,
// as machines drift. Prints a JSON line for each: medians over the runs in milliseconds, of which `process` counts from
// the start of the process. `kernels` is the first use of them, which compiles; what two threads take longer than one
// is the cost of starting the other, and a step does not wait for it.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { round } from '../src/workloads/index.js';

const DIST = path.join(__dirname, '..', 'dist');

interface Options {
  readonly runs: number;
  readonly node: string;
  readonly threads: number;
}

/** What a process says: milliseconds. */
type Times = Record<'import' | 'kernels' | 'model' | 'step' | 'total' | 'process', number>;

/** Behind the import: `started` is the time before it, `layerwise` what it gave. */
const PROGRAM = `
  const imported = performance.now();
  layerwise.kernelInfo();
  const compiled = performance.now();
  const model = new layerwise.TwoLayerNet({ inputDim: 3072, hiddenDim: 100, numClasses: 10, seed: 0 });
  const X = layerwise.zeros([200, 3072]);
  const y = Array.from({ length: 200 }, (_, i) => i % 10);
  const data = { XTrain: X, yTrain: y, XVal: X, yVal: y };
  const solver = new layerwise.Solver(model, data, { batchSize: 100, verbose: false, seed: 0 });
  const made = performance.now();
  solver.step();
  const end = performance.now();
  console.log(JSON.stringify({
    import: imported - started, kernels: compiled - imported, model: made - compiled, step: end - made,
    total: end - started, process: end,
  }));
`;

const REQUIRE = `const layerwise = require(${JSON.stringify(path.join(DIST, 'index.js'))});`;
const IMPORT = `const layerwise = await import(${JSON.stringify(pathToFileURL(path.join(DIST, 'index.mjs')))});`;

/** Runs the program in a process. */
function run(node: string, load: string, threads: number): Times {
  const kind = load === IMPORT ? 'module' : 'commonjs';
  const program = `const started = performance.now();\n${load}\n${PROGRAM}`;
  const env = { ...process.env, LAYERWISE_THREADS: String(threads) };
  return JSON.parse(execFileSync(node, [`--input-type=${kind}`, '-e', program], { encoding: 'utf8', env }));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return round((sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2);
}

function main(): void {
  const { runs, node, threads } = new Command('cold-start')
    .option('--runs <n>', 'processes of each kind', Number, 20)
    .option('--node <file>', 'the Node to start', process.execPath)
    .option('--threads <n>', 'threads where there is more than one', Number, 2)
    .parse()
    .opts<Options>();
  if (!existsSync(path.join(DIST, 'index.mjs'))) throw new Error('cold-start: there is no dist/: npm run build');
  const kinds = [
    { by: 'require', threads, load: REQUIRE },
    { by: 'import', threads, load: IMPORT },
    { by: 'import', threads: 1, load: IMPORT },
  ];
  // The first of each reads the files from the disk.
  for (const kind of kinds) run(node, kind.load, kind.threads);
  const times: Times[][] = kinds.map(() => []);
  for (let i = 0; i < runs; i++) {
    for (const [which, { load, threads }] of kinds.entries()) times[which].push(run(node, load, threads));
  }
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  for (const [which, { by, threads }] of kinds.entries()) {
    const names = Object.keys(times[which][0]) as (keyof Times)[];
    const medians = Object.fromEntries(names.map((name) => [name, median(times[which].map((one) => one[name]))]));
    console.log(JSON.stringify({ node: version, by, threads, ...medians }));
  }
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
