// Sorts the code of a WebAssembly module and deflates it. src/kernels/wasm/sorted-code.ts describes the form, and puts
// the code in order again.

import { join } from 'node:path';
import { constants, deflateRawSync } from 'node:zlib';
import { build } from 'esbuild';
import { ROOT } from './kernels.mjs';

const CODE = 10;
/** Streams beside those that sorted-code.ts names, each of bytes that resemble each other. */
const [OFFSETS, CONSTANTS, VECTORS, CALLS, OTHERS] = [3, 4, 5, 6, 7];

/**
 * A module's sorted form, deflated.
 *
 * @param {Uint8Array} module
 * @returns {Promise<Buffer>}
 * @throws {Error} if the module has what the form has not: local number 128 or a later one, a `select` with its type,
 *   more than 256 opcodes; or if what is put in order again is not the module.
 */
export async function sortCode(module) {
  const { BinaryReader, FRAME, LOCALS, OPCODES, VECTOR, immediates, inOrder } = await sources();
  const streams = Array.from({ length: OTHERS + 1 }, () => []);
  const copy = (stream, start, end) => streams[stream].push(...module.subarray(start, end));
  const opcodes = new Map();

  const reader = new BinaryReader(module, 8);
  while (module[reader.at] !== CODE) {
    reader.skip(1);
    const size = reader.unsigned();
    reader.at += size;
  }
  reader.skip(2);
  streams[FRAME].push(...integer(reader.at));
  copy(FRAME, 0, reader.at);
  const counted = reader.at;
  const bodies = reader.unsigned();
  copy(FRAME, counted, reader.at);
  for (let body = 0; body < bodies; body++) {
    const start = reader.at;
    const size = reader.unsigned();
    const end = reader.at + size;
    for (let groups = reader.unsigned(); groups > 0; groups--) reader.skip(2);
    copy(FRAME, start, reader.at);
    const recent = Array.from({ length: 128 }, (_, local) => local);
    while (reader.at < end) {
      const codeAt = reader.at;
      const opcode = reader.opcode();
      const after = reader.at;
      reader.immediates(opcode);
      const known = opcodes.get(opcode) ?? { index: opcodes.size, ...followedBy(opcode) };
      known.code ??= [...module.subarray(codeAt, after)];
      opcodes.set(opcode, known);
      streams[OPCODES].push(known.index);
      if (known.stream === LOCALS) {
        const place = recent.indexOf(module[after]);
        if (place < 0) throw new Error(`local ${module[after]}: expected one below 128`);
        recent.unshift(...recent.splice(place, 1));
        streams[LOCALS].push(place);
      } else {
        copy(known.stream, after, reader.at);
      }
    }
  }
  const rest = reader.at;
  if (opcodes.size > 256) throw new Error(`${opcodes.size} opcodes: expected 256 at most`);

  const list = [...opcodes.values()].map(({ code, stream, integers, bytes }) => [
    ...[code.length, ...code],
    ...[stream, integers, bytes].flatMap(integer),
  ]);
  const sizes = streams.slice(0, -1).map(({ length }) => length);
  sizes[FRAME] += module.length - rest;
  const numbers = [module.length, streams.length, ...sizes].flatMap(integer);
  // A block each: what resembles each other has the same frequent bytes.
  const head = [...numbers, ...integer(list.length), ...list.flat(), ...streams[FRAME]];
  const blocks = [head, module.subarray(rest), ...streams.slice(1)].map((block) => Uint8Array.from(block));
  if (!Buffer.from(inOrder(Buffer.concat(blocks))).equals(module)) throw new Error('sorted code is not the same code');
  return Buffer.concat(
    blocks.map((block, i) => {
      const finishFlush = i < blocks.length - 1 ? constants.Z_SYNC_FLUSH : constants.Z_FINISH;
      return deflateRawSync(block, { level: 9, memLevel: 9, finishFlush });
    }),
  );

  /** The stream of what follows an opcode, and how many integers and bytes that are. */
  function followedBy(opcode) {
    if (opcode >= 0x20 && opcode <= 0x22) return { stream: LOCALS, integers: 0, bytes: 0 };
    if (opcode === 0x0e) return { stream: OTHERS, integers: VECTOR, bytes: 0 };
    if (opcode === 0x1c) throw new Error('a select with its type');
    const [, , integers, bytes] = immediates(opcode);
    return { stream: streamOf(opcode, integers, bytes), integers, bytes };
  }
}

function streamOf(opcode, integers, bytes) {
  if (opcode === 0x41) return CONSTANTS;
  if (opcode === 0x10) return CALLS;
  if (bytes === 16) return VECTORS;
  return integers === 2 ? OFFSETS : OTHERS;
}

/** An unsigned integer in as few bytes as it takes (LEB128). */
function integer(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...integer(value >>> 7)];
}

/** What it needs of src/. */
async function sources() {
  const names = ['binary-reader', 'sorted-code'];
  const { outputFiles } = await build({
    stdin: {
      contents: names.map((name) => `export * from './${name}.ts';`).join('\n'),
      resolveDir: join(ROOT, 'src/kernels/wasm'),
    },
    bundle: true,
    format: 'esm',
    write: false,
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}
