/**
 * What the live page and its servers say to each other, and what a report has in it. Types, and the names of
 * columns.
 *
 * Everything is plain JSON, so a number that is not finite is null. Bytes are base64 texts.
 *
 * | request | answer |
 * | --- | --- |
 * | `GET /` | the page |
 * | `GET /api/runs` | {@link RunList} |
 * | `GET /api/runs/:id` | {@link Snapshot}, without points |
 * | `GET /api/runs/:id/points?from=n` | the points from the n-th on (from 0), as {@link POINT_COLUMNS} says |
 * | `GET /api/events` | server-sent events, each the JSON of an {@link Update} |
 * | `POST /api/runs/:id/command` | takes a {@link Command}, with the header `X-Layerwise: 1`; answers `{}` |
 *
 * A request that is refused gets a status of 4xx and a {@link Refusal}. Ids of runs go into an address by
 * `encodeURIComponent`. Where a server needs a token, it stands in the address that is printed, as `/?token=…`: the
 * page sends it on as `Authorization: Bearer …`, and where it cannot, for the event stream, as `?token=…`.
 *
 * @module
 */

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Where a run is. The first three are those of a run that is going on. */
export type RunState = 'running' | 'paused' | 'stopping' | 'finished' | 'interrupted' | 'failed';

/** What a run is made of: the same from its start to its end. */
export interface RunInfo {
  /** Names the run in addresses. Within `ui RUNS_DIR` the name of its folder. */
  readonly id: string;
  /** What to call it, as `convnet3-cifar10-1`. */
  readonly title: string;
  /** The function that trains: `'fit'`, `'fitAsync'`, `'fitSteps'` or `'Solver'`. */
  readonly fn: string;
  /** When it was started, in milliseconds since 1970; null where that is not known. */
  readonly startedAt: number | null;
  /** Iterations of the whole run; null where the loader does not say how many batches it has. */
  readonly totalIterations: number | null;
  /** Epochs of the whole run. */
  readonly totalEpochs: number | null;
  /** Examples in a batch; null where they differ or are not known. */
  readonly batchSize: number | null;
  /** The names of the classes, or their numbers as texts; null where targets are no labels. */
  readonly classes: readonly string[] | null;
  /** The layers from input to output; empty where the model does not show them. */
  readonly layers: readonly LayerRow[];
  /** Values in all parameters. */
  readonly parameters: number;
  /** Settings to show and to compare: the `config.json` of a run in a folder, or the options of a loop. */
  readonly config: Readonly<Record<string, Json>>;
  /** The folder of the run, or of its checkpoints; null where nothing is saved. */
  readonly folder: string | null;
  /** Whether it takes commands. */
  readonly isControllable: boolean;
}

/** One layer in the table of layers. */
export interface LayerRow {
  /** The path of the module, or what the classifier calls it, such as `conv1`. */
  readonly name: string;
  /** Such as `Conv2d(3, 32, kernelSize=7)`. */
  readonly kind: string;
  /** Without the axis of the batch; null where it is not known. */
  readonly outputShape: readonly number[] | null;
  /** Values in its own parameters. */
  readonly parameters: number;
  /** Floating-point operations of its forward pass for one example; null where they are not known. */
  readonly flops: number | null;
}

/** How far a run is. Sent about four times a second while it trains. */
export interface Status {
  readonly state: RunState;
  /** Iterations that are complete. */
  readonly iteration: number;
  /** Epochs that are complete. */
  readonly epoch: number;
  /** The loss of the last iteration. */
  readonly loss: number | null;
  /** The learning rate of the last iteration. */
  readonly learningRate: number | null;
  /** Examples a second, of the last seconds; null where it is not known, and once the run has ended. */
  readonly imagesPerSecond: number | null;
  /** Seconds until the end, at the speed so far; null where it is not known, and once the run has ended. */
  readonly secondsLeft: number | null;
  /** Seconds that the run has taken, pauses excepted. */
  readonly seconds: number;
  /** How many points the server has: `GET points?from=…` gives those that a page lacks. */
  readonly points: number;
  /** What there is to say: the error that ended it, or where the checkpoint of a stopped run is. */
  readonly message: string | null;
}

/**
 * The columns of points. The bytes are n iterations, then n losses, then n learning rates, each a little-endian
 * Float64: 24 bytes a point. What is not known or not finite is NaN. Iterations grow.
 */
export const POINT_COLUMNS = ['iteration', 'loss', 'learningRate'] as const;

/** An evaluation: after each epoch, of a Solver also after its first iteration. */
export interface EpochRow {
  readonly iteration: number;
  readonly epoch: number;
  /** Accuracies in [0, 1]. */
  readonly trainAcc: number | null;
  readonly valAcc: number | null;
  readonly valLoss: number | null;
  /** The learning rate of the next iteration. */
  readonly learningRate: number | null;
  /** Seconds since the run was started or resumed. */
  readonly seconds: number;
  /** Metrics of `fit` by name. */
  readonly metrics: Readonly<Record<string, { readonly train: number | null; readonly val: number | null }>>;
}

/** Numbers of many values. */
export interface Statistics {
  readonly mean: number | null;
  /** Standard deviation. */
  readonly std: number | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Share of values that are zero, in [0, 1]: of the activations of a ReLU those that are off. */
  readonly zeros: number | null;
  /** How many values are in each of equal bins from `min` to `max`; empty where it was not counted. */
  readonly histogram: readonly number[];
}

/** Statistics of one layer. What does not apply, or was not to be had, is null. */
export interface LayerStats {
  readonly name: string;
  /** What it gives for a few examples, in evaluation mode. */
  readonly activation: Statistics | null;
  /** Its largest parameter. */
  readonly weight: Statistics | null;
  /** The gradient of that parameter in one step. */
  readonly gradient: Statistics | null;
  /** Norm of the parameter's change in one step over its norm: about 1e-3 is usual. */
  readonly updateRatio: number | null;
}

/** The filters of the first convolution, or the weights of the first layer, as pictures. */
export interface FiltersView {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** 1 or 3. */
  readonly channels: number;
  /** One byte a value: `count · height · width · channels`, channels last. */
  readonly pixels: string;
  /**
   * The change since before the first step, in the same form: of each filter from its lowest difference, 0, to its
   * highest, 255; null where that is not known.
   */
  readonly change: string | null;
  /** Norm of each filter's change over its norm; null as `change`. */
  readonly changeNorms: readonly (number | null)[] | null;
}

/** How the labels of a fixed sample of examples were predicted. */
export interface ConfusionView {
  /** C · C counts, row by row: row the label, column the prediction. */
  readonly counts: readonly number[];
  /** The names of the C classes. */
  readonly classes: readonly string[];
  /** Examples in the sample. */
  readonly examples: number;
}

/** Examples that the model gets wrong, the most confident first. */
export interface MistakesView {
  readonly height: number;
  readonly width: number;
  /** 1 or 3. */
  readonly channels: number;
  /** Examples in the sample, and how many of them are wrong. */
  readonly examples: number;
  readonly wrong: number;
  readonly items: readonly Mistake[];
}

/** An example that the model gets wrong. */
export interface Mistake {
  /** Which of the examples it is, from 0. */
  readonly index: number;
  /** One byte a value: `height · width · channels`, channels last; null where the inputs are no pictures. */
  readonly pixels: string | null;
  /** Classes, from 0. */
  readonly label: number;
  readonly predicted: number;
  /** Of what it predicts, in [0, 1]. */
  readonly probability: number;
}

/** What was found by looking at the model, at intervals. Each is null where it cannot be known. */
export interface Insight {
  /** Iterations that were complete. */
  readonly iteration: number;
  readonly layers: readonly LayerStats[] | null;
  readonly filters: FiltersView | null;
  readonly confusion: ConfusionView | null;
  readonly mistakes: MistakesView | null;
}

/** All that is known of a run. */
export interface Snapshot {
  readonly info: RunInfo;
  readonly status: Status;
  readonly epochs: readonly EpochRow[];
  /** Null before the first look. */
  readonly insight: Insight | null;
  /** In a report: the bytes of {@link POINT_COLUMNS}. From a server null: they have a request of their own. */
  readonly points: string | null;
}

/** A run in the list: its layers are left out (empty). */
export interface RunSummary {
  readonly info: RunInfo;
  readonly status: Status;
  /** The last evaluation. */
  readonly last: EpochRow | null;
  /** The evaluation with the best validation accuracy; without accuracies that with the lowest validation loss. */
  readonly best: EpochRow | null;
}

/** What `GET /api/runs` answers. */
export interface RunList {
  /** `'training'`: the runs of one process, the last one first. `'folder'`: those in a folder, for comparison. */
  readonly source: 'training' | 'folder';
  /** The folder, or a name of the process. */
  readonly title: string;
  /** Of the library; empty where that is not known. */
  readonly version: string;
  readonly runs: readonly RunSummary[];
}

/**
 * What server-sent events say. Whoever reads too slowly misses some, and then gets `reload` for each run of which it
 * did. After a reconnect too, everything is to be asked for again.
 */
export type Update =
  /** A run is new, or is another one under the same id: ask for its snapshot and all its points. */
  | { readonly kind: 'run'; readonly run: string }
  /** A run is no longer in the folder. */
  | { readonly kind: 'gone'; readonly run: string }
  | { readonly kind: 'status'; readonly run: string; readonly status: Status }
  /** An evaluation; `place` is its place among the epochs of the snapshot. */
  | { readonly kind: 'epoch'; readonly run: string; readonly place: number; readonly row: EpochRow }
  | { readonly kind: 'insight'; readonly run: string; readonly insight: Insight }
  /** Some were missed: ask for the snapshot, and for the points that are lacking. */
  | { readonly kind: 'reload'; readonly run: string };

/** What a run can be told. */
export type Command =
  /** No step is made until `resume`. */
  | { readonly command: 'pause' }
  | { readonly command: 'resume' }
  /** Ends the run after the step it is in, and saves a checkpoint where the run has any. */
  | { readonly command: 'stop' }
  /** The rate of the following steps, a number > 0. */
  | { readonly command: 'learningRate'; readonly value: number };

/** What a refused request gets. */
export interface Refusal {
  /** One line. */
  readonly error: string;
}
