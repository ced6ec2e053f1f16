import { typedArrayName } from './realms.js';

/** An argument's shape breaks the contract in the function's documentation. */
export class ShapeError extends RangeError {
  override readonly name = 'ShapeError';
}

/** What is wrong with an argument, in parts, so that callers with other names for function and argument can rename. */
export interface Fault {
  readonly fn: string;
  readonly arg: string;
  /** Said of the argument: `is -1`, `has shape (4,)`. */
  readonly found: string;
  /** What it should be: `a number ≥ 0`. */
  readonly expected?: string;
  /** The argument whose dtype is expected. */
  readonly like?: string;
  /** What to do about it: `make it with array(x)`. */
  readonly wayOut?: string;
}

const faults = new WeakMap<object, Fault>();

/** What an error that {@link argumentError} made says, in parts. */
export function faultOf(error: unknown): Fault | undefined {
  return typeof error === 'object' && error !== null ? faults.get(error) : undefined;
}

/** An error that says what is wrong with an argument: `affineForward: b has shape (4,), expected (M=5,)`. */
export function argumentError(
  Kind: new (message: string, options?: ErrorOptions) => Error,
  fault: Fault,
  options?: ErrorOptions,
): Error {
  const error = new Kind(`${fault.fn}: ${said(fault)}`, options);
  faults.set(error, fault);
  return error;
}

/** What a fault says, without the function. */
export function said({ arg, found, expected, like, wayOut }: Fault): string {
  const parts = [
    found.startsWith(':') ? `${arg}${found}` : `${arg} ${found}`,
    expected === undefined ? '' : `, expected ${expected}`,
    like === undefined ? '' : `, the dtype of ${like}`,
    wayOut === undefined ? '' : `: ${wayOut}`,
  ];
  return parts.join('');
}

/** A shape as Python prints it: `(4,)`, `(2, 3)`. */
export function tuple(shape: readonly (number | string)[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
}

/** Characters that control a terminal, or change the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are searched for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const SHORT: Readonly<Record<string, string>> = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r' };

/** A text from outside, for a message: control characters escaped as JSON does, and at most `most` characters. */
export function printable(text: string, most = 200): string {
  const shown = text.length > most ? `${text.slice(0, most)}…` : text;
  return shown.replace(CONTROLS, (c) => SHORT[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A short account of any value, for error messages. Never throws. */
export function describe(value: unknown): string {
  try {
    return account(value, 0);
  } catch {
    // A proxy, a getter or a toString of the user's that throws.
    return typeof value === 'function' ? 'a function' : 'an object';
  }
}

/** As {@link describe} says it, `depth` lists further in: a list may be endless, or contain itself. */
function account(value: unknown, depth: number): string {
  if (typeof value === 'string') return `'${printable(value, 60)}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) {
    if (depth === 3 && value.length > 0) return '[…]';
    const shown = value.slice(0, depth === 0 ? 8 : 4).map((entry) => account(entry, depth + 1));
    return `[${shown.join(', ')}${value.length > shown.length ? ', …' : ''}]`;
  }
  const { shape, data } = value as { shape?: unknown; data?: unknown };
  if (Array.isArray(shape)) {
    const numbers = typedArrayName(data) ?? (Array.isArray(data) ? 'Array' : '');
    const kind = Array.isArray((data as { shape?: unknown } | null | undefined)?.shape) ? 'a tensor' : 'an array';
    const over = /^(Float(32|64)|$)/.test(numbers) ? '' : ` over ${withArticle(numbers)}`;
    return `${kind} of shape ${tuple(shape)}${over}`;
  }
  const name = kindOf(value);
  return name === 'Object' ? 'an object' : withArticle(printable(name));
}

function withArticle(name: string): string {
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}

/** The name of the nearest class that has one. Generators have no class, but a tag: `AsyncGenerator`. */
function kindOf(value: object): string {
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at)) {
    for (const name of [at.constructor?.name, (at as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]]) {
      if (typeof name === 'string' && name !== '') return name;
    }
  }
  return 'Object';
}
