import { TfRecords } from './tf-record.js';

/** The tags of protocol buffers that events are made of: field number · 8 + wire type. */
const WALL_TIME = 0x09; // Event.wall_time, a double
const STEP = 0x10; // Event.step, an int64
const FILE_VERSION = 0x1a; // Event.file_version, a string
const SUMMARY = 0x2a; // Event.summary, a message
const SESSION_LOG = 0x3a; // Event.session_log, a message
const STATUS = 0x08; // SessionLog.status, an enum
const VALUE = 0x0a; // Summary.value, a message
const TAG = 0x0a; // Summary.Value.tag, a string
const SIMPLE_VALUE = 0x15; // Summary.Value.simple_value, a float

/** SessionLog.SessionStatus.START */
const START = 1;

/** The most bytes of a tag and a varint, twice. */
const HEAD = 32;

/** A scalar's name, as bytes: the beginning of a Summary.Value. */
export type ScalarTag = Uint8Array;

/** @param name - Such as `loss/train`: the part before the slash is a section of TensorBoard. */
export function scalarTag(name: string): ScalarTag {
  const text = new TextEncoder().encode(name);
  const head = new Uint8Array(6 + text.length);
  const at = varint(head, 1, text.length);
  head[0] = TAG;
  head.set(text, at);
  return head.subarray(0, at + text.length);
}

/**
 * Events of TensorBoard as records.
 *
 * @see https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
 */
export class TensorBoardEvents extends TfRecords {
  /** The event that every file begins with. @param wallTime - Seconds since 1970. */
  addVersion(wallTime: number): void {
    const version = new TextEncoder().encode('brain.Event:2');
    this.add(HEAD + version.length, (bytes, view, start) => {
      let at = wallTimeAt(bytes, view, start, wallTime);
      bytes[at++] = FILE_VERSION;
      at = varint(bytes, at, version.length);
      bytes.set(version, at);
      return at + version.length;
    });
  }

  /** Says that a run starts there: what earlier files have of this step and later ones is void. */
  addStart(wallTime: number, step: number): void {
    this.add(HEAD + 4, (bytes, view, start) => {
      const at = stepAt(bytes, wallTimeAt(bytes, view, start, wallTime), step);
      bytes.set([SESSION_LOG, 2, STATUS, START], at);
      return at + 4;
    });
  }

  /** Scalars of a step: `values` in the order of `tags`; those that are null are left out. */
  addScalars(wallTime: number, step: number, tags: readonly ScalarTag[], values: readonly (number | null)[]): void {
    let size = 0;
    for (let i = 0; i < tags.length; i++) if (values[i] !== null) size += sizeOf(tags[i]);
    if (size === 0) return;
    this.add(HEAD + size, (bytes, view, start) => {
      let at = stepAt(bytes, wallTimeAt(bytes, view, start, wallTime), step);
      bytes[at++] = SUMMARY;
      at = varint(bytes, at, size);
      for (let i = 0; i < tags.length; i++) {
        const value = values[i];
        if (value === null) continue;
        const tag = tags[i];
        bytes[at++] = VALUE;
        at = varint(bytes, at, tag.length + 5);
        for (let k = 0; k < tag.length; k++) bytes[at++] = tag[k];
        bytes[at++] = SIMPLE_VALUE;
        view.setFloat32(at, value, true);
        at += 4;
      }
      return at;
    });
  }
}

/** Bytes of a Summary.value with its tag and length. */
function sizeOf(tag: ScalarTag): number {
  return 1 + varintSize(tag.length + 5) + tag.length + 5;
}

function wallTimeAt(bytes: Uint8Array, view: DataView, at: number, wallTime: number): number {
  bytes[at] = WALL_TIME;
  view.setFloat64(at + 1, wallTime, true);
  return at + 9;
}

function stepAt(bytes: Uint8Array, at: number, step: number): number {
  bytes[at] = STEP;
  return varint(bytes, at + 1, step);
}

/** Writes a whole number in groups of 7 bits, the lowest first. Returns the place behind it. */
function varint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) + 128;
  bytes[at++] = rest;
  return at;
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
}
