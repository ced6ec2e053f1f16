import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { placeOf } from '../../src/files/place.js';
import { load, TwoLayerNet } from '../../src/index.js';
import { RunFolder, RunWriter } from '../../src/runs/index.js';
import { runConfig } from '../helpers/run-config.js';

const config = runConfig();
const fail = (error: unknown): never => {
  throw error;
};

let parent: string;
let run: RunFolder;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'layerwise-writer-'));
  run = RunFolder.create(join(parent, 'a'), config);
});
afterEach(() => rmSync(parent, { recursive: true }));

const opened = (onFailure: (error: unknown) => void = fail): RunWriter => new RunWriter('train', run, onFailure);
const lines = (): string[] => readFileSync(join(run.dir, 'metrics.jsonl'), 'utf8').split('\n').slice(0, -1);
const kinds = (): string[] => lines().map((line) => `${JSON.parse(line).kind} ${JSON.parse(line).iteration}`);
const epoch = (iteration: number, epoch: number) =>
  ({ kind: 'epoch', iteration, epoch, loss: 1, learningRate: 0.1, trainAcc: 0.5, valAcc: 0.5, valLoss: null }) as const;

/** Logs the steps from one iteration to another, two of which are an epoch. */
function train(writer: RunWriter, from: number, to: number, isEvaluationDue = false): void {
  const { logger } = writer;
  const started = { fn: 'Solver', iteration: from, epoch: Math.floor(from / 2), isResumed: from > 0, isEvaluationDue };
  logger.onStart?.({ ...started, metrics: [] });
  for (let i = from + 1; i <= to; i++) {
    const at = Math.floor(i / 2);
    logger.onStep?.({ kind: 'step', iteration: i, epoch: at, loss: 1 / i, learningRate: 0.1, seconds: i / 10 });
    if (i % 2 === 0) logger.onEpoch?.({ ...epoch(i, at), metrics: {}, seconds: i / 10 });
  }
}

const finished = { state: 'finished', message: null, bestValAcc: 0.5, testAcc: null } as const;

describe('RunWriter', () => {
  test('removes what a process that was killed in a write has left, and nothing else', () => {
    const names = ['.c9021011-3763-4ae8-8e63-f88c0e12efb6.tmp', '.notes.tmp', 'x.tmp'];
    for (const name of names) writeFileSync(join(run.dir, name), '');
    opened().close();
    expect(names.map((name) => existsSync(join(run.dir, name)))).toEqual([false, true, true]);
  });

  test('logs a run from its start to its end', () => {
    const writer = opened();
    expect(run.state).toBe('running');
    train(writer, 0, 2);
    writer.logger.onCommand?.({
      kind: 'command',
      iteration: 2,
      epoch: 1,
      command: 'learningRate',
      value: 0.01,
      seconds: 1,
    });
    writer.end(finished);
    writer.close();
    expect(kinds()).toEqual(['start 0', 'step 1', 'step 2', 'epoch 2', 'command 2', 'end 2']);
    expect(run.state).toBe('finished');
    const { steps, epochs, commands, end } = run.metrics();
    expect([...steps.loss]).toEqual([1, 0.5]);
    expect(epochs).toEqual([{ ...epoch(2, 1), metrics: {}, seconds: 0.2 }]);
    expect(commands).toMatchObject([{ command: 'learningRate', value: 0.01, epoch: 1 }]);
    expect(end).toMatchObject({ iteration: 2, epoch: 1, ...finished });
  });

  test('cuts the lines back to where a run goes on', () => {
    let writer = opened();
    train(writer, 0, 3);
    writer.logger.onCommand?.({ kind: 'command', iteration: 3, epoch: 1, command: 'pause', value: null, seconds: 1 });
    writer.end({ ...finished, state: 'interrupted' });
    writer.close();
    appendFileSync(join(run.dir, 'metrics.jsonl'), '{"kind":"step","iter');
    writer = opened();
    // Nobody has gone on so far: only the half line is gone.
    expect(kinds()).toEqual(['start 0', 'step 1', 'step 2', 'epoch 2', 'step 3', 'command 3', 'end 3']);
    train(writer, 2, 4);
    writer.close();
    expect(kinds()).toEqual(['start 0', 'step 1', 'step 2', 'epoch 2', 'start 2', 'step 3', 'step 4', 'epoch 4']);
    expect(run.state).toBe('interrupted');
    // Again from the same checkpoint, which an evaluation follows: the start that led to nothing is gone too.
    writer = opened();
    train(writer, 2, 2, true);
    writer.close();
    expect(kinds()).toEqual(['start 0', 'step 1', 'step 2', 'start 2']);
    writer = opened();
    train(writer, 0, 1);
    writer.close();
    expect(kinds()).toEqual(['start 0', 'step 1']);
  });

  test('cuts long files', () => {
    const long = Array.from({ length: 30_000 }, (_, i) => `{"kind":"step","iteration":${i + 1},"epoch":0,"loss":1}\n`);
    writeFileSync(join(run.dir, 'metrics.jsonl'), long.join(''));
    const writer = opened();
    train(writer, 29_999, 29_999);
    expect(kinds().slice(-2)).toEqual(['step 29999', 'start 29999']);
    writer.close();
    expect(run.metrics().steps.iteration.length).toBe(29_999);
  });

  test('notes the end of a run that did not come to train', () => {
    let writer = opened();
    writer.end({ ...finished, state: 'failed', message: 'no data', bestValAcc: null });
    writer.close();
    expect(run.metrics().end).toMatchObject({ iteration: 0, state: 'failed', message: 'no data' });
    // Another one that does not come to train either leaves it as it was.
    writer = opened();
    expect(run.state).toBe('running');
    writer.end({ ...finished, state: 'interrupted' });
    writer.close();
    expect(kinds()).toEqual(['end 0']);
    expect(run.state).toBe('failed');
  });

  test('refuses a second one, by the process that writes', () => {
    const writer = opened();
    expect(() => opened()).toThrow(
      `train: ${run.dir} is being written by another run of this process (process id ${process.pid})`,
    );
    writer.close();
    const text = JSON.stringify({ place: placeOf('test'), pid: process.ppid, id: 'x' });
    writeFileSync(join(run.dir, '.run.lock'), text);
    expect(run.state).toBe('running');
    expect(() => opened()).toThrow(`is being written by another process (process id ${process.ppid}); wait until`);
  });

  test('takes the folder of a process that is gone', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    const lock = join(run.dir, '.run.lock');
    writeFileSync(lock, JSON.stringify({ place: placeOf('test'), pid: dead.pid, id: 'x' }));
    expect(run.state).toBe('interrupted');
    opened().close();
    expect(existsSync(lock)).toBe(false);
  });

  test('of another machine counts as there while its lock is fresh', () => {
    writeFileSync(join(run.dir, '.run.lock'), JSON.stringify({ place: 'elsewhere', host: 'h', pid: 1, id: 'x' }));
    expect(run.state).toBe('running');
  });

  test('says once that lines cannot be written', () => {
    const errors: unknown[] = [];
    const writer = opened((error) => errors.push(error));
    train(writer, 0, 2);
    rmSync(run.dir, { recursive: true });
    for (let i = 0; i < 2; i++) writer.logger.onEpoch?.({ ...epoch(2, 1), metrics: {}, seconds: 1 });
    expect(errors.map(String)).toEqual([
      `Error: train: ${join(run.dir, 'metrics.jsonl')} was deleted while it was open; name another file`,
    ]);
  });

  test('writes config and weights in one piece', () => {
    const writer = opened();
    writer.writeConfig({ ...config, data: { kind: 'cifar10', path: null } });
    expect(RunFolder.open(run.dir).config.data.kind).toBe('cifar10');
    const model = new TwoLayerNet({ inputDim: 4, hiddenDim: 3, numClasses: 2, seed: 0 });
    writer.saveModel(model);
    expect(load(run.model).W1).toEqualBits(model.params.W1);
    writer.close();
  });
});
