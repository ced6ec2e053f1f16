import { describe, expect, test } from 'vitest';
import { F, nn, noGrad, ones, optim, tensor } from '../../src/index.js';
import { CLASSES } from '../helpers/optimizers.js';

describe.each(Object.keys(CLASSES) as (keyof typeof CLASSES)[])('%s and what is no leaf', (name) => {
  const Optimizer = optim[name];
  const w = tensor(ones([2]), { requiresGrad: true });
  const result = F.mul(w, 2);
  const expected =
    'is the result of an operation, expected a leaf: a tensor made with tensor(data, { requiresGrad: true }), or an ' +
    'nn.Parameter. What it was computed from can be trained';

  test('refuses it in each place where parameters are given', () => {
    expect(() => new Optimizer([w, result])).toThrow(new TypeError(`${name}: params[1] ${expected}`));
    const groups = [{ params: [w] }, { params: [result] }];
    expect(() => new Optimizer(groups)).toThrow(new TypeError(`${name}: paramGroups[1].params[0] ${expected}`));
    const optimizer = new Optimizer([w]);
    const add = (): void => optimizer.addParamGroup({ params: [result] });
    expect(add).toThrow(new TypeError(`${name}.addParamGroup: params[0] ${expected}`));
    expect(optimizer.paramGroups).toHaveLength(1);
  });

  test('takes leaves of any kind, and what was computed without recording', () => {
    const leaves = [noGrad(() => F.mul(w, 2)), result.detach(), new nn.Parameter(ones([1])), tensor(ones([1]))];
    expect(() => new Optimizer(leaves)).not.toThrow();
  });
});
