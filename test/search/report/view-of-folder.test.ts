import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SearchFolder } from '../../../src/search/folder.js';
import { appendLine } from '../../../src/search/json-lines.js';
import { planOf } from '../../../src/search/plans/index.js';
import { viewOf } from '../../../src/search/report/view-of-folder.js';
import { choice, space, uniform } from '../../../src/search/space/index.js';
import { type Strategy, strategySettings } from '../../../src/search/strategies.js';
import type { Job, Outcome } from '../../../src/search/types.js';
import { temporaryDir } from '../../helpers/cifar10.js';

const SPACE = space({ a: uniform(0, 1), b: choice('x', 'y'), batch: 10 });

/** The folder of a search that has begun. */
function folderOf(strategy: Strategy): SearchFolder {
  const settings = { trial: null, space: SPACE, strategy: strategySettings('test', strategy), seed: 3 };
  return SearchFolder.create('test', join(temporaryDir(), 'lr'), { ...settings, metric: 'loss', mode: 'min' });
}

function outcomeOf(job: Job, loss: number | null, stopped = false): Outcome {
  return { job, metrics: loss === null ? null : { loss }, error: loss === null ? 'no' : null, stopped, seconds: 2 };
}

test('trials that are done, failed, stopped, running, and to come', () => {
  const folder = folderOf({ name: 'random', trials: 5, epochs: 4 });
  const plan = planOf(folder.settings);
  const jobs = Array.from({ length: 5 }, () => plan.next() as Job);
  folder.complete(outcomeOf(jobs[0], 0.5));
  folder.complete(outcomeOf(jobs[1], null));
  folder.complete(outcomeOf(jobs[2], 0.75, true));
  // What a running trial has written.
  folder.stop(jobs[3]);
  appendLine('test', join(folder.trial(jobs[3]), 'reports.jsonl'), { rung: 0, epoch: 1, metrics: { loss: 2 } });

  const view = viewOf('test', folder);
  expect(view).toMatchObject({ name: 'lr', strategy: 'random', metric: 'loss', mode: 'min', planned: 5 });
  expect(view.isComplete).toBe(false);
  expect(view.settings).toEqual({ batch: 10, epochs: 4, seed: 3 });
  expect(view.parameters.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(view.trials.map(({ trial, state, metrics }) => [trial, state, metrics?.loss])).toEqual([
    [0, 'finished', 0.5],
    [1, 'failed', undefined],
    [2, 'stopped', 0.75],
    [3, 'unfinished', undefined],
  ]);
  expect(view.trials[3].curve).toMatchObject([{ epoch: 1, metrics: { loss: 2 } }]);
  expect(view.trials[1]).toMatchObject({ error: 'no', seconds: 2, config: jobs[1].config, id: jobs[1].id });
});

describe('successive halving', () => {
  test('a trial that did not go on was stopped, and one that goes on has not finished', () => {
    const folder = folderOf({ name: 'halving', trials: 4, epochs: 4, eta: 2 });
    const plan = planOf(folder.settings);
    const run = (count: number): void => {
      for (const job of Array.from({ length: count }, () => plan.next() as Job)) {
        plan.tell(folder.complete(outcomeOf(job, job.trial + 1 - job.rung / 4)));
      }
    };
    const statesOf = (): string[] => viewOf('test', folder).trials.map(({ state }) => state);
    run(4);
    expect(statesOf()).toEqual(['unfinished', 'unfinished', 'stopped', 'stopped']);
    run(2);
    expect(statesOf()).toEqual(['unfinished', 'stopped', 'stopped', 'stopped']);
    run(1);
    const view = viewOf('test', folder);
    expect(statesOf()).toEqual(['finished', 'stopped', 'stopped', 'stopped']);
    expect(view.isComplete).toBe(true);
    expect(view.trials[0]).toMatchObject({ seconds: 6, metrics: { loss: 0.5 } });
  });
});

test('a grid has as many trials as configs', () => {
  const view = viewOf('test', folderOf({ name: 'grid', points: { a: 3 } }));
  expect(view).toMatchObject({ planned: 6, isComplete: false, trials: [] });
  expect(view.settings).toEqual({ batch: 10, points: '{"a":3}', seed: 3 });
});
