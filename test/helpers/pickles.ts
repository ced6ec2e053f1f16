import { zipOf } from './zips.js';

/** Operations of pickles, by hand. Parts are joined: numbers are bytes, texts are texts of the pickle. */
export function pickled(...parts: readonly (number | string | Uint8Array)[]): Buffer {
  return Buffer.concat([Buffer.from([0x80, 2]), ...parts.map(asBytes), Buffer.from('.')]);
}

function asBytes(part: number | string | Uint8Array): Uint8Array {
  if (typeof part === 'number') return Uint8Array.of(part);
  if (typeof part !== 'string') return part;
  const text = Buffer.from(part);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([Buffer.from('X'), length, text]);
}

/** Operations as their letters. */
export function ops(letters: string): Buffer {
  return Buffer.from(letters, 'latin1');
}

/** A class or function by its name. */
export function named(module: string, name: string): Buffer {
  return Buffer.from(`c${module}\n${name}\n`);
}

/** A whole number. */
export function int(value: number): Buffer {
  const bytes = Buffer.from([0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeBigInt64LE(BigInt(value), 2);
  return bytes;
}

/** What is on the stack for a tensor of PyTorch. */
export function tensorOps({
  type = 'FloatStorage',
  key = '0',
  numbers = 6,
  offset = 0,
  shape = [2, 3],
  stride = [3, 1],
}: {
  type?: string;
  key?: string;
  numbers?: number;
  offset?: number;
  shape?: readonly number[];
  stride?: readonly number[];
} = {}): Buffer {
  const counts = (values: readonly number[]) => Buffer.concat([ops('('), ...values.map(int), ops('t')]);
  const storage = [ops('('), asBytes('storage'), named('torch', type), asBytes(key), asBytes('cpu'), int(numbers)];
  return Buffer.concat([
    named('torch._utils', '_rebuild_tensor_v2'),
    ops('('),
    ...storage,
    ops('tQ'),
    int(offset),
    counts(shape),
    counts(stride),
    ops('\x89'),
    named('collections', 'OrderedDict'),
    ops(')RtR'),
  ]);
}

/** A file of torch.save around a pickle. */
export function torchFile(pickle: Uint8Array, storages: Readonly<Record<string, Uint8Array>> = {}): Uint8Array {
  const parts = Object.entries(storages).map(([key, content]) => ({ name: `archive/data/${key}`, content }));
  return zipOf([{ name: 'archive/data.pkl', content: pickle }, ...parts]);
}
