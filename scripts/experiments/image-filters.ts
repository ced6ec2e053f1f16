// One convolution with filters set by hand, applied to pictures.

import { array, type Cifar10, convForward, imageGrid, type NDArray, relError, zeros } from '../../src/index.js';
import type { Experiment, Findings, Lab } from './support/experiment.js';
import { runIfStarted } from './support/lab.js';
import { list, percent, ratio } from './support/words.js';

/** Height and width in pixels. The pictures of CIFAR-10 have 32, the notebook's 200. */
const FULL = { side: 200 };
const QUICK = { side: 48 };

/** The weights of red, green and blue in the greyscale filter. */
const GREY = [0.3, 0.6, 0.1];
/** The edge filters' bias, with which hardly an output is negative. */
const BIAS = 128;
/** A pixel is on an edge if an edge filter's output differs from {@link BIAS} by more than this. */
const EDGE = 64;
/** Of the classes of CIFAR-10, those of the notebook's pictures. */
const CLASSES = ['dog', 'cat'];

const ACROSS = [
  [1, 2, 1],
  [0, 0, 0],
  [-1, -2, -1],
];

/** The outputs, in the order of the filters. */
const OUTPUTS = ['greyscale', 'horizontal edges', 'vertical edges'];
const [GREYSCALE, HORIZONTAL, VERTICAL] = OUTPUTS.keys();

export const imageFilters: Experiment = {
  name: 'image-filters',
  title: 'Filters set by hand',
  question: 'What does a convolution see when its filters are set by hand to greyscale and to edges?',
  method:
    'One convolution with three filters of 3 × 3, stride 1, pad 1 is applied to two enlarged training images and ' +
    'to a drawing: blue stripes across, blue stripes down, and a red disc. The first filter weighs red, green and ' +
    'blue; the second looks for horizontal edges in blue, the third for vertical edges in the grey levels.',
  run,
};

/** A picture and the filters' outputs. */
interface Filtered {
  readonly name: string;
  /** Shape (3, side, side), 0 … 255. */
  readonly picture: NDArray;
  /** Shape (3, side, side): one plane to a filter. */
  readonly out: NDArray;
  /**
   * By edge filter: the largest response inside and on the border, and the share of pixels inside that are on an edge.
   */
  readonly edges: Readonly<Record<'horizontal' | 'vertical', Response>>;
}

/** An edge filter's responses to a picture. */
interface Response {
  readonly inside: number;
  readonly border: number;
  readonly share: number;
}

async function run(lab: Lab): Promise<Findings> {
  const { side } = lab.quick ? QUICK : FULL;
  const sources = [...photographs(lab.data, side), { name: 'drawing', picture: drawing(side) }];
  const x = zeros([sources.length, 3, side, side], 'float64');
  for (const [n, { picture }] of sources.entries()) x.data.set(picture.data, n * picture.size);
  const b = array([0, BIAS, BIAS], [3], 'float64');
  const [out] = convForward(x, filters(), b, { stride: 1, pad: 1 });
  const filtered = sources.map(({ name, picture }, n): Filtered => {
    const planes = out.pick(n);
    const edges = { horizontal: responseOf(planes, HORIZONTAL), vertical: responseOf(planes, VERTICAL) };
    return { name, picture, out: planes, edges };
  });
  const greyError = Math.max(...filtered.map(({ picture, out }) => relError(greyOf(picture), out.pick(GREYSCALE))));

  const drawn = filtered[filtered.length - 1];
  const parts = partsOf(drawn.out);
  return {
    headline:
      `The edge filters answer to the stripes across with ${whole(parts.across.horizontal)} and ` +
      `${whole(parts.across.vertical)}, to the stripes down with ${whole(parts.down.horizontal)} and ` +
      `${whole(parts.down.vertical)}: each sees the edges of its own direction.`,
    settings: {
      pictures: `${list(filtered.map(({ name }) => name))}, ${side} × ${side}`,
      greyscale: `${GREY.join(', ')} of red, green and blue; bias 0`,
      'horizontal edges': `[1 2 1; 0 0 0; −1 −2 −1] of blue; bias ${BIAS}`,
      'vertical edges': `[1 0 −1; 2 0 −2; 1 0 −1] of the grey levels; bias ${BIAS}`,
      training: 'none: the filters are set by hand',
    },
    tables: [
      {
        caption:
          'The largest responses (outputs less the bias) inside the picture and on its border, and the ' +
          `share of pixels inside with one above ${EDGE}.`,
        columns: ['picture', 'edges', 'largest inside', 'largest on the border', 'on an edge'],
        rows: filtered.flatMap(({ name, edges }) =>
          Object.entries(edges).map(([direction, { inside, border, share }]) => [
            name,
            direction,
            Number(inside.toFixed(1)),
            Number(border.toFixed(1)),
            percent(share),
          ]),
        ),
      },
    ],
    figures: [
      {
        svg: await imageGrid(filtered.flatMap(shown), {
          titles: filtered.flatMap(({ name }) => [name, ...OUTPUTS]),
          columns: 1 + OUTPUTS.length,
          scale: 150 / side,
        }),
        caption: 'Edges: grey where there is none, light or dark by their sign, each on the scale of its picture.',
      },
    ],
    conclusions: [
      `The greyscale outputs are ${GREY.map((weight, c) => `${weight} ${'RGB'[c]}`).join(' + ')} of each pixel, ` +
        `with a relative error of at most ${ratio(greyError)} against that formula.`,
      directions(parts),
      border(filtered),
    ],
    results: { greyError, drawing: parts, pictures: filtered.map(({ name, edges }) => ({ name, edges })) },
  };
}

/** The three filters, shape (3, 3, 3, 3). */
function filters(): NDArray {
  const w = zeros([3, 3, 3, 3], 'float64');
  for (const [c, weight] of GREY.entries()) {
    w.set(GREYSCALE, c, 1, 1, weight);
    for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) w.set(VERTICAL, c, i, j, weight * ACROSS[j][i]);
  }
  for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) w.set(HORIZONTAL, 2, i, j, ACROSS[i][j]);
  return w;
}

/** The first training image of each of {@link CLASSES}, or of the first classes where the data has others. */
function photographs({ XTrain, yTrain, classes, meanImage }: Cifar10, side: number) {
  const named = CLASSES.every((name) => classes.includes(name)) ? CLASSES : classes.slice(0, CLASSES.length);
  return named.flatMap((name) => {
    const n = yTrain.indexOf(classes.indexOf(name));
    return n < 0 ? [] : [{ name, picture: enlarged(XTrain.pick(n), meanImage, side) }];
  });
}

/** `image + mean` of shape (3, H, W), enlarged to (3, side, side) by bilinear interpolation. */
function enlarged(image: NDArray, mean: NDArray, side: number): NDArray {
  const [C, H, W] = image.shape;
  const picture = zeros([C, side, side], 'float64');
  for (let c = 0; c < C; c++) {
    const pixel = (h: number, w: number): number => image.get(c, h, w) + mean.get(c, h, w);
    for (let i = 0; i < side; i++) {
      const [top, bottom, down] = between(i, side, H);
      for (let j = 0; j < side; j++) {
        const [left, right, across] = between(j, side, W);
        const upper = (1 - across) * pixel(top, left) + across * pixel(top, right);
        const lower = (1 - across) * pixel(bottom, left) + across * pixel(bottom, right);
        picture.set(c, i, j, (1 - down) * upper + down * lower);
      }
    }
  }
  return picture;
}

/** The pixels of `size` about the middle of pixel `i` of `side`, and how far it is from the first to the second. */
function between(i: number, side: number, size: number): [first: number, second: number, share: number] {
  const place = Math.min(size - 1, Math.max(0, ((i + 0.5) * size) / side - 0.5));
  const first = Math.floor(place);
  return [first, Math.min(size - 1, first + 1), place - first];
}

/** The drawing's parts: rows and columns from and to, as shares of its side. No other part touches them. */
const PARTS = {
  across: [0.1, 0.45, 0.1, 0.45],
  down: [0.1, 0.45, 0.55, 0.9],
  disc: [0.55, 0.9, 0.325, 0.675],
} as const;

/** Blue stripes across and down, and a red disc, on black: shape (3, side, side). */
function drawing(side: number): NDArray {
  const picture = zeros([3, side, side], 'float64');
  const stripe = Math.max(2, Math.round(side / 25));
  const on = (place: number): boolean => Math.floor(place / stripe) % 2 === 0;
  each(PARTS.across, side, (i, j, top) => {
    if (on(i - top)) picture.set(2, i, j, 255);
  });
  each(PARTS.down, side, (i, j, _, left) => {
    if (on(j - left)) picture.set(2, i, j, 255);
  });
  const [top, bottom, left, right] = PARTS.disc.map((share) => share * side);
  each(PARTS.disc, side, (i, j) => {
    if (Math.hypot(i + 0.5 - (top + bottom) / 2, j + 0.5 - (left + right) / 2) < (bottom - top) / 2) {
      picture.set(0, i, j, 255);
    }
  });
  return picture;
}

/** Visits the pixels of a part of the drawing. */
function each(
  part: readonly number[],
  side: number,
  visit: (i: number, j: number, top: number, left: number) => void,
): void {
  const [top, bottom, left, right] = part.map((share) => Math.round(share * side));
  for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) visit(i, j, top, left);
}

/** For each part of the drawing, the largest response of the edge filters, away from the part's own outline. */
function partsOf(out: NDArray): Record<keyof typeof PARTS, { horizontal: number; vertical: number }> {
  const side = out.shape[1];
  const largest = (name: keyof typeof PARTS, filter: number): number => {
    const [top, bottom, left, right] = PARTS[name].map((share) => Math.round(share * side));
    let response = 0;
    for (let i = top + 2; i < bottom - 2; i++) {
      for (let j = left + 2; j < right - 2; j++) response = Math.max(response, Math.abs(out.get(filter, i, j) - BIAS));
    }
    return response;
  };
  const both = (name: keyof typeof PARTS) => ({
    horizontal: largest(name, HORIZONTAL),
    vertical: largest(name, VERTICAL),
  });
  return { across: both('across'), down: both('down'), disc: both('disc') };
}

/** The greyscale formula that the filter implements, shape (side, side). */
function greyOf(picture: NDArray): NDArray {
  const [, H, W] = picture.shape;
  const grey = zeros([H, W], 'float64');
  for (let i = 0; i < H; i++) {
    for (let j = 0; j < W; j++) {
      grey.set(i, j, GREY[0] * picture.get(0, i, j) + GREY[1] * picture.get(1, i, j) + GREY[2] * picture.get(2, i, j));
    }
  }
  return grey;
}

function responseOf(out: NDArray, filter: number): Response {
  const [, H, W] = out.shape;
  let inside = 0;
  let border = 0;
  let above = 0;
  for (let i = 0; i < H; i++) {
    for (let j = 0; j < W; j++) {
      const response = Math.abs(out.get(filter, i, j) - BIAS);
      if (i === 0 || j === 0 || i === H - 1 || j === W - 1) {
        border = Math.max(border, response);
      } else {
        inside = Math.max(inside, response);
        if (response > EDGE) above++;
      }
    }
  }
  return { inside, border, share: above / ((H - 2) * (W - 2)) };
}

/** The picture and the outputs as images. Edges are brought to 0 … 255 about {@link BIAS} by the largest inside. */
function shown({ picture, out, edges }: Filtered): NDArray[] {
  const edge = (filter: number, { inside }: Response): NDArray => {
    const image = array(out.pick(filter));
    const scale = inside > 0 ? 127 / inside : 1;
    for (let i = 0; i < image.data.length; i++) image.data[i] = BIAS + scale * (image.data[i] - BIAS);
    return image;
  };
  return [
    picture.transpose(1, 2, 0),
    out.pick(GREYSCALE),
    edge(HORIZONTAL, edges.horizontal),
    edge(VERTICAL, edges.vertical),
  ];
}

function directions({ across, down, disc }: ReturnType<typeof partsOf>): string {
  return (
    `In the drawing the filter for horizontal edges answers with up to ${whole(across.horizontal)} to the stripes ` +
    `across and with ${whole(down.horizontal)} to the stripes down, the filter for vertical edges with ` +
    `${whole(across.vertical)} and ${whole(down.vertical)}. To the red disc the first answers with ` +
    `${whole(disc.horizontal)}, since it looks at blue alone, the second with ${whole(disc.vertical)}.`
  );
}

/** The effect of padding with zeros. */
function border(filtered: readonly Filtered[]): string {
  const pictures = filtered.filter(({ edges }) =>
    [edges.horizontal, edges.vertical].some(({ inside, border }) => border > inside),
  );
  if (pictures.length === 0) return `In none of the ${filtered.length} pictures is the strongest edge on the border.`;
  const named = pictures.map(({ name, edges }) => {
    const { inside, border } = edges.horizontal.border > edges.horizontal.inside ? edges.horizontal : edges.vertical;
    return `${name} (${whole(border)}, ${whole(inside)} inside)`;
  });
  return (
    'The pictures are padded with zeros, which is black: a picture that is light at its border has an edge there ' +
    `that is not in it, and that is stronger than any inside for ${pictures.length} of ${filtered.length}: ` +
    `${list(named)}.`
  );
}

/** A response in a sentence. */
function whole(response: number): string {
  return response.toFixed(0);
}

runIfStarted(imageFilters);
