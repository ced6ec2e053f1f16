import { appendFileSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { FolderSource } from '../../src/runs/index.js';
import type { Update } from '../../src/ui/index.js';
import { recordedRun, twoEpochs } from '../helpers/recorded-run.js';
import { runFolder } from '../helpers/run-folder.js';

const folder = runFolder();
let source: FolderSource | null = null;

afterEach(() => {
  source?.close();
  vi.useRealTimers();
});

/** A source of the folder. @returns What it tells in the next looks. */
function watched(learn: ConstructorParameters<typeof FolderSource>[2]['learn'] = null) {
  vi.useFakeTimers({ toFake: ['setInterval', 'setTimeout'] });
  source = new FolderSource('ui', folder.root, { title: 'runs', version: '1.2.3', learn });
  const updates: Update[] = [];
  source.subscribe((update) => updates.push(update));
  const look = (): Update[] => {
    vi.advanceTimersByTime(1000);
    return updates.splice(0);
  };
  return { source, look };
}

const line = (event: object): string => `${JSON.stringify(event)}\n`;

test('runs are listed by their names, with what each has come to', () => {
  for (const name of ['net-10', 'net-9', 'net-1']) recordedRun(folder.root, name, twoEpochs());
  writeFileSync(join(folder.root, 'a file'), '');
  const { source, look } = watched();
  const list = source.list();
  expect(list).toMatchObject({ source: 'folder', title: 'runs', version: '1.2.3' });
  expect(list.runs.map(({ info }) => info.id)).toEqual(['net-1', 'net-9', 'net-10']);
  expect(list.runs[0]).toMatchObject({ best: { valAcc: 0.5 }, last: { valAcc: 0.4 }, status: { state: 'finished' } });
  expect(list.runs[0].info.isControllable).toBe(false);
  const points = new Float64Array(source.points('net-1', 2)?.slice().buffer ?? new ArrayBuffer(0));
  expect([...points]).toEqual([3, 4, Number.NaN, 0.5, 0.1, 0.1]);
  expect(look()).toEqual([]);
});

test('what is no run of the folder is not there', () => {
  recordedRun(folder.root, 'net-1', twoEpochs());
  const { source } = watched();
  for (const id of ['net-2', '', '.', '..', '../net-1', 'net-1/checkpoints', join(folder.root, 'net-1')]) {
    expect(source.snapshot(id)).toBeNull();
    expect(source.points(id, 0)).toBeNull();
  }
  expect(source.command).toBeNull();
});

test('what is appended is told, also where half a line was', () => {
  const events = twoEpochs(null);
  const run = recordedRun(folder.root, 'net-1', events.slice(0, 3));
  const { source, look } = watched();
  const file = join(run.dir, 'metrics.jsonl');
  appendFileSync(file, line(events[3]) + line(events[4]).slice(0, 20));
  const [epoch, status] = look();
  expect(epoch).toMatchObject({ kind: 'epoch', run: 'net-1', place: 0, row: { valAcc: 0.5 } });
  expect(status).toMatchObject({ kind: 'status', status: { points: 2, epoch: 1 } });
  appendFileSync(file, line(events[4]).slice(20));
  expect(look()).toMatchObject([{ kind: 'status', status: { points: 3, iteration: 3 } }]);
  expect(source.snapshot('net-1')).toMatchObject({ epochs: [{ valAcc: 0.5 }], status: { points: 3 } });
  expect(look()).toEqual([]);
});

test('a run that is cut back, replaced, made or removed is told', () => {
  const run = recordedRun(folder.root, 'net-1', twoEpochs());
  const { look } = watched();
  const file = join(run.dir, 'metrics.jsonl');
  writeFileSync(file, twoEpochs().slice(0, 2).map(line).join(''));
  expect(look()).toEqual([{ kind: 'run', run: 'net-1' }]);
  recordedRun(folder.root, 'net-2', twoEpochs());
  expect(look()).toEqual([{ kind: 'run', run: 'net-2' }]);
  rmSync(run.dir, { recursive: true });
  expect(look()).toEqual([{ kind: 'gone', run: 'net-1' }]);
  cpSync(join(folder.root, 'net-2'), run.dir, { recursive: true });
  writeFileSync(join(folder.root, 'net-2', 'config.json'), '{');
  expect(look()).toEqual([{ kind: 'run', run: 'net-1' }]);
});

test('what a model shows is looked at once, when somebody looks at its run', async () => {
  recordedRun(folder.root, 'net-1', twoEpochs());
  const learn = vi.fn(async () => ({ classes: ['a', 'b'], layers: [], insight: null }));
  const { source, look } = watched(learn);
  expect(source.snapshot('net-1')?.info.classes).toBeNull();
  // A page asks for the points first, which wait where this thread is busy.
  await vi.advanceTimersByTimeAsync(200);
  expect(learn).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(look()).toEqual([{ kind: 'reload', run: 'net-1' }]);
  expect(source.snapshot('net-1')?.info.classes).toEqual(['a', 'b']);
  await vi.advanceTimersByTimeAsync(400);
  expect(learn).toHaveBeenCalledTimes(1);
});
