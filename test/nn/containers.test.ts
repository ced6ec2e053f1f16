import { describe, expect, test } from 'vitest';
import { zeros } from '../../src/arrays/index.js';
import { F, type Tensor, type TensorLike } from '../../src/autograd/index.js';
import * as nn from '../../src/nn/index.js';
import { pretend } from '../helpers/pretend.js';

const linear = (n = 2) => new nn.Linear(n, n);

describe('ModuleList', () => {
  test('is a list', () => {
    const [a, b, c, d] = [linear(), linear(), linear(), linear()];
    const list = new nn.ModuleList([a, b]);
    expect(list.push(c)).toBe(3);
    expect(list.insert(1, d)).toBe(list);
    expect([...list]).toEqual([a, d, b, c]);
    expect([list.length, list.at(0), list.at(-1)]).toEqual([4, a, c]);
    expect(list.pop(1)).toBe(d);
    expect(list.pop()).toBe(c);
    expect([...list.extend([c, d]).set(-1, a).append(b)]).toEqual([a, b, c, a, b]);
    expect([...list.insert(list.length, d)].at(-1)).toBe(d);
    expect([...new nn.ModuleList()]).toEqual([]);
    expect([...new nn.ModuleList(new Set([a, b]))]).toEqual([a, b]);
  });

  test('gives its modules the names of PyTorch', () => {
    class Net extends nn.Module {
      readonly blocks = new nn.ModuleList([linear(), linear()]);
      override forward(x: TensorLike): Tensor {
        let h = F.flatten(x);
        for (const block of this.blocks) h = block.forward(h);
        return h;
      }
    }
    const net = new Net();
    expect(Object.keys(net.stateDict())).toEqual(
      ['0.weight', '0.bias', '1.weight', '1.bias'].map((k) => `blocks.${k}`),
    );
    expect(String(net)).toBe('Net(\n  (blocks): ModuleList(\n    (0): Linear(2, 2)\n    (1): Linear(2, 2)\n  )\n)');
    expect(net.forward(zeros([3, 2])).shape).toEqual([3, 2]);
    expect(net.eval().blocks.at(1).training).toBe(false);
    expect(net.summary([2]).totalParameters).toBe(12);
    expect(String(new nn.ModuleList())).toBe('ModuleList()');
  });

  test.each<[string, () => unknown, string]>([
    ['no list', () => new nn.ModuleList(pretend(linear())), 'ModuleList: modules is a Linear, expected a list'],
    ['what is no module', () => new nn.ModuleList(pretend([1])), 'ModuleList: module 0 is 1, expected a Module'],
    [
      'a place that is not there',
      () => new nn.ModuleList([linear()]).at(1),
      'ModuleList: i is 1, expected a place among',
    ],
    ['to insert behind the end', () => new nn.ModuleList().insert(1, linear()), 'ModuleList: i is 1, expected a place'],
    [
      'to run',
      () => new nn.ModuleList([linear()]).forward(),
      'ModuleList: forward is not defined: call its modules in the forward of the module that holds it, or use nn.Seq',
    ],
  ])('refuses %s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });

  test('extend adds all or none', () => {
    const list = new nn.ModuleList([linear()]);
    expect(() => list.extend(pretend([linear(), null]))).toThrow('ModuleList: module 2 is null, expected a Module');
    expect(list.length).toBe(1);
  });
});

describe('ModuleDict', () => {
  test('is a dict', () => {
    const [a, b, c] = [linear(), linear(), linear()];
    const dict = new nn.ModuleDict({ a, b });
    expect([dict.size, dict.get('b'), dict.has('a'), dict.has('c')]).toEqual([2, b, true, false]);
    expect(dict.set('c', c)).toBe(dict);
    expect([...dict.keys()]).toEqual(['a', 'b', 'c']);
    expect([...dict.values()]).toEqual([a, b, c]);
    expect([...dict]).toEqual([...dict.entries()]);
    expect(dict.pop('a')).toBe(a);
    expect([dict.delete('b'), dict.delete('b')]).toEqual([true, false]);
    expect([...dict.update(new Map([['d', a]]))]).toEqual([
      ['c', c],
      ['d', a],
    ]);
    expect([...new nn.ModuleDict(dict)]).toEqual([...dict]);
    expect([...new nn.ModuleDict([['x', a]]).keys()]).toEqual(['x']);
    dict.clear();
    expect(dict.size).toBe(0);
  });

  test('gives its modules the names of PyTorch', () => {
    const dict = new nn.ModuleDict({ 10: linear(), head: new nn.ReLU() });
    expect(Object.keys(dict.stateDict())).toEqual(['10.weight', '10.bias']);
    expect(String(dict)).toBe('ModuleDict(\n  (10): Linear(2, 2)\n  (head): ReLU()\n)');
    expect(dict.parameters()).toHaveLength(2);
  });

  test.each<[string, () => unknown, string]>([
    ['what is no module', () => new nn.ModuleDict(pretend({ a: 1 })), "ModuleDict: module 'a' is 1, expected a Module"],
    ['a dot', () => new nn.ModuleDict({ 'a.b': linear() }), "ModuleDict: name is 'a.b', expected a text without a dot"],
    ['an empty name', () => new nn.ModuleDict().set('', linear()), "ModuleDict: name is '', expected a text"],
    ['a number as name', () => new nn.ModuleDict().set(pretend(1), linear()), 'ModuleDict: name is 1, expected a text'],
    [
      'modules without names',
      () => new nn.ModuleDict(pretend([new nn.ReLU()])),
      'ModuleDict: modules[0] is a ReLU, expected a pair of name and module',
    ],
    ['no object', () => new nn.ModuleDict(pretend(1)), 'ModuleDict: modules is 1, expected an object of modules'],
    [
      'an unknown name',
      () => new nn.ModuleDict({ a: linear() }).get('b'),
      "ModuleDict: name is 'b', expected one of 'a'",
    ],
    ['any name when empty', () => new nn.ModuleDict().pop('b'), "ModuleDict: name is 'b', expected none, it is empty"],
    ['to run', () => new nn.ModuleDict().forward(), 'ModuleDict: forward is not defined: call its modules'],
  ])('refuses %s', (_, fn, message) => {
    expect(fn).toThrow(message);
  });
});
