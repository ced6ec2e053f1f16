import { afterEach, beforeEach, expect, test, vi } from 'vitest';

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
