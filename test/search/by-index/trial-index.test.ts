import { describe, expect, test } from 'vitest';
import { trialIndex } from '../../../src/search/by-index/trial-index.js';

describe('the number of the trial', () => {
  test.each([
    [{ SLURM_ARRAY_TASK_ID: '3' }, 3],
    [{ JOB_COMPLETION_INDEX: '0' }, 0],
    [{ SLURM_ARRAY_TASK_ID: '', JOB_COMPLETION_INDEX: '15' }, 15],
    [{ SLURM_ARRAY_TASK_ID: '7', JOB_COMPLETION_INDEX: '7' }, 7],
  ])('is that of the environment %j', (env, expected) => {
    expect(trialIndex('search', undefined, 16, env)).toBe(expected);
  });

  test('is what is given, whatever the environment has', () => {
    expect(trialIndex('search', 5, 16, { SLURM_ARRAY_TASK_ID: '3' })).toBe(5);
  });

  test('has to be somewhere', () => {
    expect(() => trialIndex('search', undefined, 16, {})).toThrow(
      'search: index is missing, and so are SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX: ' +
        'start it by sbatch --array or as an Indexed Job of Kubernetes, or give the index',
    );
  });

  test('of two schedulers has to be the same', () => {
    const env = { SLURM_ARRAY_TASK_ID: '3', JOB_COMPLETION_INDEX: '4' };
    expect(() => trialIndex('search', undefined, 16, env)).toThrow(
      'search: index is 3 in SLURM_ARRAY_TASK_ID and 4 in JOB_COMPLETION_INDEX: give the index',
    );
  });

  test.each(['16', '-1', '1.5', 'two', '1e1'])('%s of Slurm is none of 16', (text) => {
    expect(() => trialIndex('search', undefined, 16, { SLURM_ARRAY_TASK_ID: text })).toThrow(
      `search: SLURM_ARRAY_TASK_ID is '${text}', expected a whole number from 0 to 15, ` +
        'one for each of the 16 trials: sbatch --array=0-15',
    );
  });

  test.each([16, -1, 1.5, Number.NaN])('%s is none of 16', (index) => {
    expect(() => trialIndex('search', index, 16, {})).toThrow(
      `search: index is ${index}, expected a whole number from 0 to 15, one for each of the 16 trials`,
    );
  });
});
