import { describe, expect, test } from 'vitest';
import { array, type ColorJitterOptions, full, Random, transforms, zeros } from '../../../src/index.js';

const pixel = (r: number, g: number, b: number) => array([r, g, b], [1, 3, 1, 1], 'float64');
const changed = (options: ColorJitterOptions, ...rgb: [number, number, number]) => [
  ...transforms.colorJitter(options)(pixel(...rgb), new Random(0)).data,
];

describe('colorJitter', () => {
  test('by hand: each change alone, cut to the range', () => {
    expect(changed({ brightness: [2, 2] }, 10, 100, 200)).toEqual([20, 200, 255]);
    expect(changed({ brightness: [2, 2], max: 1 }, 0.25, 0.5, 0.75)).toEqual([0.5, 1, 1]);
    expect(changed({ contrast: [0, 0] }, 100, 100, 100).map(Math.round)).toEqual([100, 100, 100]);
    expect(changed({ saturation: [0, 0] }, 0, 100, 0)).toEqual([58.7, 58.7, 58.7].map((n) => expect.closeTo(n)));
    // A third of the circle turns red into green.
    expect(changed({ hue: [1 / 3, 1 / 3] }, 200, 0, 0)).toEqual([0, 200, 0].map((n) => expect.closeTo(n)));
  });

  test('with neutral settings is the identity, and draws what it always draws', () => {
    const X = new Random(1).rand([4, 3, 2, 5]);
    const random = new Random(2);
    expect(transforms.colorJitter({ max: 1 })(X, random)).toEqualBits(X);
    const other = new Random(2);
    transforms.colorJitter({ hue: 0.5, brightness: 1 })(zeros([4, 3, 1, 1]), other);
    expect(random.state()).toEqual(other.state());
  });

  test('gives every image factors of its own, in the range', () => {
    const N = 4000;
    const X = full([N, 3, 1, 1], 100, 'float64');
    const out = transforms.colorJitter({ brightness: 0.4 })(X, new Random(4));
    const factors = Float64Array.from({ length: N }, (_, n) => out.data[3 * n] / 100);
    expect(Math.min(...factors)).toBeGreaterThan(0.6);
    expect(Math.min(...factors)).toBeLessThan(0.61);
    expect(Math.max(...factors)).toBeLessThan(1.4);
    expect(Math.max(...factors)).toBeGreaterThan(1.39);
    expect(factors.reduce((sum, f) => sum + f) / N).toBeCloseTo(1, 1);
  });

  test.each<[options: object, message: string]>([
    [{ brightness: -1 }, 'brightness is -1, expected a number ≥ 0, or [least, largest] factor ≥ 0'],
    [{ contrast: [2, 1] }, 'contrast is [2, 1], expected a number ≥ 0, or [least, largest] factor ≥ 0'],
    [{ hue: 0.6 }, 'hue is 0.6, expected a number from 0 to 0.5, or [least, largest] from -0.5 to 0.5'],
    [{ max: 0 }, 'max is 0, expected a number > 0'],
    [{ colour: 1 }, "unknown option 'colour', expected brightness, contrast, saturation, hue, max"],
  ])('names the option that is wrong: %j', (options, message) => {
    expect(() => transforms.colorJitter(options)).toThrow(`colorJitter: ${message}`);
  });

  test('needs colours or greys', () => {
    const run = () => transforms.colorJitter()(zeros([1, 2, 3, 3]), new Random(0));
    const message = 'colorJitter: X has 2 channels, expected 3 (red, green, blue) or 1 (grey)';
    expect(run).toThrow(expect.objectContaining({ name: 'ShapeError', message }));
  });
});
