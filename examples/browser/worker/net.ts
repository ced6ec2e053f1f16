import {
  array,
  decodeSafetensors,
  encodeSafetensors,
  manualSeed,
  type NDArray,
  nn,
  predict,
  transforms,
} from 'layerwise';
import type { Network, NetworkFacts } from '../protocol.js';
import type { ImageSet } from './image-set.js';
import { type Shape, sizeOf } from './shape.js';

/** What a network was made for: with its numbers all that is needed to use it, so it stands in its file. */
export interface Plan {
  readonly network: Network;
  readonly width: number;
  readonly shape: Shape;
  readonly classes: readonly string[];
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Characters of a class: those that the name of a folder may have. */
const MOST_NAME = 255;

/** Hidden units or filters at most. */
const MOST_WIDTH = 256;

/** The name of the plan in the metadata of a file. */
const KEY = 'layerwise.browser';

/** A network, and how pictures go into it. */
export class Net {
  readonly plan: Plan;
  readonly model: nn.Sequential;
  readonly normalize: (X: NDArray) => NDArray;
  /** Steps that it was trained for. */
  iterations = 0;

  constructor(plan: Plan) {
    manualSeed(0);
    this.plan = plan;
    this.model = build(plan);
    this.normalize = transforms.normalize(plan.mean, plan.std);
  }

  static for({ shape, classes, mean, std }: ImageSet, network: Network, width: number): Net {
    return new Net({ network, width, shape, classes, mean, std });
  }

  get facts(): NetworkFacts {
    const { network, width, classes } = this.plan;
    const parameters = this.model.parameters().reduce((sum, { data }) => sum + data.size, 0);
    return { network, width, parameters, classes, iterations: this.iterations };
  }

  /** Whether it takes the pictures of a set and knows its classes. */
  fits({ shape, classes }: ImageSet): boolean {
    const plan = JSON.stringify([this.plan.shape, this.plan.classes]); // names may have commas
    return JSON.stringify([shape, classes]) === plan;
  }

  /** Probabilities of the classes, shape (N, classes), of pictures as floats from 0 to 255, shape (N, C, H, W). */
  probabilities(X: NDArray): NDArray {
    return predict(this.normalize(X), this.model, { as: 'probabilities' });
  }

  encode(): Uint8Array<ArrayBuffer> {
    const about = JSON.stringify({ ...this.plan, iterations: this.iterations });
    return encodeSafetensors(this.model.stateDict(), { metadata: { [KEY]: about } }) as Uint8Array<ArrayBuffer>;
  }

  /** @throws {Error} if the bytes are no network of this page. */
  static decode(bytes: Uint8Array): Net {
    const { tensors, metadata } = decodeSafetensors(bytes);
    if (metadata[KEY] === undefined) throw new Error('the file says nothing of a network that was trained here');
    const about = parsed(metadata[KEY]);
    checkPlan(about);
    const net = new Net(about);
    net.model.loadStateDict(tensors, { convert: true });
    net.iterations = about.iterations;
    net.#try();
    return net;
  }

  /** @throws {Error} unless it knows a black and a white picture: the numbers of a file may be NaN, or huge. */
  #try(): void {
    const { shape } = this.plan;
    const size = sizeOf(shape);
    const X = array(new Float32Array(2 * size).fill(255, size), [2, ...shape]);
    const weights = Object.values(this.model.stateDict());
    const results = this.probabilities(X);
    const isSound = [...weights, results].every(({ data }) => data.every(Number.isFinite));
    if (!isSound) throw new Error('its numbers are not finite, or so large that nothing can be computed with them');
  }
}

function build({ network, width, shape, classes }: Plan): nn.Sequential {
  const [C, H, W] = shape;
  const K = classes.length;
  if (network === 'linear') return new nn.Sequential(new nn.Flatten(), new nn.Linear(sizeOf(shape), K));
  if (network === 'hidden') {
    const [hidden, output] = [new nn.Linear(sizeOf(shape), width), new nn.Linear(width, K)];
    return new nn.Sequential(new nn.Flatten(), hidden, new nn.ReLU(), output);
  }
  const last = 2 * width * Math.floor(H / 4) * Math.floor(W / 4);
  return new nn.Sequential(
    new nn.Conv2d(C, width, 5, { padding: 2 }),
    new nn.BatchNorm2d(width),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(width, 2 * width, 3, { padding: 1 }),
    new nn.BatchNorm2d(2 * width),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(last, K),
  );
}

/** What the metadata of a file say; nothing where they are no JSON. */
function parsed(text: string): Plan & { iterations: number } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {} as Plan & { iterations: number };
  }
}

/** @throws {Error} unless a network can be made of it, and a small one: anybody may have written the file. */
function checkPlan({ network, width, shape, classes, mean, std, iterations }: Plan & { iterations: number }): void {
  const isCount = (value: unknown, most: number) =>
    Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;
  const isRow = (row: unknown, length: number, isSound: (value: unknown) => boolean) =>
    Array.isArray(row) && row.length === length && row.every(isSound);
  /** Bytes are from 0 to 255, and so are their mean and standard deviation. */
  const isByte = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 255;
  const isSound =
    ['linear', 'hidden', 'convolutional'].includes(network) &&
    isCount(width, MOST_WIDTH) &&
    isRow(shape, 3, (side) => isCount(side, 64)) &&
    [1, 3].includes(shape[0]) &&
    Math.min(shape[1], shape[2]) >= 8 &&
    isRow(classes, classes?.length, (name) => typeof name === 'string' && name.length <= MOST_NAME) &&
    isCount(classes.length, 100) &&
    isRow(mean, shape[0], isByte) &&
    isRow(std, shape[0], (value) => isByte(value) && Number(value) > 1e-6) &&
    isCount(iterations + 1, Number.MAX_SAFE_INTEGER);
  if (!isSound) throw new Error('what the file says of its network makes none');
}
