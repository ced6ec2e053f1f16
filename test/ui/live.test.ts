// @module-tag slow
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import {
  fit,
  fitAsync,
  fitSteps,
  type LoggedCommand,
  nn,
  optim,
  type SolverOptions,
  type UiOptions,
} from '../../src/index.js';
import { bitsOf, dropoutNet, finishedFit, fitSetup, makeSolver, wholeFit } from '../helpers/interruptible.js';
import { checkpointsIn, runFolder } from '../helpers/run-folder.js';
import { twinRanks } from '../helpers/twin-ranks.js';
import { Client } from './client.js';

const folder = runFolder();

let client = new Client('http://127.0.0.1/');
/** All runs of this file are on one page. */
const ui: UiOptions = {
  port: 0,
  every: 0.001,
  onListen: (address) => {
    client = new Client(address);
  },
};

/** The id of the run that was begun last. */
async function newest(): Promise<string> {
  return (await client.runs()).runs[0].info.id;
}

const turn = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a run with a page has the bits of one without', () => {
  test.each(['step', 'epoch'] as const)('fit, a schedule of each %s', (every) => {
    const setup = fitSetup('first', every, { ui });
    expect(finishedFit(setup, fitSteps(setup.model, setup.loader, setup.options))).toEqual(wholeFit('first', every));
  });

  test('a Solver, and what the page says of it', async () => {
    const solver = makeSolver({ ui: { ...ui, title: 'the net', config: { a: 1 }, classes: ['x', 'y', 'z'] } });
    const plain = makeSolver();
    plain.train();
    solver.train();
    expect(bitsOf(solver.stateDict())).toEqual(bitsOf(plain.stateDict()));
    const id = await newest();
    await client.until(id, ({ state }) => state === 'finished');
    const { info, status, epochs, insight } = await client.snapshot(id);
    expect(info).toMatchObject({ title: 'the net', fn: 'Solver', totalIterations: 24, totalEpochs: 4, batchSize: 10 });
    expect(info).toMatchObject({ config: { a: 1 }, classes: ['x', 'y', 'z'], folder: null, isControllable: true });
    expect(info.layers).toHaveLength(3);
    expect(info.parameters).toBe(6 * 8 + 8 * 8 + 8 * 3 + 8 + 8 + 3 + 4 * 8);
    expect(status).toMatchObject({ iteration: 24, epoch: 4, points: 24, loss: solver.lossHistory[23] });
    expect(epochs.map(({ valAcc }) => valAcc)).toEqual(solver.valAccHistory);
    expect((await client.points(id)).losses).toEqual(solver.lossHistory);
    expect(insight?.layers).toHaveLength(3);
    expect(insight?.layers?.[0].weight).not.toBeNull();
    expect(insight?.layers?.[0].gradient).not.toBeNull();
    expect(insight?.layers?.[0].updateRatio).toBeGreaterThan(0);
    expect(insight?.confusion?.classes).toEqual(['x', 'y', 'z']);
    expect(insight?.filters).toBeNull();
  });
});

test('what the page says of a module: its filters, layers and mistakes', async () => {
  const { model, loader, options } = fitSetup('first', 'step', { ui });
  const wide = new nn.Sequential(new nn.Conv2d(2, 3, 1), new nn.Conv2d(3, 4, 3, { padding: 1 }), ...tail(model));
  const optimizer = new optim.SGD(wide.parameters(), { lr: 0.01 });
  fit(wide, loader, { ...options, optimizer, schedule: undefined, epochs: 1 });
  const id = await newest();
  await client.until(id, ({ state }) => state === 'finished');
  const { insight, info } = await client.snapshot(id);
  expect(info.layers.map(({ kind }) => kind).slice(0, 2)).toEqual(['Conv2d', 'Conv2d']);
  expect(insight?.filters).toMatchObject({ count: 4, height: 3, width: 3, channels: 3 });
  expect(Buffer.from(insight?.filters?.pixels ?? '', 'base64')).toHaveLength(4 * 27);
  expect(insight?.filters?.changeNorms).toHaveLength(4);
  expect(insight?.confusion?.counts.reduce((sum, n) => sum + n, 0)).toBe(insight?.confusion?.examples);
  expect(insight?.mistakes?.items).toHaveLength(Math.min(24, insight?.mistakes?.wrong ?? 0));
});

/** The modules behind the first. */
function tail(model: nn.Module): nn.Module[] {
  return [...model.children()].slice(1) as nn.Module[];
}

describe('commands', () => {
  test('pause, learning rate, resume and stop reach fitAsync', async () => {
    const heard: LoggedCommand[] = [];
    const checkpoint = { dir: folder.dir, every: 1000, best: false };
    const loggers = { onCommand: (event: LoggedCommand) => heard.push(event) };
    const { model, loader, options } = fitSetup('first', 'step', { ui, epochs: 5000, checkpoint, loggers });
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    const run = fitAsync(model, loader, { ...options, optimizer, schedule: undefined, patience: undefined });
    await turn();
    const id = await newest();
    await client.tell(id, { command: 'pause' });
    await client.tell(id, { command: 'pause' });
    const { iteration } = await client.until(id, ({ state }) => state === 'paused');
    await turn(150);
    expect((await client.snapshot(id)).status.iteration).toBe(iteration);
    await client.tell(id, { command: 'learningRate', value: 0.003 });
    await client.tell(id, { command: 'resume' });
    await client.until(id, (status) => status.state === 'running' && status.learningRate === 0.003);
    await client.tell(id, { command: 'stop' });
    const history = await run;
    const status = await client.until(id, ({ state }) => state === 'interrupted');
    expect(status.message).toBe(
      `Stopped after iteration ${history.iteration}; saved in ${folder.dir}, from where it may be resumed`,
    );
    expect(checkpointsIn(folder.dir)).toEqual([history.iteration]);
    expect(history.learningRates[iteration - 1]).toBe(0.01);
    expect(history.learningRates[iteration]).toBe(0.003);
    expect(heard.map(({ command, value }) => [command, value])).toEqual([
      ['pause', null],
      ['learningRate', 0.003],
      ['resume', null],
      ['stop', null],
    ]);
    expect(heard[1]).toMatchObject({ kind: 'command', iteration });
    // The evaluation of the last step may be still to come.
    expect([Math.floor((iteration - 1) / 5), Math.floor(iteration / 5)]).toContain(heard[1].epoch);
  });

  test('of processes that share batches rank 0 has the page: all act upon it after the step that follows', async () => {
    const { model, loader, options } = fitSetup('first', 'step', { ui, epochs: 5000, distributed: twinRanks() });
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 });
    const run = fitAsync(model, loader, { ...options, optimizer, schedule: undefined, patience: undefined });
    await turn();
    const id = await newest();
    await client.tell(id, { command: 'learningRate', value: 0.003 });
    await client.until(id, ({ learningRate }) => learningRate === 0.003);
    await client.tell(id, { command: 'stop' });
    const { learningRates } = await run;
    expect([learningRates[0], learningRates.at(-1)]).toEqual([0.01, 0.003]);
    await client.until(id, ({ state }) => state === 'interrupted');
  });

  test('a run of fit that is stopped and resumed has the bits of one that was not', async () => {
    const checkpoint = { dir: folder.dir, every: 1000 };
    const { model, loader, options } = fitSetup('first', 'step', { checkpoint, ui });
    const run = fitSteps(model, loader, options);
    for (let i = 0; i < 4; i++) run.next();
    await client.tell(await newest(), { command: 'stop' });
    const last = run.next();
    expect([last.done, last.value]).toEqual([true, run.history]);
    expect(run.history.iteration).toBe(4);
    const next = fitSetup('first', 'step', { checkpoint, resume: true, ui });
    for (const { data } of next.model.parameters()) data.data.fill(7);
    expect(finishedFit(next, fitSteps(next.model, next.loader, next.options))).toEqual(wholeFit('first', 'step'));
    const id = await newest();
    await client.until(id, ({ state }) => state === 'finished');
    expect((await client.points(id)).iterations).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
  });

  test('a Solver that is stopped and resumed has the bits of one that was not', async () => {
    const checkpoint = { dir: folder.dir, every: 1000 };
    const steps = makeSolver({ checkpoint, ui }).steps();
    for (let i = 0; i < 6; i++) steps.next();
    await client.tell(await newest(), { command: 'stop' });
    expect(steps.next()).toEqual({ done: true, value: undefined });
    const solver = makeSolver({ checkpoint, resume: true, ui }, dropoutNet('another'));
    expect(solver.iteration).toBe(5);
    await solver.trainAsync();
    const plain = makeSolver();
    plain.train();
    expect(bitsOf(solver.stateDict())).toEqual(bitsOf(plain.stateDict()));
  });

  test('the learning rate of a Solver, which decays from there; it is saved', async () => {
    const options: SolverOptions = { ui, checkpoint: { dir: folder.dir, every: 1 } };
    const solver = makeSolver(options);
    const steps = solver.steps();
    for (let i = 0; i < 9; i++) steps.next();
    await client.tell(await newest(), { command: 'learningRate', value: 0.01 });
    steps.next();
    steps.return();
    const resumed = makeSolver({ ...options, resume: true }, dropoutNet('another'));
    const { configs } = resumed.stateDict();
    expect(resumed.iteration).toBe(8);
    expect(Object.values(configs).map((config) => (config as { learningRate: number }).learningRate)).toEqual(
      Object.keys(configs).map(() => 0.01),
    );
  });

  test('a rate that was set is in the checkpoint of a run that stops then', async () => {
    const checkpoint = { dir: folder.dir, every: 1 };
    const { model, loader, options } = fitSetup('first', 'epoch', { checkpoint, ui });
    const run = fitSteps(model, loader, options);
    run.next();
    const id = await newest();
    await client.tell(id, { command: 'learningRate', value: 0.5 });
    await client.tell(id, { command: 'stop' });
    run.next();
    const next = fitSetup('first', 'epoch', { checkpoint, resume: true });
    fitSteps(next.model, next.loader, next.options);
    expect(next.options.optimizer.paramGroups?.[0].lr).toBe(0.5);
  });

  test('a blocking run waits while it is paused, and goes on', async () => {
    const solver = makeSolver({ ui });
    const steps = solver.steps();
    steps.next();
    const id = await newest();
    await client.tell(id, { command: 'pause' });
    const program = `
      const { workerData } = require('node:worker_threads');
      setTimeout(() => fetch(workerData, {
        method: 'POST',
        headers: { 'X-Layerwise': '1', 'Content-Type': 'application/json' },
        body: '{"command":"resume"}',
      }), 300);`;
    const workerData = new URL(`api/runs/${id}/command`, client.address).href;
    new Worker(program, { eval: true, workerData }).unref();
    await turn(50);
    const start = performance.now();
    steps.next();
    expect(performance.now() - start).toBeGreaterThan(100);
    for (const _ of steps);
    const plain = makeSolver();
    plain.train();
    expect(bitsOf(solver.stateDict())).toEqual(bitsOf(plain.stateDict()));
  });

  test('a signal ends a pause', async () => {
    // The first step tells itself to pause, so the run cannot be over before it hears it.
    const onStep = async ({ iteration }: { iteration: number }) => {
      if (iteration === 1) await client.tell(await newest(), { command: 'pause' });
    };
    const { model, loader, options } = fitSetup('first', 'step', { ui, onStep });
    const stop = new AbortController();
    const run = fitAsync(model, loader, { ...options, signal: stop.signal });
    await turn();
    const id = await newest();
    await client.until(id, ({ state }) => state === 'paused');
    stop.abort(new Error('enough'));
    await expect(run).rejects.toThrow('enough');
    expect((await client.until(id, ({ state }) => state !== 'paused')).state).not.toBe('failed');
  });
});

test('a run that fails says why', async () => {
  const { model, loader, options } = fitSetup('first', 'step', { ui });
  const loss = () => {
    throw new Error('no loss today');
  };
  expect(() => fit(model, loader, { ...options, loss })).toThrow('no loss today');
  const id = await newest();
  expect(await client.until(id, ({ state }) => state === 'failed')).toMatchObject({ message: 'no loss today' });
});

test('a port that is taken is an error before the first step', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  const { model, loader, options } = fitSetup('first', 'step', { ui: { port }, checkpoint: { dir: folder.dir } });
  const said = `port ${port} is in use: choose another, or leave it out`;
  expect(() => fit(model, loader, options)).toThrow(`fit: ${said}`);
  const solver = makeSolver({ ui: { port } });
  expect(() => solver.train()).toThrow(`Solver: ${said}`);
  expect(solver.iteration).toBe(0);
  expect(checkpointsIn(folder.dir)).toEqual([]);
  await new Promise((resolve) => other.close(resolve));
});

test('a run that names the port of a page of this process is on that page, and hears its address', async () => {
  makeSolver({ numEpochs: 1, ui: { ...ui, config: { at: () => 1, when: new Date(0) } } }).train();
  const { port, href } = new URL(client.address);
  const heard: string[] = [];
  makeSolver({ numEpochs: 1, ui: { port: Number(port), onListen: (address) => heard.push(address) } }).train();
  expect(heard).toEqual([href]);
  const { runs } = await client.runs();
  expect(runs[1].info.config).toEqual({ when: '1970-01-01T00:00:00.000Z' });
});

test('the address is printed; that of another host has a token', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  makeSolver({ numEpochs: 1, ui: { host: '0.0.0.0', port: 0 } }).train();
  const [, address, token] =
    /^Live page: (http:\/\/0\.0\.0\.0:\d+\/)\?token=([\w-]{32})$/.exec(log.mock.calls[0][0]) ?? [];
  const local = address.replace('0.0.0.0', '127.0.0.1');
  expect((await fetch(`${local}api/runs`)).status).toBe(401);
  expect((await fetch(`${local}api/runs`, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(200);
});
