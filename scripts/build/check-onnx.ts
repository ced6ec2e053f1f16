// Runs what `exportOnnx` writes in onnxruntime, and compares the results with the library's: every module of `nn`,
// every function of `F`, the networks of `models` and the classifiers. `npm run check:onnx`; `--opset N` checks another
// version of the operators, `--dtype float64` what is written in it.
//
// onnxruntime is installed below node_modules/.cache, without its scripts: 291 MB that nobody else needs. Where the
// registry cannot be reached nothing is compared, and the last line says so.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import {
  configureKernels,
  type DType,
  encodeOnnx,
  F,
  FullyConnectedNet,
  models,
  type NDArray,
  nn,
  noGrad,
  Random,
  Tensor,
  ThreeLayerConvNet,
  TwoLayerNet,
  zeros,
} from '../../src/index.js';
import {
  FUNCTION_CASES,
  MODULE_CASES,
  missingCases,
  NETWORK_CASES,
  type OnnxCase,
  type OnnxCases,
  randomInput,
} from './onnx-cases.js';

const PACKAGE = 'onnxruntime-node@1.30.0';
const TOLERANCE = 1e-5;
const BATCHES = [1, 2, 5];

/** What of onnxruntime is used. */
interface Runtime {
  readonly InferenceSession: {
    create(
      bytes: Uint8Array,
      options: object,
    ): Promise<{
      run(inputs: object): Promise<Record<string, { dims: readonly number[]; data: ArrayLike<number> }>>;
    }>;
  };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => object;
}

const { values: args } = parseArgs({
  options: {
    opset: { type: 'string', default: '17' },
    dtype: { type: 'string', default: 'float32' },
  },
});
const opset = Number(args.opset);
const dtype = args.dtype as DType;

/** onnxruntime from the cache, or from the registry; null if it cannot be reached. */
function runtime(): Runtime | null {
  const folder = path.resolve('node_modules/.cache/onnxruntime');
  const manifest = path.join(folder, 'package.json');
  if (!existsSync(path.join(folder, 'node_modules/onnxruntime-node/package.json'))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(manifest, '{ "private": true }\n');
    try {
      // The level says why an install failed, whatever that of the npm around this script is.
      const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1', '--loglevel=error'];
      execFileSync('npm', ['install', ...flags, PACKAGE], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    } catch (error) {
      const reason = `${(error as { stderr?: unknown }).stderr} ${error}`;
      if (!/E404|ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|network/.test(reason)) throw error;
      return null;
    }
  }
  return createRequire(manifest)('onnxruntime-node') as Runtime;
}

type Forward = (x: NDArray) => NDArray;

/** The largest difference of the two results, as a share of the largest value; infinite where shapes differ. */
async function difference(ort: Runtime, bytes: Uint8Array, forward: Forward, given: OnnxCase): Promise<number> {
  const options = { logSeverityLevel: 3, interOpNumThreads: 1, intraOpNumThreads: 1 };
  const session = await ort.InferenceSession.create(bytes, options);
  let worst = 0;
  for (const N of given.batches ?? BATCHES) {
    const x = randomInput(given, N, dtype);
    const expected = forward(x);
    const { scores } = await session.run({ input: new ort.Tensor(dtype, x.data, x.shape) });
    if (String(scores.dims) !== String(expected.shape)) return Number.POSITIVE_INFINITY;
    const want = Array.from(F.clone(new Tensor(expected)).data.data);
    const largest = want.reduce((most, value) => Math.max(most, Math.abs(value)), Number.MIN_VALUE);
    const apart = want.reduce((most, value, i) => Math.max(most, Math.abs(value - Number(scores.data[i]))), 0);
    worst = Math.max(worst, apart / largest);
  }
  return worst;
}

/** What onnxruntime computes in float32 only: the writer refuses it in float64 unless it is asked for. */
function isRefused(error: unknown): boolean {
  return dtype === 'float64' && error instanceof RangeError && error.message.includes('in float32 only');
}

let failures = 0;

function report(name: string, what: string, text: string, isFailure: boolean): void {
  if (isFailure) failures++;
  console.log(`${isFailure ? 'FAILED' : 'ok    '} ${name}${what === '' ? '' : `: ${what}`} ${text}`);
}

async function check(
  ort: Runtime,
  name: string,
  given: OnnxCase,
  encode: () => Uint8Array,
  forward: Forward,
): Promise<void> {
  try {
    const worst = await difference(ort, encode(), forward, given);
    report(name, given.what, worst.toExponential(1), !(worst <= TOLERANCE));
  } catch (error) {
    if (isRefused(error)) report(name, given.what, 'is refused in float64', false);
    else report(name, given.what, String(error), true);
  }
}

/** A module with a buffer, so that it has a number format whether it has parameters or not. */
class Held extends nn.Module {
  readonly unused = new nn.Buffer(zeros([]));

  constructor(readonly held: nn.Module) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return this.held.forward(x);
  }
}

async function checkTable(ort: Runtime, prefix: string, table: Readonly<Record<string, OnnxCases>>): Promise<void> {
  for (const [name, cases] of Object.entries(table)) {
    if (typeof cases === 'string') continue;
    for (const given of cases) {
      const model = new Held(given.model()).to(dtype);
      const encode = (): Uint8Array => encodeOnnx(model, { inputShape: given.inputShape, opset });
      const forward = (x: NDArray): NDArray => noGrad(() => model.eval().forward(new Tensor(x))).data;
      await check(ort, `${prefix}.${name}`, given, encode, forward);
    }
  }
}

/** The classifiers, after a few steps that move their running statistics. */
async function checkClassifiers(ort: Runtime): Promise<void> {
  const common = { dtype, seed: 231, weightScale: 0.1 };
  const image = [3, 8, 6];
  const dims = { inputDim: 144, ...common };
  const all = [
    { what: 'images', model: new TwoLayerNet(dims), inputShape: image },
    { what: 'vectors', model: new TwoLayerNet(dims), inputShape: [144] },
    { what: 'plain', model: new FullyConnectedNet([20, 15], dims), inputShape: image },
    {
      what: 'batchnorm',
      model: new FullyConnectedNet([20, 15], { ...dims, normalization: 'batchnorm', dropout: 0.8 }),
      inputShape: image,
    },
    {
      what: 'layernorm',
      model: new FullyConnectedNet([20, 15], { ...dims, normalization: 'layernorm' }),
      inputShape: [144],
    },
    {
      what: '',
      model: new ThreeLayerConvNet({ inputDim: [3, 8, 6], numFilters: 4, filterSize: 3, ...common }),
      inputShape: image,
    },
  ];
  for (const { what, model, inputShape } of all) {
    const random = new Random(1);
    for (let i = 0; i < 5; i++) model.loss(random.randn([10, ...inputShape], dtype), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const given = { what, inputShape, model: () => new nn.Identity() };
    const encode = (): Uint8Array => encodeOnnx(model, { inputShape, opset });
    await check(ort, model.constructor.name, given, encode, (x) => model.loss(x));
  }
}

async function main(): Promise<void> {
  // Winograd's method is off by up to what is allowed here: with some weights a module of it had 1.2e-5.
  configureKernels({ exact: true });
  const missing = missingCases(nn, F, models);
  for (const name of missing) report(name, '', 'has no entry in scripts/build/onnx-cases.ts', true);
  const ort = runtime();
  if (ort === null) {
    console.log(`skipped: the registry cannot be reached, so there is no ${PACKAGE} to compare with`);
    return;
  }
  await checkClassifiers(ort);
  await checkTable(ort, 'nn', MODULE_CASES);
  await checkTable(ort, 'F', FUNCTION_CASES);
  await checkTable(ort, 'models', NETWORK_CASES);
  console.log(`${failures} failed; opset ${opset}, ${dtype}, ${PACKAGE}, to ${TOLERANCE} of the largest value`);
}

main().then(
  () => {
    process.exitCode = failures > 0 ? 1 : 0;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
