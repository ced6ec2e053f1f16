import { hostValues, isNDArray, type NDArray } from '../arrays/index.js';
import { defaultGenerator } from '../autograd/index.js';
import {
  activationStatistics,
  base64,
  channelsLast,
  confusion,
  type FilterWeights,
  filtersOf,
  filtersView,
  type Inspected,
  layerStats,
  layerTable,
  mostConfidentMistakes,
  type ParameterStatistics,
  layerRows as rowsOf,
} from '../insight/index.js';
import { Module, Sigmoid, Softmax } from '../nn/index.js';
import type { ConfusionView, FiltersView, Insight, LayerRow, MistakesView } from '../ui/index.js';
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
  return rowsOf(rows ?? []);
}

/** Looks at a model: in evaluation mode, without drawing a number. What cannot be known is null. */
export function insightOf(look: Look): Insight {
  const { model, iteration, sample, parameters } = look;
  const isClassifier = !(model instanceof Module);
  const generators = [defaultGenerator(), ...(model instanceof Module ? Object.values(generatorsOf(model)) : [])];
  const states = generators.map((generator) => generator.stateDict());
  try {
    const activations = sample && or(null, () => activationStatistics(model, sample.probe));
    return {
      iteration,
      layers: parameters === null && !activations ? null : layerStats(activations, parameters ?? [], isClassifier),
      filters: or(null, () => filtersOfLook(look)),
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

function filtersOfLook({ model, sample, earlier }: Look): FiltersView | null {
  const filters = filtersOf(model, { inputShape: sample?.X.shape.slice(1), earlier });
  return filters && filtersView(filters);
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
  return channelsLast(values, plane, (value) => Math.round((value - low) * scale));
}
