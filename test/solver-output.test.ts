import { afterEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { Solver } from '../src/solver.js';
import { ScriptedModel, scriptedData } from './helpers/scripted-model.js';

/** SGD whose steps are 1 in size, so that w of a scripted model counts them. */
const COUNTING = { verbose: true, seed: 1, updateRule: 'sgd', optimConfig: { learningRate: 1 } } as const;

describe('what a Solver prints', () => {
  let log: MockInstance | undefined;
  const lines = (): string[] => (log as MockInstance).mock.calls.map(([line]) => line as string);
  const isTTY = process.stdout.isTTY;

  afterEach(() => {
    vi.restoreAllMocks();
    process.stdout.isTTY = isTTY;
  });

  function run(options: object, losses: readonly number[], numTrain = 10): void {
    log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const model = Object.assign(new ScriptedModel(), { losses, accuracyAt: (w: number) => 0.1 * -w });
    new Solver(model, scriptedData(numTrain, 10), { ...COUNTING, ...options }).train();
  }

  test('has the two kinds of lines of cs231n, in their order', () => {
    run({ batchSize: 5, numEpochs: 2, printEvery: 1 }, [2.3001844, 2.25, 0.1234567, 12.5]);
    expect(lines()).toEqual([
      '(Iteration 1 / 4) loss: 2.300184',
      '(Epoch 0 / 2) train acc: 0.100000; val_acc: 0.100000',
      '(Iteration 2 / 4) loss: 2.250000',
      '(Epoch 1 / 2) train acc: 0.200000; val_acc: 0.200000',
      '(Iteration 3 / 4) loss: 0.123457',
      '(Iteration 4 / 4) loss: 12.500000',
      '(Epoch 2 / 2) train acc: 0.400000; val_acc: 0.400000',
    ]);
    expect((log as MockInstance).mock.calls.every((args) => args.length === 1)).toBe(true);
  });

  test('has a loss every tenth iteration, or every so many', () => {
    run({ batchSize: 2, numEpochs: 5 }, [1]);
    expect(lines().filter((line) => line.includes('loss'))).toEqual([
      '(Iteration 1 / 25) loss: 1.000000',
      '(Iteration 11 / 25) loss: 1.000000',
      '(Iteration 21 / 25) loss: 1.000000',
    ]);
    vi.restoreAllMocks();
    run({ batchSize: 2, numEpochs: 1, printEvery: 3 }, [1]);
    expect(lines().filter((line) => line.includes('loss'))).toEqual([
      '(Iteration 1 / 5) loss: 1.000000',
      '(Iteration 4 / 5) loss: 1.000000',
    ]);
  });

  test('is nothing where verbose is false, on a terminal neither', () => {
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    process.stdout.isTTY = true;
    run({ verbose: false, batchSize: 2, numEpochs: 5 }, [1]);
    expect(lines()).toEqual([]);
    expect(write).not.toHaveBeenCalled();
  });

  test('has no progress bar where stdout is no terminal', () => {
    const write = vi.spyOn(process.stdout, 'write').mockImplementation(() => true);
    process.stdout.isTTY = false;
    run({ batchSize: 2, numEpochs: 5 }, [1]);
    expect(lines()).not.toEqual([]);
    expect(write).not.toHaveBeenCalled();
  });

  test('has one on a terminal, which makes room for the lines and is gone at the end', () => {
    const output: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => output.push(String(text)) > 0);
    process.stdout.isTTY = true;
    log = vi.spyOn(console, 'log').mockImplementation((line: string) => output.push(`${line}\n`));
    new Solver(new ScriptedModel(), scriptedData(10, 10), {
      ...COUNTING,
      verbose: true,
      batchSize: 5,
      numEpochs: 2,
    }).train();
    const clear = '\r\x1b[2K';
    expect(output.at(-1)).toBe(clear);
    expect(output.some((text) => text.startsWith(`${clear}[`) && / 4\/4 \| .* it\/s \| 0 s left$/.test(text))).toBe(
      true,
    );
    // No text is written into a bar.
    output.forEach((text, i) => {
      const before = output[i - 1] ?? clear;
      if (text.endsWith('\n')) expect(before === clear || before.endsWith('\n')).toBe(true);
    });
    expect(output.filter((text) => text.endsWith('\n'))).toHaveLength(4);
  });

  test('the bar is gone too when the run ends with an error', () => {
    const output: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => output.push(String(text)) > 0);
    process.stdout.isTTY = true;
    expect(() => run({ batchSize: 5, numEpochs: 2 }, [1, 1, Number.NaN])).toThrow('the loss is NaN');
    expect(output.some((text) => text.includes('it/s'))).toBe(true);
    expect(output.at(-1)).toBe('\r\x1b[2K');
  });
});
