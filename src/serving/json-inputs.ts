import { HttpError, parsedJson } from '../http/index.js';
import { type Spec, sizeOfExample } from './spec.js';

/** Examples as they came: so many, one after the other. */
export interface Examples {
  readonly values: Float32Array | Uint8Array;
  readonly count: number;
}

/**
 * The examples in a JSON body `{ "inputs": … }`: one, or a list of them; each nested as the input shape, or flat.
 *
 * @throws {HttpError} 400 naming what is wrong.
 */
export function jsonInputs(bytes: Uint8Array, spec: Spec): Examples {
  checkLists(bytes, spec);
  const body = parsedJson(bytes);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw wrong('is no object', spec);
  const names = Object.keys(body);
  if (names.length !== 1 || names[0] !== 'inputs') throw wrong('has other keys', spec);
  const { inputs } = body as { inputs: unknown };
  if (!Array.isArray(inputs)) throw wrong('has inputs that are no list', spec);
  const shape = shapeOf(inputs, spec);
  const size = sizeOfExample(spec);
  const numbers = shape.reduce((product, length) => product * length, 1);
  const count = numbers / size;
  const values = new Float32Array(numbers);
  fill(inputs, shape, 0, values, 0, spec);
  const [low, high] = spec.takes === 'pictures' ? [0, 255] : [-3.4028234663852886e38, 3.4028234663852886e38];
  for (let i = 0; i < numbers; i++) {
    if (values[i] >= low && values[i] <= high) continue;
    const expected = spec.takes === 'pictures' ? 'pixels from 0 to 255' : 'finite numbers';
    throw wrong(`has ${values[i]} in inputs, expected ${expected}`);
  }
  return { values, count };
}

/**
 * Looks at brackets and commas before the body is parsed: lists in lists, or very many of them, take much more memory
 * than text.
 */
function checkLists(bytes: Uint8Array, spec: Spec): void {
  let depth = 0;
  let deepest = 0;
  let lists = 0;
  let commas = 0;
  let quotes = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === COMMA) commas++;
    else if (byte === QUOTE) quotes++;
    else if (byte === OPEN || byte === OPEN_OBJECT) {
      lists++;
      if (++depth > deepest) deepest = depth;
    } else if (byte === CLOSE || byte === CLOSE_OBJECT) depth--;
  }
  const { inputShape } = spec;
  if (deepest > inputShape.length + 2) throw wrong('has lists in lists that are nested too deeply', spec);
  if (quotes > 2) throw wrong('has texts or other keys', spec);
  let perExample = 1;
  for (let axis = 0, product = 1; axis < inputShape.length - 1; axis++) {
    product *= inputShape[axis];
    perExample += product;
  }
  const most = 3 + (1 + commas / sizeOfExample(spec)) * perExample;
  if (lists > most) throw wrong('has more lists than examples of that shape have', spec);
}

const [COMMA, QUOTE, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = Buffer.from(',"[]{}');

/** The shape of nested lists, by their first entries, if it is one that is expected. */
function shapeOf(inputs: readonly unknown[], spec: Spec): number[] {
  const shape: number[] = [];
  for (let at: unknown = inputs; Array.isArray(at); at = at[0]) shape.push(at.length);
  const { inputShape } = spec;
  const size = sizeOfExample(spec);
  const isOne = equal(shape, inputShape) || equal(shape, [size]);
  const isList = shape[0] > 0 && (equal(shape.slice(1), inputShape) || equal(shape.slice(1), [size]));
  if (!isOne && !isList) throw wrong(`has inputs of shape (${shape.join(', ')})`, spec);
  return shape;
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** Copies numbers out of lists. @returns The place behind the last one. */
function fill(
  list: unknown,
  shape: readonly number[],
  axis: number,
  values: Float32Array,
  at: number,
  spec: Spec,
): number {
  if (!Array.isArray(list) || list.length !== shape[axis]) throw wrong('has inputs of uneven lengths', spec);
  if (axis < shape.length - 1) {
    for (const part of list) at = fill(part, shape, axis + 1, values, at, spec);
    return at;
  }
  for (let i = 0; i < list.length; i++) {
    const value: unknown = list[i];
    if (typeof value !== 'number') throw wrong('has something else than numbers in inputs', spec);
    values[at++] = value;
  }
  return at;
}

function wrong(found: string, spec?: Spec): HttpError {
  if (spec === undefined) return new HttpError(400, `the body ${found}`);
  const shape = spec.inputShape.join(', ');
  const size = sizeOfExample(spec);
  const flat = spec.inputShape.length === 1 ? '' : ` or flat lists of ${size}`;
  const expected = `{ "inputs": [one or more examples of shape (${shape})${flat}] }`;
  return new HttpError(400, `the body ${found}, expected ${expected}`);
}
