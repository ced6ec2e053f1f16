// What the checks of all lessons share. `layerwise lesson` puts it beside them.

import { relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { toNested } from 'layerwise';

/** Something in the exercise is not as it should be: the message says what. */
class Wrong extends Error {}

/**
 * Says what is wrong.
 *
 * @param {string} message
 * @returns {never}
 */
export function wrong(message) {
  throw new Wrong(message);
}

/**
 * Runs the checks of a lesson one after the other, up to the first that fails, says what it found, and ends the program.
 * The exercise is `exercise.mjs` beside this file, or the file that the command line names.
 *
 * @param {Record<string, (exercise: any) => void | Promise<void>>} checks By what they check.
 */
export async function lesson(checks) {
  const named = process.argv[2];
  const url = named === undefined ? new URL('exercise.mjs', import.meta.url) : pathToFileURL(named);
  const file = relative('', fileURLToPath(url));
  const names = Object.keys(checks);
  let exercise;
  try {
    exercise = await import(url.href);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    // The message of a slip of the pen does not say where it is.
    const isSlip = error instanceof SyntaxError && !message.includes('does not provide an export');
    console.log(`${file} cannot be loaded: ${message}${isSlip ? `; node --check ${file} shows where` : ''}`);
    process.exit(1);
  }
  for (const [done, name] of names.entries()) {
    try {
      await checks[name](exercise);
    } catch (error) {
      console.log(`✗ ${name}\n\n    ${said(error, file)}\n`);
      console.log(`${done} of ${names.length} checks pass. The others wait for this one.`);
      process.exit(1);
    }
    console.log(`✓ ${name}`);
  }
  console.log(`\nAll ${names.length} checks pass.`);
}

/** @param {unknown} error @param {string} file */
function said(error, file) {
  if (error instanceof Wrong) return error.message.replaceAll('\n', '\n    ');
  if (!(error instanceof Error)) return String(error);
  const name = file.replace(/^.*[\\/]/, '');
  const [, line] = error.stack?.match(new RegExp(`${name.replaceAll('.', '\\.')}:(\\d+)`)) ?? [];
  return `${error.name === 'Error' ? '' : `${error.name}: `}${error.message}${line ? ` (line ${line} of ${name})` : ''}`;
}

/**
 * Compares an array, or a number, with what it should be.
 *
 * @param {string} name What it is called in the message.
 * @param {unknown} found What the exercise has computed.
 * @param {any} expected Numbers in lists, one number, or an array.
 * @param {number} [tolerance] The difference that may be, for numbers around 1. Default 1e-6.
 */
export function near(name, found, expected, tolerance = 1e-6) {
  const want = flat(expected) ?? wrong(`${name} is compared with what is no array`);
  const have = flat(found);
  if (have === null) wrong(`${name} is ${String(found)}, expected ${want.shape.length > 0 ? 'an array' : 'a number'}`);
  if (String(have.shape) !== String(want.shape)) {
    wrong(`${name} has shape (${have.shape.join(', ')}), expected (${want.shape.join(', ')})`);
  }
  const distances = have.values.map(
    (value, i) => Math.abs(value - want.values[i]) / Math.max(1, Math.abs(want.values[i])),
  );
  const at = distances.findIndex((distance) => !(distance <= tolerance));
  if (at < 0) return;
  const place = have.shape.length > 0 ? `[${indices(at, have.shape).join(', ')}]` : '';
  const wrongOnes = distances.filter((distance) => !(distance <= tolerance)).length;
  const all = wrongOnes > 1 ? `; ${wrongOnes} of ${distances.length} values are wrong` : '';
  wrong(`${name}${place} is ${short(have.values[at])}, expected ${short(want.values[at])}${all}`);
}

/**
 * Checks that a call leaves arrays as they are.
 *
 * @template T
 * @param {Record<string, import('layerwise').NDArray>} arrays By their names in the message.
 * @param {() => T} call
 * @returns {T} What the call returns.
 */
export function unchanged(arrays, call) {
  const before = Object.values(arrays).map((one) => String(toNested(one)));
  const result = call();
  for (const [i, [name, one]] of Object.entries(arrays).entries()) {
    if (String(toNested(one)) !== before[i]) wrong(`${name} has changed: leave it as it is, and write to a new array`);
  }
  return result;
}

/**
 * The shape and the values of an array, of lists of numbers, or of a number; null for anything else.
 *
 * @param {any} value
 * @returns {{ shape: number[], values: number[] } | null}
 */
function flat(value) {
  if (typeof value === 'number') return { shape: [], values: [value] };
  if (value === null || typeof value !== 'object') return null;
  const nested = Array.isArray(value.shape) ? toNested(value) : value;
  if (!Array.isArray(nested)) return null;
  /** @type {number[]} */
  const shape = [];
  for (/** @type {any} */ let at = nested; Array.isArray(at); at = at[0]) shape.push(at.length);
  const values = /** @type {number[]} */ (nested.flat(Number.POSITIVE_INFINITY));
  return values.every((one) => typeof one === 'number') ? { shape, values } : null;
}

/** @param {number} at @param {number[]} shape */
function indices(at, shape) {
  return shape.map((_, axis) => {
    const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
    return Math.floor(at / inner) % shape[axis];
  });
}

/** @param {number} value */
function short(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
}
