// Compiles the AssemblyScript kernels and embeds both builds as bytes in a TypeScript module, so that bundlers,
// ts-node, vitest and browsers need no file to find. Does nothing where the module was made from these very sources.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const ENTRY = join(ROOT, 'src/kernels/assembly/index.ts');
const OUT = join(ROOT, 'src/kernels/wasm/binaries.generated.ts');

const COMMON = [
  ['-O3', '--noAssert', '--runtime', 'stub'],
  // Constants begin at 8192: the threads use the bytes before (src/kernels/wasm/protocol.ts).
  ['--importMemory', '--memoryBase', '8192', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
  ['--enable', 'simd', '--enable', 'threads'],
  // Vectors in an exported function's signature: the compiler means the module's exports, but says it of every source
  // file.
  ['--disableWarning', '112'],
].flat();

/** The compiler's options for each build, under the name it is exported by. */
const BUILDS = {
  relaxed: [...COMMON, '--enable', 'relaxed-simd'],
  plain: COMMON,
};

/**
 * Writes the module of both builds, whole or not at all.
 *
 * @returns {Promise<Record<string, number> | null>} The bytes of each build; null where the module is up to date.
 */
export async function buildKernels(entry = ENTRY, out = OUT) {
  const source = `// Sources: sha256 ${digest(entry)}`;
  if (existsSync(out) && readFileSync(out, 'utf8').startsWith(source)) return null;

  const sizes = {};
  const lines = [
    source,
    '',
    '/** A WebAssembly module. */',
    'export interface Binary {',
    '  /** Its bytes. */',
    '  readonly base64: string;',
    '  /** Where in the bytes the limits flag of the imported memory stands: 3, shared with a maximum; 1 is ' +
      'unshared. */',
    '  readonly memoryFlag: number;',
    '}',
  ];
  for (const [name, options] of Object.entries(BUILDS)) {
    const binary = await compile(entry, options);
    const base64 = Buffer.from(binary).toString('base64');
    lines.push('', `export const ${name}: Binary = {`, `  base64: '${base64}',`);
    lines.push(`  memoryFlag: ${memoryFlag(binary)},`, '};');
    sizes[name] = binary.length;
  }

  const temporary = `${out}.${process.pid}.tmp`;
  mkdirSync(dirname(out), { recursive: true });
  try {
    writeFileSync(temporary, `${lines.join('\n')}\n`);
    renameSync(temporary, out);
  } finally {
    rmSync(temporary, { force: true });
  }
  return sizes;
}

/** A hash of the sources, this script and the compiler's version. */
function digest(entry) {
  const hash = createHash('sha256');
  const compiler = createRequire(import.meta.url).resolve('assemblyscript/package.json');
  for (const file of [compiler, fileURLToPath(import.meta.url), ...[...sources(entry)].sort()]) {
    hash
      .update(`${relative(ROOT, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

/** A source file and all that it imports. */
function sources(file, found = new Set()) {
  if (found.has(file) || !existsSync(file)) return found;
  found.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/\bfrom\s+['"](\.[^'"]+)['"]/g)) {
    sources(resolve(dirname(file), `${path}.ts`), found);
  }
  return found;
}

/**
 * The bytes of a module compiled from `entry`.
 *
 * @throws {Error} if the compiler prints anything, warnings included.
 */
export async function compile(entry, options) {
  const { default: asc } = await import('assemblyscript/asc');
  const messages = asc.createMemoryStream();
  let binary;
  const { error } = await asc.main([relative(ROOT, entry), ...options, '--outFile', 'kernels.wasm'], {
    stdout: messages,
    stderr: messages,
    readFile: (name, base) => readOrNull(resolve(ROOT, base, name)),
    listFiles: () => [],
    writeFile: (name, contents) => {
      if (name === 'kernels.wasm') binary = contents;
    },
  });
  const said = messages.toString().trim();
  if (error || said !== '' || binary === undefined) {
    throw new Error(`compiling ${relative(ROOT, entry)}:\n${said || error || 'nothing, and gives no output'}`);
  }
  return binary;
}

function readOrNull(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/**
 * The offset of the limits flag of the first imported memory.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html#import-section
 * @throws {Error} if the binary imports no memory, or one that is not shared with a maximum.
 */
export function memoryFlag(binary) {
  let at = 0;
  const byte = () => binary[at++];
  const unsigned = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const next = byte();
      value += (next & 127) * scale;
      if (next < 128) return value;
    }
  };
  const name = () => {
    const length = unsigned();
    at += length;
  };
  const limits = () => {
    const flag = byte();
    unsigned();
    if (flag & 1) unsigned();
  };

  at = 8; // after the magic number and the version
  while (at < binary.length) {
    const section = byte();
    const size = unsigned();
    if (section !== 2) {
      at += size;
      continue;
    }
    for (let imports = unsigned(); imports > 0; imports--) {
      name();
      name();
      const kind = byte();
      if (kind === 2) {
        if (binary[at] !== 3) throw new Error(`the imported memory has limits flag ${binary[at]}, expected 3`);
        return at;
      }
      if (kind === 0)
        unsigned(); // function: its type
      else if (kind === 1) {
        byte(); // table: the type of its elements
        limits();
      } else if (kind === 3)
        at += 2; // global: its type, whether it changes
      else throw new Error(`import of kind ${kind}, expected 0 to 3`);
    }
    break;
  }
  throw new Error('the binary imports no memory');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const where = relative(process.cwd(), OUT);
  buildKernels().then(
    // On stderr: the next command may use stdout for its results, as `npm run bench -- --json` does.
    (sizes) => {
      const builds = sizes && Object.entries(sizes).map(([build, bytes]) => `${build} ${bytes} bytes`);
      console.error(`kernels: ${where} ${builds ? `(${builds.join(', ')})` : 'is up to date'}`);
    },
    (error) => {
      console.error(`kernels: ${error.message}`);
      process.exitCode = 1;
    },
  );
}
