/** An argument's shape breaks the contract in the function's documentation. */
export class ShapeError extends RangeError {
  override readonly name = 'ShapeError';
}

/** A shape as Python prints it: `(4,)`, `(2, 3)`. */
export function tuple(shape: readonly (number | string)[]): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
}

/** A short account of any value, for error messages. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(String).join(', ')}${value.length > 8 ? ', …' : ''}]`;
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'object' && value !== null) return `a ${value.constructor?.name ?? 'object'}`;
  if (typeof value === 'function') return 'a function';
  return String(value);
}
