import { HttpError } from '../http/index.js';
import type { Spec } from './spec.js';

/** How many classes of an answer are asked for: all in their order, or `?top=n`, the most probable first. */
export function topOf(query: Pick<URLSearchParams, 'get'>, { classes }: Spec): number | null {
  const text = query.get('top');
  if (text === null) return null;
  const top = Number(text);
  const most = classes?.length ?? 0;
  if (classes !== null && Number.isInteger(top) && top >= 1) return Math.min(top, most);
  const expected = classes === null ? 'none: the model gives numbers, not classes' : 'a whole number ≥ 1';
  throw new HttpError(400, `top is out of its range, expected ${expected}`);
}

/** Writes answers for a model. */
export class AnswerWriter {
  readonly #spec: Spec;
  /** `"cat":` of each output. */
  readonly #keys: readonly string[];
  readonly #labels: readonly string[];

  constructor(spec: Spec) {
    this.#spec = spec;
    this.#labels = spec.outputs.map((name) => JSON.stringify(name));
    this.#keys = this.#labels.map((label) => `${label}:`);
  }

  /**
   * The answer as JSON: `{ "predictions": [{ "label", "probability", "probabilities" }] }`, or `{ "values" }` of a
   * model that gives numbers.
   *
   * @param results - Probabilities, or numbers, of one example after the other.
   * @throws {HttpError} 500 if they are not finite.
   */
  write(results: Float32Array, top: number | null): string {
    const { length } = this.#keys;
    const predictions: string[] = [];
    for (let at = 0; at < results.length; at += length) predictions.push(this.#prediction(results, at, top));
    return `{"predictions":[${predictions.join(',')}]}\n`;
  }

  #prediction(results: Float32Array, start: number, top: number | null): string {
    const { length } = this.#keys;
    let best = 0;
    for (let i = 0; i < length; i++) {
      const value = results[start + i];
      if (!Number.isFinite(value)) throw new HttpError(500, 'the model gives numbers that are not finite');
      if (value > results[start + best]) best = i;
    }
    if (this.#spec.classes === null) return `{"values":${this.#object(results, start, null)}}`;
    const label = `"label":${this.#labels[best]},"probability":${results[start + best]}`;
    return `{${label},"probabilities":${this.#object(results, start, top)}}`;
  }

  #object(results: Float32Array, start: number, top: number | null): string {
    let text = '';
    if (top === null) {
      for (let i = 0; i < this.#keys.length; i++) text += `${i === 0 ? '' : ','}${this.#keys[i]}${results[start + i]}`;
      return `{${text}}`;
    }
    const order = this.#keys.map((_, i) => i).sort((a, b) => results[start + b] - results[start + a] || a - b);
    return `{${order
      .slice(0, top)
      .map((i) => `${this.#keys[i]}${results[start + i]}`)
      .join(',')}}`;
  }
}
