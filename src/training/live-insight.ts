import { hostValues, isNDArray, type NDArray } from '../arrays/index.js';
import { defaultGenerator } from '../autograd/index.js';
import {
  activationStatistics,
  confusion,
  type Distribution,
  type FilterWeights,
  filtersOf,
  type Inspected,
  layerTable,
  mostConfidentMistakes,
  type ParameterStatistics,
} from '../insight/index.js';
import { Module, Sigmoid, Softmax } from '../nn/index.js';
import type {
  ConfusionView,
  FiltersView,
  Insight,
  LayerRow,
  LayerStats,
  MistakesView,
  Statistics,
} from '../ui/index.js';
import { predict } from './evaluation.js';
import { generatorsOf } from './fit-state.js';
import type { LiveSample } from './live-sample.js';
import { endsWith } from './scoring.js';

/** Mistakes that are shown. */
const MISTAKES = 24;

/** What is known when a model is looked at. */
export interface Look {
  readonly model: Inspected;
  readonly iteration: number;
  readonly sample: LiveSample | null;
  /** Of the last step that was looked at; null before there was one. */
  readonly parameters: readonly ParameterStatistics[] | null;
  /** The first filters. */
  readonly earlier: FilterWeights | null;
  /** The names of the classes; null: their numbers. */
  readonly classes: readonly string[] | null;
}

/** The layers of a model, for the page; none where it does not show them. */
export function layerRows(model: Inspected, sample: LiveSample | null): LayerRow[] {
  if (sample === null) return [];
  const rows = or(null, () => layerTable(model, sample.X.shape.slice(1)));
  return (rows ?? []).map(({ type, ...row }) => ({ ...row, kind: type }));
}

/** Looks at a model: in evaluation mode, without drawing a number. What cannot be known is null. */
export function insightOf(look: Look): Insight {
  const { model, iteration, sample, parameters } = look;
  const generators = [defaultGenerator(), ...(model instanceof Module ? Object.values(generatorsOf(model)) : [])];
  const states = generators.map((generator) => generator.stateDict());
  try {
    const activations = sample && or(null, () => activationStatistics(model, sample.probe));
    return {
      iteration,
      layers: layersOf(parameters, activations ?? [], !(model instanceof Module)),
      filters: or(null, () => filtersView(look)),
      ...or(NOTHING, () => predictionsOf(look)),
    };
  } finally {
    generators.forEach((generator, i) => {
      generator.loadStateDict(states[i]);
    });
  }
}

const NOTHING = { confusion: null, mistakes: null };

/** What `work` finds, or `otherwise` where a model does not allow it. */
function or<T>(otherwise: T, work: () => T): T {
  try {
    return work();
  } catch {
    return otherwise;
  }
}

type Activations = NonNullable<ReturnType<typeof activationStatistics>>;

/**
 * Layers, in the order in which they run: each with its largest parameter. Those that were not seen to run, as of a
 * user's own classifier, come by their parameters.
 */
function layersOf(
  parameters: readonly ParameterStatistics[] | null,
  activations: Activations,
  areNumbered: boolean,
): LayerStats[] | null {
  if (parameters === null && activations.length === 0) return null;
  const own = new Map<string, ParameterStatistics>();
  for (const parameter of parameters ?? []) {
    const name = ownerOf(parameter.name, areNumbered);
    const other = own.get(name);
    if (other === undefined || sizeOf(parameter) > sizeOf(other)) own.set(name, parameter);
  }
  const rows = activations.map(({ name, values }) => {
    const parameter = own.get(name);
    own.delete(name);
    return layerStats(name, values, parameter);
  });
  return [...rows, ...[...own].map(([name, parameter]) => layerStats(name, null, parameter))];
}

/** The layer of a parameter: `1` of `W1`, `2.body.0` of `2.body.0.weight`. */
function ownerOf(name: string, areNumbered: boolean): string {
  if (areNumbered) return /\d+$/.exec(name)?.[0] ?? name;
  const end = name.lastIndexOf('.');
  return end === -1 ? '' : name.slice(0, end);
}

function sizeOf({ shape }: ParameterStatistics): number {
  return shape.reduce((size, length) => size * length, 1);
}

function layerStats(name: string, activation: Distribution | null, parameter?: ParameterStatistics): LayerStats {
  return {
    name,
    activation: activation && statistics(activation),
    weight: parameter === undefined ? null : statistics(parameter.values),
    gradient: parameter?.gradient ? statistics(parameter.gradient) : null,
    updateRatio: parameter?.updateRatio ?? null,
  };
}

function statistics({ mean, std, min, max, zeros, histogram }: Distribution): Statistics {
  return { mean, std, min, max, zeros, histogram: histogram.counts };
}

function filtersView({ model, sample, earlier }: Look): FiltersView | null {
  const filters = filtersOf(model, { inputShape: sample?.X.shape.slice(1), earlier });
  if (filters === null) return null;
  const { count, height, width, channels, pixels, change } = filters;
  return {
    ...{ count, height, width, channels, pixels: base64(pixels) },
    change: change && base64(change.pixels),
    changeNorms: change?.relative ?? null,
  };
}

function predictionsOf({ model, sample, classes }: Look): Pick<Insight, 'confusion' | 'mistakes'> {
  if (sample === null || sample.labels === null) return NOTHING;
  const { X, labels, places } = sample;
  const scores: unknown = predict(X, model as Module, { as: 'scores' });
  if (!isNDArray(scores) || scores.shape.length !== 2) return NOTHING;
  const C = Math.max(2, scores.shape[1]);
  const counts = confusion(scores, labels, C).flat();
  const names = Array.from({ length: C }, (_, c) => classes?.[c] ?? String(c));
  const view: ConfusionView = { counts, classes: names, examples: labels.length };
  const areProbabilities = endsWith(model, Sigmoid, Softmax);
  const found = mostConfidentMistakes(scores, labels, MISTAKES, { areProbabilities });
  const right = counts.reduce((sum, count, i) => (i % (C + 1) === 0 ? sum + count : sum), 0);
  const image = imageShape(X.shape.slice(1));
  const mistakes: MistakesView = {
    ...{ height: image?.[1] ?? 0, width: image?.[2] ?? 0, channels: image?.[0] ?? 1 },
    ...{ examples: labels.length, wrong: labels.length - right },
    items: found.map(({ index, ...mistake }) => ({
      ...mistake,
      index: places[index],
      pixels: image && base64(pixelsOf(X, index, image)),
    })),
  };
  return { confusion: view, mistakes };
}

type ImageShape = readonly [C: number, H: number, W: number];

/** The shape of an example that is a picture, else null. */
function imageShape(shape: readonly number[]): ImageShape | null {
  const [C, H, W] = shape.length === 2 ? [1, ...shape] : shape;
  return shape.length >= 2 && shape.length <= 3 && (C === 1 || C === 3) ? [C, H, W] : null;
}

/** An example as a picture, channels last: from its lowest value, 0, to its highest, 255. */
function pixelsOf(X: NDArray, index: number, [C, H, W]: ImageShape): Uint8Array {
  const plane = H * W;
  const values = hostValues(X).subarray(index * C * plane, (index + 1) * C * plane);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const scale = high > low ? 255 / (high - low) : 0;
  const pixels = new Uint8Array(values.length);
  for (let c = 0; c < C; c++) {
    for (let i = 0; i < plane; i++) pixels[i * C + c] = Math.round((values[c * plane + i] - low) * scale);
  }
  return pixels;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
