import { argumentError, describe, type NDArray } from '../../arrays/index.js';
import { requireBuiltin } from '../../node.js';
import type { ExampleDataset } from '../dataset.js';
import { PORTABLE, type PortableDataset } from '../portable.js';

/** What a {@link WorkerDataset} is made of: plain values. */
export interface WorkerDatasetParts {
  /** The path of the module. */
  readonly module: string;
  readonly options: unknown;
}

/** A dataset that a module of the user's makes, in each thread that needs it: see {@link workerDataset}. */
export class WorkerDataset<X = NDArray, Y = number> implements ExampleDataset<X, Y> {
  /** What a dataset of the same module is made of, in another thread too. */
  readonly parts: WorkerDatasetParts;
  readonly #dataset: ExampleDataset<X, Y>;

  /**
   * The dataset that the function of a module makes, here and in every worker.
   *
   * @throws {Error} as {@link workerDataset} does.
   */
  constructor(parts: WorkerDatasetParts) {
    this.parts = parts;
    this.#dataset = made(parts) as ExampleDataset<X, Y>;
  }

  /** @internal */
  [PORTABLE](): PortableDataset {
    return { kind: 'module', parts: this.parts };
  }

  /** How many examples there are. */
  get length(): number {
    return this.#dataset.length;
  }

  /** Example `i`, as the module's dataset returns it. */
  get(i: number): ReturnType<ExampleDataset<X, Y>['get']> {
    return this.#dataset.get(i);
  }
}

/**
 * A dataset that a module makes, here and in every worker of a `DataLoader`: for examples that are worth reading ahead.
 *
 * The module's default export is a function of `options` that returns a dataset: an object with `length` and `get(i)`,
 * which returns `[x, y]`. It is loaded by `require`, so it is one that Node runs, CommonJS or an ES module without
 * `await` at its top. The functions of such a module see nothing of the program around: what they need is in `options`.
 *
 * @param module - Its URL or path.
 * @param options - Numbers, texts, lists, typed arrays and the like: what `structuredClone` copies.
 * @throws {Error} if there is no such module; what it throws itself.
 * @throws {TypeError} if it exports no function, that returns no dataset, or the options cannot be copied.
 *
 * @example
 * // squares.mjs
 * import { array } from 'layerwise';
 * export default ({ count }) => ({ length: count, get: (i) => [array([i * i]), i % 2] });
 *
 * // train.mjs
 * const dataset = workerDataset(new URL('./squares.mjs', import.meta.url), { count: 1000 });
 * const loader = new DataLoader(dataset, { batchSize: 10, workers: 2 });
 */
export function workerDataset<X = NDArray, Y = number>(module: string | URL, options?: unknown): WorkerDataset<X, Y> {
  const fn = 'workerDataset';
  let copied: unknown;
  try {
    copied = structuredClone(options);
  } catch (cause) {
    const found = `cannot be copied to a worker (${(cause as Error).message})`;
    const expected = 'numbers, texts, lists, typed arrays and objects of these';
    throw argumentError(TypeError, { fn, arg: 'options', found, expected }, { cause });
  }
  return new WorkerDataset({ module: pathOf(fn, module), options: copied });
}

function pathOf(fn: string, module: string | URL): string {
  const { fileURLToPath } = requireBuiltin(fn, 'node:url');
  if (typeof module === 'string' && module !== '' && !module.startsWith('file:')) {
    return requireBuiltin(fn, 'node:path').resolve(module);
  }
  if (typeof module === 'string' ? module !== '' : module instanceof URL) {
    try {
      return fileURLToPath(module);
    } catch {
      // Said below: a URL of another kind.
    }
  }
  const found = `is ${module instanceof URL ? module.href : describe(module)}`;
  throw argumentError(TypeError, { fn, arg: 'module', found, expected: 'the path or file URL of a module' });
}

function made({ module, options }: WorkerDatasetParts): unknown {
  const fn = 'workerDataset';
  const exported: unknown = requireBuiltin(fn, 'node:module').createRequire(module)(module);
  const make = typeof exported === 'function' ? exported : (exported as { default?: unknown } | null)?.default;
  if (typeof make !== 'function') {
    const found = `exports ${describe(make)} as its default`;
    throw argumentError(TypeError, { fn, arg: module, found, expected: 'a function (options) => dataset' });
  }
  const dataset: unknown = make(options);
  const { length, get } = (dataset ?? {}) as Partial<ExampleDataset>;
  if (typeof length !== 'number' || typeof get !== 'function') {
    const [found, expected] = [`made ${describe(dataset)}`, 'an object with length and get(i)'];
    throw argumentError(TypeError, { fn, arg: module, found, expected });
  }
  return dataset;
}
