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
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) {
    return `[${value.slice(0, 8).map(describe).join(', ')}${value.length > 8 ? ', …' : ''}]`;
  }
  const { shape } = value as { shape?: unknown };
  if (Array.isArray(shape)) return `an array of shape ${tuple(shape)}`;
  const name = value.constructor?.name ?? 'Object';
  return name === 'Object' ? 'an object' : `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}
