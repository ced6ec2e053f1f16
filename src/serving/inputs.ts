import { hostValues } from '../arrays/index.js';
import { parseCsv } from '../data/csv.js';
import { HttpError, utf8 } from '../http/index.js';
import { decodeImage } from '../images/decode.js';
import { type Examples, jsonInputs } from './json-inputs.js';
import { type Spec, sizeOfExample } from './spec.js';

/** Pictures of more pixels are refused before they are decoded: 64 MB each. */
const MOST_PIXELS = 16_000_000;

/** How the bytes of each media type become examples. */
const READERS: Readonly<
  Record<string, (bytes: Uint8Array, spec: Spec, query: Pick<URLSearchParams, 'get'>) => Examples>
> = {
  'application/json': jsonInputs,
  'image/png': picture,
  'image/jpeg': picture,
  'application/octet-stream': rawInputs,
  'text/csv': rows,
};

/** The media types that are read for a model. */
export function mediaTypes({ takes }: Pick<Spec, 'takes'>): string[] {
  return Object.keys(READERS).filter((type) => {
    if (type.startsWith('image/')) return takes === 'pictures';
    return type !== 'text/csv' || takes === 'rows';
  });
}

/** @throws {HttpError} 415 if a model does not take what has that media type. */
export function checkMediaType(type: string, spec: Spec): void {
  const types = mediaTypes(spec);
  if (types.includes(type)) return;
  const found = type === '' ? 'the Content-Type is missing' : 'the Content-Type is another';
  throw new HttpError(415, `${found}, expected ${types.join(', ')}`);
}

/**
 * The examples in a body, as they came: pixels from 0 to 255, or rows of numbers.
 *
 * @param type - One of {@link mediaTypes}.
 * @throws {HttpError} 400 naming what is wrong, 415 for pictures that cannot be read here.
 */
export function inputsOf(type: string, bytes: Uint8Array, spec: Spec, query: Pick<URLSearchParams, 'get'>): Examples {
  if (bytes.length === 0) throw new HttpError(400, 'the body is empty');
  return READERS[type](bytes, spec, query);
}

/** The picture in a PNG or JPEG file, resized to what the model takes. */
function picture(bytes: Uint8Array, { inputShape }: Spec): Examples {
  const [channels, height, width] = inputShape as readonly [1 | 3, number, number];
  const options = { channels, size: [height, width] as const, maxPixels: MOST_PIXELS };
  const image = refusing(() => decodeImage(bytes, options));
  return { values: hostValues(image) as Float32Array, count: 1 };
}

/** The rows of a CSV text with its header. */
function rows(bytes: Uint8Array, { csv }: Spec): Examples {
  const text = utf8(bytes);
  const { X } = refusing(() => parseCsv(text, csv ?? {}));
  if (X.shape[0] === 0) throw new HttpError(400, 'the body has no rows');
  return { values: hostValues(X) as Float32Array, count: X.shape[0] };
}

/** Numbers as they are in memory, little-endian: pixels of a byte, or float32 with `?dtype=float32`. */
function rawInputs(bytes: Uint8Array, spec: Spec, query: Pick<URLSearchParams, 'get'>): Examples {
  const dtypes = spec.takes === 'pictures' ? ['uint8', 'float32'] : ['float32'];
  const dtype = query.get('dtype') ?? dtypes[0];
  if (!dtypes.includes(dtype)) throw new HttpError(400, `dtype is another, expected ${dtypes.join(' or ')}`);
  const size = sizeOfExample(spec);
  const width = dtype === 'uint8' ? 1 : 4;
  const count = bytes.length / (size * width);
  if (!Number.isInteger(count)) {
    const expected = `a multiple of ${size * width}: examples of shape (${spec.inputShape.join(', ')}) in ${dtype}`;
    throw new HttpError(400, `the body has ${bytes.length} bytes, expected ${expected}`);
  }
  if (dtype === 'uint8') return { values: bytes, count };
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  for (const value of values) {
    const isFine = spec.takes === 'pictures' ? value >= 0 && value <= 255 : Number.isFinite(value);
    if (isFine) continue;
    const expected = spec.takes === 'pictures' ? 'pixels from 0 to 255' : 'finite numbers';
    throw new HttpError(400, `the body has ${value}, expected ${expected}`);
  }
  return { values, count };
}

/** What `work` refuses is the fault of the request, but for a package that is not installed here. */
function refusing<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const said = (error as Error).message.replace(/^\w+: (bytes|text)/, 'the body').split('\n')[0];
    throw new HttpError(said.includes('npm install') ? 415 : 400, said);
  }
}
