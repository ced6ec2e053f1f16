import { decodeSafetensors, encodeSafetensors, manualSeed, type NDArray, nn, predict, transforms } from 'layerwise';
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
    return shape.join() === this.plan.shape.join() && classes.join() === this.plan.classes.join();
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
    const about = (JSON.parse(metadata[KEY]) ?? {}) as Plan & { iterations: number };
    checkPlan(about);
    const net = new Net(about);
    net.model.loadStateDict(tensors);
    net.iterations = about.iterations;
    return net;
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

/** @throws {Error} unless a network can be made of it, and a small one: anybody may have written the file. */
function checkPlan({ network, width, shape, classes, mean, std, iterations }: Plan & { iterations: number }): void {
  const isCount = (value: unknown, most: number) =>
    Number.isInteger(value) && Number(value) >= 1 && Number(value) <= most;
  const isRow = (row: unknown, kind: string, length: number) =>
    Array.isArray(row) && row.length === length && row.every((value) => typeof value === kind);
  const isSound =
    ['linear', 'hidden', 'convolutional'].includes(network) &&
    isCount(width, MOST_WIDTH) &&
    isRow(shape, 'number', 3) &&
    [1, 3].includes(shape[0]) &&
    shape.slice(1).every((side) => isCount(side, 64) && side >= 8) &&
    isRow(classes, 'string', classes?.length) &&
    isCount(classes.length, 100) &&
    isRow(mean, 'number', shape[0]) &&
    isRow(std, 'number', shape[0]) &&
    isCount(iterations + 1, Number.MAX_SAFE_INTEGER);
  if (!isSound) throw new Error('what the file says of its network makes none');
}
