import { Random } from '../../src/arrays/index.js';
import { parametersOf } from '../../src/search/report/parameters.js';
import type { SearchView, TrialView } from '../../src/search/report/view.js';
import { choice, integer, logUniform, space, uniform, when } from '../../src/search/space/index.js';

const SPACE = space({
  lr: logUniform(1e-4, 1e-1),
  hidden: integer(32, 512),
  act: choice('relu', 'gelu'),
  drop: when({ act: 'gelu' }, uniform(0, 0.5)),
  epochs: 9,
});

/** A search over four parameters, one of them conditional, with trials of every state. */
export function searchView(count: number): SearchView {
  const random = new Random(0);
  const trials = Array.from({ length: count }, (_, trial): TrialView => {
    const [a, b, c, d] = random.rand([4]).data;
    const lr = 10 ** (-4 + 3 * a);
    const act = c < 0.5 ? 'relu' : 'gelu';
    const hidden = Math.round(32 + 480 * b);
    const config = { lr, hidden, act, ...(act === 'gelu' && { drop: d / 2 }) };
    const top = 0.5 - 0.05 * (Math.log10(lr) + 2.5) ** 2 + hidden / 5000;
    const epochs = trial % 3 === 0 ? 9 : 3;
    const curve = Array.from({ length: epochs }, (_, e) => {
      const valAcc = top * (1 - Math.exp(-(e + 1) / 3));
      return { epoch: e + 1, metrics: { valAcc, loss: 2 - 2 * valAcc } };
    });
    const state = trial % 10 === 7 ? 'failed' : trial % 3 === 0 ? 'finished' : 'stopped';
    const error = state === 'failed' ? 'the loss is NaN <script>' : null;
    const metrics = state === 'failed' ? null : curve[epochs - 1].metrics;
    return { trial, id: `t${trial}`, config, seed: trial, state, metrics, curve, seconds: 1.5 * epochs, error };
  });
  return {
    name: 'fc <b>',
    strategy: 'asha',
    metric: 'valAcc',
    mode: 'max',
    parameters: parametersOf(SPACE),
    settings: { seed: 0 },
    isComplete: true,
    planned: count,
    trials,
  };
}
