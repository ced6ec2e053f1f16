// Figures are compared within a tolerance, since the last bits of what they show depend on the kernels.

import { decodeImage } from '../../src/images/index.js';

const NUMBER = /[-−]?\d+(?:\.\d+)?(?:e-?\d+)?/g;

/** Where two figures differ, in words; null where they are the same to the eye. Their names end in .svg or .png. */
export function figureDifference(file: string, found: Uint8Array, expected: Uint8Array): string | null {
  return file.endsWith('.png') ? pixelDifference(found, expected) : svgDifference(found, expected);
}

/** A picture within a picture. */
const EMBEDDED = /data:image\/png;base64,([\w+/=]+)/g;

/** Texts and elements have to be the same, and numbers within 2 pixels, or 2 % of their size. */
function svgDifference(found: Uint8Array, expected: Uint8Array): string | null {
  const [a, b] = [found, expected].map((bytes) => {
    const text = new TextDecoder().decode(bytes);
    const pictures = Array.from(text.matchAll(EMBEDDED), ([, base64]) => Buffer.from(base64, 'base64'));
    const markup = text.replace(EMBEDDED, 'data:');
    const numbers = (markup.match(NUMBER) ?? []).map((number) => Number(number.replace('−', '-')));
    return { pictures, frame: markup.replace(NUMBER, '#'), numbers };
  });
  if (a.frame !== b.frame) {
    const at = [...a.frame].findIndex((letter, i) => letter !== b.frame[i]);
    return `has ${JSON.stringify(a.frame.slice(at, at + 60))} for ${JSON.stringify(b.frame.slice(at, at + 60))}`;
  }
  const isFar = (number: number, i: number): boolean =>
    !(Math.abs(number - b.numbers[i]) <= 2 + 0.02 * Math.abs(b.numbers[i]));
  const far = a.numbers.findIndex(isFar);
  if (far >= 0) return `has ${a.numbers[far]} for ${b.numbers[far]}`;
  const differences = a.pictures.map((picture, i) => pixelDifference(picture, b.pictures[i]));
  return differences.find((difference) => difference !== null) ?? null;
}

/** Values differ by 4 of 255 on average at most: where a line has moved, few pixels differ by much. */
function pixelDifference(found: Uint8Array, expected: Uint8Array): string | null {
  const [a, b] = [found, expected].map((bytes) => decodeImage(bytes));
  if (String(a.shape) !== String(b.shape)) return `has shape (${a.shape}) for (${b.shape})`;
  let sum = 0;
  for (let i = 0; i < a.size; i++) sum += Math.abs(a.data[i] - b.data[i]);
  return sum / a.size <= 4 ? null : `differs by ${(sum / a.size).toFixed(1)} of 255 on average`;
}
