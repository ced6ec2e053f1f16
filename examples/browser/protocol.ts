// What the page and its worker say to each other. The worker has the data and the network, the page what is seen.

/** Pictures one after the other as bytes, channels last: gray or RGB. */
export interface Pictures {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly pixels: Uint8Array;
}

export type Network = 'linear' | 'hidden' | 'convolutional';

/** What a visitor sets before a training. */
export interface Settings {
  readonly network: Network;
  /** Hidden units, or filters of the first convolution. */
  readonly width: number;
  readonly learningRate: number;
  readonly epochs: number;
}

/** A file with the folders that it was dropped in, as `cats/tom.jpg`. */
export interface Dropped {
  readonly path: string;
  readonly file: File;
}

/** What the page asks for. */
export type Request =
  | { readonly kind: 'synthetic'; readonly images: number }
  | { readonly kind: 'files'; readonly files: readonly Dropped[] }
  /** `isNew`: with a new network rather than the one that is there. */
  | { readonly kind: 'train'; readonly settings: Settings; readonly isNew: boolean }
  | { readonly kind: 'pause' | 'resume' | 'stop' | 'example' | 'save' }
  | { readonly kind: 'rate'; readonly learningRate: number }
  | { readonly kind: 'drawing'; readonly drawing: ImageData };

export interface Engine {
  readonly kernels: string;
  readonly threads: number;
  readonly isIsolated: boolean;
  /** Why less runs than could, a sentence each. */
  readonly notes: readonly string[];
}

export interface DataFacts {
  readonly name: string;
  readonly training: number;
  readonly validation: number;
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly classes: readonly string[];
  /** A few training pictures, and their labels. */
  readonly samples: Pictures;
  readonly labels: readonly number[];
}

export interface NetworkFacts {
  readonly network: Network;
  readonly width: number;
  readonly parameters: number;
  readonly classes: readonly string[];
  /** Steps that it was trained for. */
  readonly iterations: number;
}

export interface Mistake {
  readonly label: number;
  readonly predicted: number;
  /** The probability that the network gives to `predicted`. */
  readonly probability: number;
}

/** How the network does at a moment of its training. */
export interface Look {
  readonly iteration: number;
  /** Of the validation pictures, in [0, 1]; null where the data are none that the network knows. */
  readonly accuracy: number | null;
  readonly filters: Pictures | null;
  readonly mistakes: readonly Mistake[];
  readonly pictures: Pictures;
}

/** What the network says of one picture. */
export interface Scores {
  readonly probabilities: readonly number[];
  /** The picture as the network sees it. */
  readonly seen: Pictures;
  readonly source: string;
  /** Its class, where that is known. */
  readonly label: number | null;
}

export type State = 'idle' | 'running' | 'paused';

/** What the worker tells. */
export type Report =
  | { readonly kind: 'engine'; readonly engine: Engine }
  | { readonly kind: 'data'; readonly data: DataFacts }
  /** `isNew`: another network than before, whose training is not that of the curves. */
  | { readonly kind: 'network'; readonly network: NetworkFacts; readonly isNew: boolean }
  | { readonly kind: 'state'; readonly state: State; readonly epochs: number }
  /** Columns of float64: iterations, losses, learning rates. */
  | { readonly kind: 'points'; readonly columns: ArrayBuffer; readonly epoch: number; readonly perSecond: number }
  | { readonly kind: 'look'; readonly look: Look }
  | { readonly kind: 'epoch'; readonly iteration: number; readonly accuracy: number }
  | { readonly kind: 'scores'; readonly scores: Scores | null }
  | { readonly kind: 'saved'; readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'said'; readonly text: string; readonly isError: boolean };

/** Passes a report on. */
export type Tell = (report: Report) => void;
