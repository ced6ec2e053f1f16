import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

beforeEach(() => {
  vi.resetModules();
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** Trains three steps on a copy of the library that is loaded now, and returns what it ran on. */
async function train() {
  const { configureKernels, kernelInfo, Random, Solver, TwoLayerNet } = await import('../../src/index.js');
  configureKernels({ threads: 2 });
  const random = new Random(1);
  const [XTrain, yTrain] = [random.randn([30, 5]), random.randint(0, 3, 30)];
  const model = new TwoLayerNet({ inputDim: 5, hiddenDim: 7, numClasses: 3, seed: 1 });
  const data = { XTrain, yTrain, XVal: XTrain, yVal: yTrain };
  const solver = new Solver(model, data, { numEpochs: 1, batchSize: 10, verbose: false, seed: 1 });
  solver.train();
  return { info: kernelInfo(), losses: solver.lossHistory };
}

test('without WebAssembly the reference runs', async () => {
  const { losses: expected } = await train();
  vi.resetModules();
  vi.stubGlobal('WebAssembly', undefined);
  const { info, losses } = await train();
  expect(info).toMatchObject({
    kernels: 'reference',
    threads: 1,
    notes: ['There is no WebAssembly here: the reference runs.'],
  });
  losses.forEach((loss, i) => {
    expect(loss).toBeCloseTo(expected[i], 5);
  });
});

test('without SharedArrayBuffer one thread runs, to the same bits', async () => {
  const { losses: expected } = await train();
  vi.resetModules();
  vi.stubGlobal('SharedArrayBuffer', undefined);
  const { info, losses } = await train();
  expect(info).toMatchObject({
    kernels: 'wasm',
    threads: 1,
    notes: ['There is no SharedArrayBuffer here: one thread runs.'],
  });
  expect(losses).toEqual(expected);
});

test('without SIMD the reference runs', async () => {
  const { Memory, Instance, Module } = WebAssembly;
  vi.stubGlobal('WebAssembly', { Memory, Instance, Module, validate: () => false });
  const { info } = await train();
  expect(info).toMatchObject({ kernels: 'reference', notes: ['WebAssembly has no SIMD here: the reference runs.'] });
});

test.each([
  [
    'violates the Content Security policy directive "script-src \'self\'"',
    "the policy needs 'wasm-unsafe-eval' in script-src",
  ],
  ['out of executable memory', 'out of executable memory'],
])('where compiling is refused the reference runs: %s', async (message, reason) => {
  class Module {
    constructor() {
      throw new WebAssembly.CompileError(message);
    }
  }
  vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), { Module }));
  const { kernelInfo, kernels, reference } = await import('../../src/kernels/index.js');
  const notes = [`WebAssembly is refused (${reason}): the reference runs.`];
  expect(kernelInfo()).toMatchObject({ kernels: 'reference', threads: 1, memory: null, notes });
  expect(kernels()).toBe(reference);
});

test('without memory to reserve the reference runs', async () => {
  class Memory {
    constructor() {
      throw new RangeError('could not allocate memory');
    }
  }
  vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), { Memory }));
  const { info } = await train();
  expect(info.kernels).toBe('reference');
  expect(info.notes).toEqual(['WebAssembly memory is refused (could not allocate memory): the reference runs.']);
});

test('where only part of the address space is to be had, that is taken', async () => {
  const { Memory: Real } = WebAssembly;
  class Memory extends Real {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      if ((descriptor.maximum ?? 0) > 4096) throw new RangeError('could not allocate memory');
      super(descriptor);
    }
  }
  vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), { Memory }));
  const { info } = await train();
  expect(info).toMatchObject({ kernels: 'wasm', threads: 2 });
  expect(info.memory?.maximum).toBe(2 ** 28);
});

test('without worker threads one thread runs', async () => {
  const { getBuiltinModule } = process;
  process.getBuiltinModule = ((name: string) =>
    name === 'node:worker_threads' ? undefined : getBuiltinModule(name)) as typeof getBuiltinModule;
  try {
    const { info } = await train();
    expect(info).toMatchObject({
      kernels: 'wasm',
      threads: 1,
      notes: ['Worker threads need Node 20.16 or later: one thread runs.'],
    });
  } finally {
    process.getBuiltinModule = getBuiltinModule;
  }
});

describe('in a browser', () => {
  /** What the kernels run on where there is no Node, in a page that asks for `threads` or for what the machine has. */
  async function page(globals: Record<string, unknown>, threads?: number) {
    const { configureKernels } = await import('../../src/kernels/index.js');
    vi.stubGlobal('process', undefined);
    for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
    const info = configureKernels(threads === undefined ? {} : { threads });
    vi.unstubAllGlobals();
    return info;
  }
  const navigator = { hardwareConcurrency: 8 };
  class Worker {}

  test('that isolates the page, threads start by ready()', async () => {
    const info = await page({ navigator, crossOriginIsolated: true, Worker });
    const notes = ['Of 7 worker threads 0 started (they start with await ready()).'];
    expect(info).toMatchObject({ kernels: 'wasm', threads: 1, notes });
  });

  test('that does not, the notes name the headers', async () => {
    const globals = { navigator, crossOriginIsolated: false, isSecureContext: true, Worker };
    const { notes } = await page({ ...globals, SharedArrayBuffer: undefined });
    const headers = 'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp';
    expect(notes).toEqual([`Threads need a cross-origin isolated page: serve it with ${headers}. One thread runs.`]);
  });

  test.each([
    [{ isSecureContext: false }, /, so it has to come by HTTPS or from localhost: one thread runs\.$/],
    [{ isSecureContext: true, window: { parent: {} } }, /, and this one is in a frame: the page around it has to be/],
  ])('notes say what else keeps a page from being isolated: %j', async (globals, note) => {
    const { notes } = await page({ navigator, crossOriginIsolated: false, Worker, ...globals });
    expect(notes).toEqual([expect.stringMatching(note)]);
  });

  test('that has no workers, as in its service worker, one thread runs', async () => {
    const { notes } = await page({ navigator, crossOriginIsolated: false, Worker: undefined });
    expect(notes).toEqual(['There are no workers here, as in a service worker: one thread runs.']);
  });

  test('one thread that was asked for is nothing less', async () => {
    expect(await page({ navigator, crossOriginIsolated: false }, 1)).toMatchObject({ threads: 1, notes: [] });
  });
});

describe.skipIf(process.platform !== 'linux')('where address space is limited', () => {
  const { getBuiltinModule, execArgv } = process;
  const GB = 2 ** 30;
  afterEach(() => {
    process.getBuiltinModule = getBuiltinModule;
    process.execArgv = execArgv;
  });

  /** Trains where the system says that `left` bytes of address space are left. */
  async function limited(left: number) {
    const files: Record<string, string> = {
      '/proc/self/limits':
        'Limit     Soft Limit  Hard Limit  Units\n' + `Max address space   ${left + GB}   unlimited   bytes\n`,
      '/proc/self/status': `VmPeak:\t 9999999 kB\nVmSize:\t ${GB / 1024} kB\n`,
    };
    process.getBuiltinModule = ((name: string) =>
      name === 'node:fs'
        ? { readFileSync: (file: string) => files[file] }
        : getBuiltinModule(name)) as typeof getBuiltinModule;
    return (await train()).info;
  }

  test('no worker starts for which there is no room', async () => {
    process.execArgv = ['--disable-wasm-trap-handler'];
    const info = await limited(1.3 * GB);
    expect(info).toMatchObject({
      kernels: 'wasm',
      threads: 1,
      notes: ['ulimit -v leaves address space for 1 of 2 threads.'],
    });
    expect(info.memory?.maximum).toBe(GB / 2);
  });

  test('the reference runs where there is none for a memory', async () => {
    process.execArgv = ['--disable-wasm-trap-handler'];
    const { kernels, notes } = await limited(0.3 * GB);
    expect(kernels).toBe('reference');
    expect(notes).toEqual([
      'WebAssembly memory is refused (ulimit -v leaves 0.3 GB of address space): the reference runs.',
    ]);
  });

  test('there are threads and memory as ever where the limit is high', async () => {
    expect(await limited(1000 * GB)).toMatchObject({ kernels: 'wasm', threads: 2, notes: [] });
  });
});
