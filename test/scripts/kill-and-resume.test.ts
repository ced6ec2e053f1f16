// @module-tag slow
import { expect, test } from 'vitest';
import { killAndResume } from '../../scripts/kill-and-resume/trials.js';

test('seven runs that are killed at random moments, and resumed, end with the bits of whole ones', {
  timeout: 240_000,
}, async () => {
  const trials = await killAndResume({ runs: 7, jobs: 2, seed: 'tests', mostKills: 2 });
  expect(trials.filter(({ isSame }) => !isSame)).toEqual([]);
  expect(trials.map(({ warnings }) => warnings).join('')).toBe('');
  expect(trials).toHaveLength(7);
  expect(trials.filter(({ kills }) => kills > 0).length).toBeGreaterThan(1);
});
