import { expect, test } from 'vitest';
import { metricNames, ranked, scoreOf } from '../../../src/search/report/view.js';
import { searchView } from '../../helpers/search-views.js';

const view = searchView(12);

test('the best comes first, and what has no score last', () => {
  const trials = ranked(view);
  const scores = trials.map((trial) => scoreOf(view, trial));
  const known = scores.filter((score) => score !== null);
  expect(known).toEqual([...known].sort((a, b) => b - a));
  expect(scores.slice(known.length)).toEqual([null]);
  expect(ranked({ ...view, mode: 'min' })[0]).toBe(trials[known.length - 1]);
  expect(ranked({ ...view, mode: 'min' }).at(-1)?.state).toBe('failed');
});

test('a score that is not finite is none, and equal ones keep their order', () => {
  const [first] = view.trials;
  const trials = [Number.NaN, 1, 1, Number.POSITIVE_INFINITY].map((valAcc, trial) => {
    return { ...first, trial, metrics: { valAcc } };
  });
  expect(ranked({ ...view, trials }).map(({ trial }) => trial)).toEqual([1, 2, 0, 3]);
});

test('the metric of the search is the first of all', () => {
  expect(metricNames(view)).toEqual(['valAcc', 'loss']);
  expect(metricNames({ ...view, metric: 'loss' })).toEqual(['loss', 'valAcc']);
  expect(metricNames({ ...view, trials: [] })).toEqual(['valAcc']);
});
