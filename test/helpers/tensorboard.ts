import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What a file of events says, read by the letter of its format and independently of what writes it. */
export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly version?: string;
  readonly starts?: boolean;
  readonly scalars: Readonly<Record<string, number>>;
}

/** The fields of a message of a protocol buffer: number, and a number or the bytes of a part. */
function* fields(bytes: Buffer): Generator<[field: number, value: number | Buffer]> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, wire] = [tag >> 3, tag & 7];
    if (wire === 0) {
      yield [field, varint()];
      continue;
    }
    const length = wire === 1 ? 8 : wire === 5 ? 4 : varint();
    const part = bytes.subarray(at, at + length);
    if (wire === 3 || wire === 4 || wire > 5 || part.length < length) throw new Error(`field ${field}, type ${wire}`);
    yield [field, wire === 1 ? part.readDoubleLE() : wire === 5 ? part.readFloatLE() : part];
    at += length;
  }
}

/** CRC-32C bit by bit, masked. */
function masked(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** The data of each record. @throws {Error} if a checksum is wrong, or the last record is not complete. */
export function readRecords(file: string): Buffer[] {
  const bytes = readFileSync(file);
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const data = bytes.subarray(at + 12, at + 12 + length);
    if (bytes.readUInt32LE(at + 8) !== masked(bytes.subarray(at, at + 8))) throw new Error('checksum of a length');
    if (bytes.readUInt32LE(at + 12 + length) !== masked(data)) throw new Error('checksum of data');
    records.push(data);
    at += 12 + length + 4;
  }
  return records;
}

function readEvent(bytes: Buffer): ReadEvent {
  const event = { wallTime: 0, step: 0, scalars: {} as Record<string, number> };
  for (const [field, value] of fields(bytes)) {
    if (field === 1) event.wallTime = value as number;
    else if (field === 2) event.step = value as number;
    else if (field === 3) Object.assign(event, { version: String(value) });
    else if (field === 7) Object.assign(event, { starts: [...fields(value as Buffer)].join() === '1,1' });
    else if (field === 5) {
      for (const [, part] of fields(value as Buffer)) {
        const scalar = new Map(fields(part as Buffer));
        event.scalars[String(scalar.get(1))] = scalar.get(2) as number;
      }
    } else throw new Error(`field ${field} of an event`);
  }
  return event;
}

/** The events of a folder's files, each file in the order of the names. */
export function readEvents(dir: string): ReadEvent[][] {
  const names = readdirSync(dir).filter((name) => name.includes('tfevents'));
  return names.sort().map((name) => readRecords(path.join(dir, name)).map(readEvent));
}

/** The points of a curve, in the order of the events. */
export function curve(events: readonly ReadEvent[], tag: string): [step: number, value: number][] {
  return events.filter(({ scalars }) => tag in scalars).map(({ step, scalars }) => [step, scalars[tag]]);
}
