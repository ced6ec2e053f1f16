import { describe, expect, test } from 'vitest';
import { nn, type Tensor } from '../../src/index.js';

class Frozen extends nn.BatchNorm2d {
  override train(): this {
    return super.train(false);
  }
}

/** Sets its mode, and then that of a part. */
class Partly extends nn.Sequential {
  override train(mode = true): this {
    super.train(mode);
    this.at(0).eval();
    return this;
  }
}

/** A module that is a part of another and may hold it. */
class Holder extends nn.Module {
  other: nn.Module | null = null;
  calls = 0;

  override forward(x: Tensor): Tensor {
    return x;
  }

  override train(mode = true): this {
    this.calls++;
    return super.train(mode);
  }
}

const modes = (model: nn.Module): boolean[] => model.modules().map(({ training }) => training);

describe('train', () => {
  test('a submodule that overrides it is respected', () => {
    const frozen = new Frozen(3);
    const model = new nn.Sequential(new nn.Sequential(frozen, new nn.ReLU()), new nn.Dropout(0.5));
    model.train();
    expect(modes(model)).toEqual([true, true, false, true, true]);
    expect(modes(model.eval())).toEqual([false, false, false, false, false]);
  });

  test.each([true, false])('a method that sets the mode of a part sets all in it (%s)', (isInside) => {
    const partly = new Partly(new nn.Sequential(new nn.Dropout(0.5)), new nn.Dropout(0.5));
    (isInside ? new nn.Sequential(partly) : partly).train();
    expect(modes(partly)).toEqual([true, false, false, true]);
    expect(modes(partly.train(false))).toEqual([false, false, false, false]);
    expect(modes(partly.train())).toEqual([true, false, false, true]);
  });

  test('goes once to what is shared, and ends where a module is in itself', () => {
    const shared = new Holder();
    const model = new nn.Sequential(shared, new nn.Sequential(shared, new nn.Sequential(shared)));
    shared.other = model;
    expect(modes(model.eval())).toEqual([false, false, false, false]);
    expect(shared.calls).toBe(1);
    expect(modes(model.train())).toEqual([true, true, true, true]);
    expect(shared.calls).toBe(2);
  });

  test('an error on the way does not disturb later calls', () => {
    class Refusing extends nn.ReLU {
      override train(): this {
        throw new Error('no');
      }
    }
    const model = new nn.Sequential(new nn.ReLU(), new Refusing());
    expect(() => model.eval()).toThrow('no');
    const other = new nn.Sequential(model.at(0), new nn.ReLU());
    expect(modes(other.train())).toEqual([true, true, true]);
  });
});
