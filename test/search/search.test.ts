import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SearchFolder } from '../../src/search/folder.js';
import { type SearchOptions, search } from '../../src/search/search.js';
import { choice, type Parameters, space, uniform } from '../../src/search/space/index.js';
import type { Metrics, Outcome, Report, Trial } from '../../src/search/types.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'layerwise-search-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const SLOW = { tags: 'slow' };
const X = space({ x: uniform(0, 1) });

/** Trains: its loss falls with each epoch, and where it has come to is in its folder. */
function train({ x }: { readonly x: number }, seed: number, report: Report): Metrics {
  const file = join(report.dir, 'epoch');
  let epoch = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  let loss = x + seed;
  while (epoch < (report.epochs ?? 2)) {
    epoch++;
    loss = x + seed + 1 / epoch;
    writeFileSync(file, String(epoch));
    if (!report(epoch, { loss })) break;
  }
  return { loss, epoch };
}

function options(more: Partial<SearchOptions<{ readonly x: number }>> = {}) {
  return { trial: train, space: X, metric: 'loss', mode: 'min', folder, ...more } as const;
}

function plain({ job, metrics, error }: Outcome): unknown {
  return { ...job, metrics, error };
}

test('finds the best, and writes each outcome once', async () => {
  const heard: number[] = [];
  const onReport: SearchOptions['onReport'] = (_, epoch) => heard.push(epoch);
  const strategy = { name: 'halving', trials: 4, epochs: 4, eta: 2 } as const;
  const { best, config, outcomes } = await search(options({ strategy, onReport }));
  expect(outcomes).toHaveLength(4 + 2 + 1);
  expect(best?.job).toMatchObject({ rung: 2, epochs: 4 });
  expect(config?.x).toBe(Math.min(...outcomes.map(({ job }) => Number(job.config.x))));
  expect(heard).toHaveLength(4 * 1 + 2 * 1 + 1 * 2);
  const lines = readFileSync(join(folder, 'results.jsonl'), 'utf8').trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(outcomes.map(({ job, ...rest }) => ({ ...job, ...rest })));
  const search1 = SearchFolder.open('test', folder);
  expect(search1.reports(best?.job as Outcome['job']).map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
});

test('a search that was ended goes on, and does only what is missing', SLOW, async () => {
  const strategy = { name: 'halving', trials: 9, epochs: 9 } as const;
  const { outcomes } = await search({ ...options({ strategy }), folder: null });
  const controller = new AbortController();
  let done = 0;
  const onOutcome = () => {
    if (++done === 10) controller.abort(new Error('enough'));
  };
  await expect(search(options({ strategy, onOutcome, signal: controller.signal }))).rejects.toThrow('enough');
  const isNew: boolean[] = [];
  const again = await search(options({ strategy, onOutcome: (_, fresh) => isNew.push(fresh) }));
  expect(again.outcomes.map(plain)).toEqual(outcomes.map(plain));
  expect(isNew.filter(Boolean)).toHaveLength(3);
  expect(readdirSync(folder).sort()).toEqual(['results.jsonl', 'search.json', 'trials']);
});

test('more trials at random go on with those of before', SLOW, async () => {
  const few = await search(options({ strategy: { name: 'random', trials: 2 } }));
  const many = await search(options({ strategy: { name: 'random', trials: 4 } }));
  expect(many.outcomes.slice(0, 2)).toEqual(few.outcomes);
  await expect(search(options({ strategy: { name: 'random', trials: 3 } }))).rejects.toThrow(
    `search: ${folder} has another search: strategy trials is 4 there, 3 here: name another folder, or delete this one`,
  );
});

test('a trial that fails is an outcome, and is not run again', SLOW, async () => {
  let calls = 0;
  const trial: Trial<{ readonly x: number }> = ({ x }, seed, report) => {
    calls++;
    if (x > 0.6) throw new Error('out of\nrange');
    return { ...train({ x }, seed, report), loss: x > 0.5 ? Number.NaN : x };
  };
  const { outcomes, best } = await search(options({ trial, strategy: { name: 'random', trials: 8 } }));
  const failed = outcomes.filter(({ error }) => error !== null);
  expect(failed.length).toBeGreaterThan(0);
  for (const { metrics, error, job } of failed) {
    expect([metrics, error]).toEqual([null, 'out of']);
    expect(readFileSync(join(folder, 'trials', job.id, 'error.txt'), 'utf8')).toContain('search.test.ts');
  }
  expect(best?.metrics?.loss).toBeLessThan(0.5);
  await search(options({ trial, strategy: { name: 'random', trials: 8 } }));
  expect(calls).toBe(8);
});

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'trial: its metrics are undefined, expected numbers by name, { valAcc: 0.5 }'],
  ['a text', { loss: 'low' }, "trial: its metrics are loss: 'low', expected numbers by name"],
  ['another name', { acc: 1 }, 'trial: its metrics are acc, expected one named loss, which the search is after'],
])('a trial that returns %s has failed', async (_, metrics, message) => {
  const trial = () => metrics as Metrics;
  const { outcomes, best } = await search(options({ trial, strategy: { name: 'random', trials: 1 } }));
  expect(outcomes[0].error).toContain(message);
  expect(best).toBe(null);
});

test('an aborted search tells the trial to stop, and leaves it for the next start', SLOW, async () => {
  const controller = new AbortController();
  const onReport = () => controller.abort(new Error('enough'));
  const strategy = { name: 'random', trials: 2, epochs: 3 } as const;
  await expect(search(options({ strategy, onReport, signal: controller.signal }))).rejects.toThrow('enough');
  expect(SearchFolder.open('test', folder).outcomes()).toEqual([]);
  const { outcomes } = await search(options({ strategy }));
  expect(outcomes.map(({ stopped, metrics }) => [stopped, metrics?.epoch])).toEqual([
    [false, 3],
    [false, 3],
  ]);
});

test("an error of a callback ends the search, and is not the trial's", SLOW, async () => {
  const fails = () => {
    throw new Error('no space for plots');
  };
  for (const callback of [{ onReport: fails }, { onOutcome: fails }]) {
    await expect(search(options(callback))).rejects.toThrow('no space for plots');
  }
  const { outcomes } = await search(options({ strategy: { name: 'random', trials: 20 } }));
  expect(outcomes.map(({ error }) => error)).toEqual(outcomes.map(() => null));
});

test('a trial whose folder has a file stop is told so', async () => {
  const trial: Trial<{ readonly x: number }> = (config, seed, report) => {
    writeFileSync(join(report.dir, 'stop'), '');
    return train(config, seed, report);
  };
  const { outcomes } = await search(options({ trial, strategy: { name: 'random', trials: 2, epochs: 5 } }));
  expect(outcomes.map(({ stopped, metrics }) => [stopped, metrics?.epoch])).toEqual([
    [true, 1],
    [true, 1],
  ]);
});

test('medianStop stops what is worse than most', SLOW, async () => {
  const strategy = { name: 'random', trials: 9, epochs: 6, medianStop: 2 } as const;
  const { outcomes } = await search(options({ strategy }));
  const stopped = outcomes.filter((outcome) => outcome.stopped);
  expect(stopped.length).toBeGreaterThan(1);
  for (const { metrics } of stopped) expect(metrics?.epoch).toBeLessThan(6);
});

test('the folder of a running search is refused', SLOW, async () => {
  let inner: Promise<unknown> | undefined;
  const trial: Trial = async () => {
    inner ??= search(options());
    await inner.catch(() => {});
    return { loss: 1 };
  };
  await search(options({ trial, strategy: { name: 'random', trials: 1 } }));
  await expect(inner).rejects.toThrow(/is being written by another run of this process|has another search/);
});

describe('what is wrong is refused before anything is made', () => {
  test.each<[string, Partial<Record<keyof SearchOptions, unknown>>, string]>([
    [
      'no trial',
      { trial: 3 },
      "search: trial is 3, expected the file of a trial, 'FILE' or 'FILE#NAME', or a function",
    ],
    ['no metric', { metric: undefined }, 'search: metric is undefined, expected a text'],
    ['no mode', { mode: 'best' }, "search: mode is 'best', expected 'max' or 'min'"],
    [
      'no space',
      { space: undefined },
      'search: space is missing, expected a space, since the trial was defined without',
    ],
    ['a list', { space: [] }, 'search: space is [], expected what space(…) returned, or its parameters'],
    ['an empty range', { space: { x: uniform(2, 1) } }, 'space: x goes from 2 to 1, expected low < high'],
    ['an option', { wokers: 2 } as object, "search: unknown option 'wokers', expected metric, mode, seed, trial"],
    [
      'workers',
      { workers: 2 },
      'search: trial is a function, which other processes do not have: export it from a file',
    ],
    [
      'points of nothing',
      { strategy: { name: 'grid', points: { xs: 3 } } },
      "search: strategy grid: points has 'xs', expected names of ranges: x; did you mean x?",
    ],
    [
      'a huge grid',
      { space: { x: uniform(0, 1), y: uniform(0, 1) }, strategy: { name: 'grid', points: 1001 } },
      'space: the grid has more than 1000000 configs: take fewer points of each range',
    ],
    ['a seed', { seed: -1 }, 'search: seed is -1, expected a whole number ≥ 0'],
  ])('%s', async (_, wrong, message) => {
    const dir = join(folder, 'new');
    await expect(search({ ...options(), folder: dir, ...wrong } as never)).rejects.toThrow(message);
    expect(existsSync(dir)).toBe(false);
  });

  test.each<[string, object, string]>([
    ['another range', { space: { x: uniform(0, 2) } }, 'space x is {"uniform":[0,1]} there, {"uniform":[0,2]} here'],
    ['a name more', { space: { x: uniform(0, 1), y: choice(1) } }, 'space y is missing there, {"choice":[1]} here'],
    ['another seed', { seed: 1 }, 'seed is 0 there, 1 here'],
    ['another strategy', { strategy: 'tpe' }, "strategy name is 'random' there, 'tpe' here"],
    ['another metric', { metric: 'acc' }, "metric is 'loss' there, 'acc' here"],
  ])('a folder that has a search: %s', SLOW, async (_, other, message) => {
    await search(options({ strategy: { name: 'random', trials: 1 } }));
    const before = readFileSync(join(folder, 'search.json'), 'utf8');
    const strategy = { name: 'random', trials: 1 } as const;
    await expect(search({ ...options({ strategy }), ...other } as never)).rejects.toThrow(
      `search: ${folder} has another search: ${message}: name another folder, or delete this one`,
    );
    expect(readFileSync(join(folder, 'search.json'), 'utf8')).toBe(before);
  });

  test('the order of names, which what is drawn depends on', SLOW, async () => {
    const strategy = { name: 'random', trials: 1 } as const;
    const parameters: Parameters = { x: uniform(0, 1), y: 1 };
    await search(options({ strategy, space: parameters }));
    await expect(search(options({ strategy, space: { y: 1, x: uniform(0, 1) } }))).rejects.toThrow(
      'the order of its space is x, y, here y, x',
    );
  });

  test('damaged files', SLOW, async () => {
    expect(() => SearchFolder.open('test', folder)).toThrow(`test: ${folder} has no search.json, expected the folder`);
    writeFileSync(join(folder, 'search.json'), '{"space": {}');
    await expect(search(options())).rejects.toThrow(`search: ${join(folder, 'search.json')} is damaged: `);
    rmSync(join(folder, 'search.json'));
    const { outcomes } = await search(options({ strategy: { name: 'random', trials: 1 } }));
    const rung = join(folder, 'trials', outcomes[0].job.id, 'rung-0.json');
    writeFileSync(rung, '{');
    await expect(search(options({ strategy: { name: 'random', trials: 1 } }))).rejects.toThrow(
      `search: ${rung} is no outcome: '{': delete it, so that the trial runs again`,
    );
  });
});

test("an outcome that is none, or another trial's, is said; a copy of a folder is no trial", SLOW, async () => {
  const whole = options({ strategy: { name: 'random', trials: 2 } });
  const [a, b] = (await search(whole)).outcomes.map(({ job }) => join(folder, 'trials', job.id));
  cpSync(a, join(folder, 'trials', 'copy'), { recursive: true });
  expect((await search(whole)).outcomes).toHaveLength(2);
  const text = readFileSync(join(a, 'rung-0.json'), 'utf8');
  const other = readFileSync(join(b, 'rung-0.json'), 'utf8');
  for (const damaged of ['null', '[]', '{"job":{"id":"x"}}', text.replace('"metrics"', '"metric"'), other]) {
    writeFileSync(join(a, 'rung-0.json'), damaged);
    await expect(search(whole)).rejects.toThrow(
      /rung-0.json is (no outcome: |the outcome of another trial, rung 0 of )/,
    );
  }
  // Who deletes all trials wants them again.
  rmSync(join(folder, 'trials'), { recursive: true });
  expect((await search(whole)).outcomes).toHaveLength(2);
});

test('lines that are no reports are skipped', async () => {
  const whole = options({ strategy: { name: 'random', trials: 1 } });
  const [{ job }] = (await search(whole)).outcomes;
  const lines = [
    'null',
    '3',
    '{"epoch":1}',
    '{"rung":0,"epoch":"1","metrics":{}}',
    '{"rung":0,"epoch":9,"metrics":{}}',
  ];
  writeFileSync(join(folder, 'trials', job.id, 'reports.jsonl'), lines.join('\n'));
  await search(whole);
  expect(SearchFolder.open('test', folder).reports(job)).toEqual([{ rung: 0, epoch: 9, metrics: {} }]);
});

test('a trial that throws what has no text has failed, and the search goes on', async () => {
  const thrown = [
    Object.create(null),
    Symbol('no'),
    {
      get message(): string {
        throw new Error('a getter');
      },
    },
  ];
  const trial = () => {
    throw thrown.pop();
  };
  const { outcomes } = await search(options({ trial, strategy: { name: 'random', trials: 3 } }));
  expect(outcomes.map(({ error }) => error)).toEqual(['an object', 'Symbol(no)', 'an object']);
});

test('a trial that a CommonJS module is, and names without a guess', SLOW, async () => {
  const file = join(folder, 'trial.cjs');
  const line = "const { defineTrial } = require('layerwise/search');";
  writeFileSync(file, `${line} module.exports = defineTrial(({ x }) => ({ loss: x }));`);
  const there = { strategy: { name: 'random', trials: 1 }, folder: join(folder, 's') } as const;
  expect((await search(options({ trial: file, ...there }))).outcomes[0].error).toBeNull();
  const two = join(folder, 'two.cjs');
  writeFileSync(two, `${line} for (const name of ['a', 'b']) exports[name] = defineTrial(() => ({ loss: 1 }));`);
  await expect(search(options({ trial: two, ...there }))).rejects.toThrow(/expected FILE#NAME with one of a, b$/);
});

test('lines that were half-written are skipped, and the next one is whole', SLOW, async () => {
  const { outcomes } = await search(options({ strategy: { name: 'random', trials: 1 } }));
  const { job } = outcomes[0];
  mkdirSync(join(folder, 'trials', job.id), { recursive: true });
  rmSync(join(folder, 'trials', job.id, 'rung-0.json'));
  rmSync(join(folder, 'trials', job.id, 'epoch'));
  writeFileSync(join(folder, 'trials', job.id, 'reports.jsonl'), '{"rung":0,"epoch":1,"metrics":{"loss":7}}\n{"rung"');
  await search(options({ strategy: { name: 'random', trials: 1 } }));
  const reports = SearchFolder.open('test', folder).reports(job);
  expect(reports.map(({ epoch, metrics }) => [epoch, metrics.loss === 7])).toEqual([
    [1, false],
    [2, false],
  ]);
});

test('the lock shows signs of life while a trial keeps the thread busy', SLOW, async () => {
  const lock = join(folder, '.search.lock');
  const beats: number[] = [];
  const trial = () => {
    beats.push(statSync(lock).mtimeMs);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1300);
    return { loss: statSync(lock).mtimeMs };
  };
  const { outcomes } = await search(options({ trial, strategy: { name: 'random', trials: 1 } }));
  expect(outcomes[0].metrics?.loss).toBeGreaterThan(beats[0]);
  expect(existsSync(lock)).toBe(false);
});
