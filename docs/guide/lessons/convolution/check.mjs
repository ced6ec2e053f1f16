// Checks exercise.mjs: node check.mjs

import {
  array,
  convBackwardNaive,
  convForwardNaive,
  evalNumericalGradientArray,
  linspace,
  maxPoolForward as maxPool,
  Random,
  zeros,
} from 'layerwise';
import { lesson, near, unchanged, wrong } from './lesson.mjs';

/** @typedef {import('layerwise').NDArray} NDArray */

const random = new Random(0);
/** @param {...number} shape */
const numbers = (...shape) => random.randn(shape, 'float64');

/** The numbers from 1 on. @param {...number} shape */
function counted(...shape) {
  const size = shape.reduce((product, length) => product * length, 1);
  return array(linspace(1, size, size), shape);
}

/** Whether an array is what it is compared with. @param {unknown} found @param {unknown} expected */
function is(found, expected) {
  try {
    near('', found, expected);
    return true;
  } catch {
    return false;
  }
}

const plain = { stride: 1, pad: 0 };
const none = zeros([1], 'float64');
/** One image with the pixels 1 to 9, and a filter of 2 × 2 that takes only one of the four. */
const image = counted(1, 1, 3, 3);
/** @param {number[]} taps */
const filter = (...taps) => array(taps, [1, 1, 2, 2], 'float64');

/**
 * Compares a forward pass with the library's on several shapes.
 *
 * @param {string} name
 * @param {(x: NDArray, w: NDArray, b: NDArray, param: { stride: number, pad: number }) => NDArray} forward
 */
function compareForward(name, forward) {
  for (const [x, w, param] of /** @type {const} */ ([
    [numbers(2, 3, 5, 7), numbers(4, 3, 3, 3), { stride: 1, pad: 1 }],
    [numbers(1, 2, 6, 5), numbers(3, 2, 2, 2), { stride: 2, pad: 0 }],
    [numbers(2, 1, 7, 7), numbers(2, 1, 5, 5), { stride: 3, pad: 2 }],
  ])) {
    const b = numbers(w.shape[0]);
    const out = unchanged({ x, w, b }, () => forward(x, w, b, param));
    const [images, filters] = [x, w].map(({ shape }) => `(${shape.join(', ')})`);
    const of = `of images ${images} and filters ${filters} with stride ${param.stride} and pad ${param.pad}`;
    near(`${of}, ${name}`, out, convForwardNaive(x, w, b, param)[0]);
  }
}

await lesson({
  'convForward: a window and a filter': ({ convForward }) => {
    const out = convForward(image, filter(1, 0, 0, 0), none, plain);
    if (out === undefined) wrong('convForward returns nothing: return out');
    if (
      is(out, [
        [
          [
            [5, 6],
            [8, 9],
          ],
        ],
      ])
    )
      wrong('the filter is turned around: its first weight belongs to the first pixel of a window');
    near('with the filter 1 0 0 0, out', out, [
      [
        [
          [1, 2],
          [4, 5],
        ],
      ],
    ]);
    near('with the filter 0 1 0 0, out', convForward(image, filter(0, 1, 0, 0), none, plain), [
      [
        [
          [2, 3],
          [5, 6],
        ],
      ],
    ]);
    near('with the filter 1 1 1 1, out', convForward(image, filter(1, 1, 1, 1), none, plain), [
      [
        [
          [12, 16],
          [24, 28],
        ],
      ],
    ]);
  },

  'convForward: bias, channels, filters, images': ({ convForward }) => {
    const bias = array([100], [1], 'float64');
    near('with a bias of 100, out', convForward(image, filter(1, 0, 0, 0), bias, plain), [
      [
        [
          [101, 102],
          [104, 105],
        ],
      ],
    ]);
    const [x, w, b] = [numbers(2, 3, 4, 4), numbers(5, 3, 2, 2), numbers(5)];
    near('out', convForward(x, w, b, plain), convForwardNaive(x, w, b, plain)[0]);
  },

  'convForward: padding': ({ convForward }) => {
    const out = convForward(image, filter(1, 0, 0, 0), none, { stride: 1, pad: 1 });
    near('with pad 1, out', out, [
      [
        [
          [0, 0, 0, 0],
          [0, 1, 2, 3],
          [0, 4, 5, 6],
          [0, 7, 8, 9],
        ],
      ],
    ]);
  },

  'convForward: stride': ({ convForward }) => {
    const out = convForward(counted(1, 1, 5, 5), filter(1, 0, 0, 0), none, { stride: 2, pad: 0 });
    near('of the pixels 1 to 25 with stride 2, out', out, [
      [
        [
          [1, 3],
          [11, 13],
        ],
      ],
    ]);
    compareForward('out', convForward);
  },

  'convBackward: db is a sum over images and pixels': ({ convBackward }) => {
    const dout = numbers(2, 3, 4, 4);
    const { db } = unchanged({ dout }, () => convBackward(dout, numbers(2, 1, 5, 5), numbers(3, 1, 2, 2), plain));
    near(
      'db',
      db,
      [0, 1, 2].map((f) => {
        let sum = 0;
        for (let n = 0; n < 2; n++) for (let i = 0; i < 16; i++) sum += dout.get(n, f, i >> 2, i & 3);
        return sum;
      }),
    );
  },

  'convBackward: dw and dx': ({ convBackward }) => {
    for (const param of [plain, { stride: 2, pad: 1 }]) {
      const [x, w, b] = [numbers(2, 2, 5, 5), numbers(3, 2, 3, 3), numbers(3)];
      const [out, cache] = convForwardNaive(x, w, b, param);
      const dout = numbers(...out.shape);
      const { dx, dw } = convBackward(dout, x, w, param);
      const expected = convBackwardNaive(dout, cache);
      const how = `with stride ${param.stride} and pad ${param.pad}`;
      near(`${how} dw`, dw, expected.dw);
      near(`${how} dx`, dx, expected.dx);
    }
  },

  'columns: the windows side by side': ({ columns }) => {
    const cols = columns(image.pick(0), 2, plain);
    near('of the pixels 1 to 9 by windows of 2 × 2, columns', cols, [
      [1, 2, 4, 5],
      [2, 3, 5, 6],
      [4, 5, 7, 8],
      [5, 6, 8, 9],
    ]);
  },

  'convByProduct: the same as by loops': ({ convByProduct }) => compareForward('out', convByProduct),

  maxPoolForward: ({ maxPoolForward }) => {
    const x = array(
      [
        [
          [
            [1, 5, 2, 0],
            [3, 4, 8, 7],
            [-6, -6, -1, -2],
            [-9, -7, -3, -9],
          ],
        ],
      ],
      undefined,
      'float64',
    );
    near(
      'out',
      unchanged({ x }, () => maxPoolForward(x)),
      [
        [
          [
            [5, 8],
            [-6, -1],
          ],
        ],
      ],
    );
    const more = numbers(2, 3, 4, 6);
    near('out', maxPoolForward(more), maxPool(more, { poolHeight: 2, poolWidth: 2, stride: 2 })[0]);
  },

  'maxPoolBackward: to the largest': ({ maxPoolBackward }) => {
    const x = array(
      [
        [
          [
            [1, 5],
            [3, 4],
          ],
        ],
      ],
      undefined,
      'float64',
    );
    const dout = array([[[[10]]]], undefined, 'float64');
    const dx = unchanged({ x, dout }, () => maxPoolBackward(dout, x));
    near('dx', dx, [
      [
        [
          [0, 10],
          [0, 0],
        ],
      ],
    ]);
    const equal = array(
      [
        [
          [
            [6, 6],
            [0, 2],
          ],
        ],
      ],
      undefined,
      'float64',
    );
    const shared = maxPoolBackward(dout, equal);
    if (
      is(shared, [
        [
          [
            [10, 10],
            [0, 0],
          ],
        ],
      ])
    )
      wrong('of two equal values both get the gradient: only the first does');
    near('of 6 6 0 2, dx', shared, [
      [
        [
          [10, 0],
          [0, 0],
        ],
      ],
    ]);
    const [more, gradient] = [numbers(2, 2, 4, 4), numbers(2, 2, 2, 2)];
    const numerical = evalNumericalGradientArray(
      (x) => maxPool(x, { poolHeight: 2, poolWidth: 2, stride: 2 })[0],
      more,
      gradient,
    );
    near('dx', maxPoolBackward(gradient, more), numerical);
  },
});
