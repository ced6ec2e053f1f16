/** What a service takes, as plain data: the thread that reads requests has it without the model. */
export interface Spec {
  /** Of the model, for people. */
  readonly name: string;
  /** The shape of one example: [C, H, W] of pictures, [D] of rows. */
  readonly inputShape: readonly number[];
  /** What examples are. Pictures are sent as PNG, JPEG or pixels, rows as CSV or numbers. */
  readonly takes: 'pictures' | 'rows';
  /** The names of the classes, whose probabilities are answered; null: `outputs` are numbers. */
  readonly classes: readonly string[] | null;
  /** The names of the numbers that the model gives for an example: the classes, or the targets. */
  readonly outputs: readonly string[];
  /** How a CSV text becomes rows of numbers; null of pictures. */
  readonly csv: CsvReading | null;
  /** What is done to examples before the model sees them, for people and programs that ask: plain JSON. */
  readonly preprocessing: unknown;
}

/** Options of `parseCsv`. */
export interface CsvReading {
  readonly columns: readonly string[];
  readonly categories: Readonly<Record<string, readonly string[]>>;
  readonly header?: boolean;
  readonly delimiter?: string;
  readonly missing?: 'error' | 'drop' | 'nan' | 'mean';
  readonly encode?: 'oneHot' | 'codes';
}

/** Limits of a service. */
export interface ServiceSettings {
  readonly host: string;
  /** Exactly this one, 0 for any that is free, or null for the first free one from 8080 on. */
  readonly port: number | null;
  /** What a request has to know; null: everybody on this machine may ask. */
  readonly token: string | null;
  /** The most examples that are predicted together. */
  readonly maxBatch: number;
  /** Milliseconds that an example waits for others, while others are on their way. */
  readonly maxWait: number;
  /** Bytes of a request's body. */
  readonly maxBody: number;
  /** Seconds for a request to come in, and again for its examples to be begun with. */
  readonly timeout: number;
}

/** Examples that wait, from which on new ones are refused: this many batches. */
export const QUEUE_BATCHES = 16;

/** Numbers to an example. */
export function sizeOfExample({ inputShape }: Pick<Spec, 'inputShape'>): number {
  return inputShape.reduce((product, size) => product * size, 1);
}
