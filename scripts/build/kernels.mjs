// Compiles the AssemblyScript kernels and embeds them as bytes in a TypeScript module, so that bundlers, ts-node,
// vitest and browsers need no file to find. Does nothing where the module was made from these very sources. The kernels
// have relaxed SIMD: src/kernels/wasm/plain-simd.ts writes it out, for engines without, and is tried here.
//
// The list of the kernels is made from their loops: each `export function name<T>(item: i32): void` in assembly/ is one
// (without <T>, where it is for float32 only). From the list come assembly/dispatch.generated.ts, which calls a loop by
// its number, and wasm/kernel.generated.ts, the enum by which the bindings name it.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const ASSEMBLY = join(ROOT, 'src/kernels/assembly');
const ENTRY = join(ASSEMBLY, 'index.ts');
const DISPATCH = join(ASSEMBLY, 'dispatch.generated.ts');
const NUMBERS = join(ROOT, 'src/kernels/wasm/kernel.generated.ts');
const OUT = join(ROOT, 'src/kernels/wasm/binaries.generated.ts');
const PLAIN = join(ROOT, 'src/kernels/wasm/plain-simd.ts');

/** Files of assembly/ that run jobs, and have no loops of kernels. */
const RUN_JOBS = ['index.ts', 'job.ts'];
const LOOP = /^export function (\w+)(<T>)?\(\w+: i32\): void \{/gm;

const COMMON = [
  ['-O3', '--noAssert', '--runtime', 'stub'],
  // Constants begin at 8192: the threads use the bytes before (src/kernels/wasm/protocol.ts).
  ['--importMemory', '--memoryBase', '8192', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
  ['--enable', 'simd', '--enable', 'threads'],
  // Vectors in an exported function's signature: the compiler means the module's exports, but says it of every source
  // file.
  ['--disableWarning', '112'],
].flat();

/** The compiler's options for the build that is embedded, and for the one that it is held against. */
const BUILDS = {
  relaxed: [...COMMON, '--enable', 'relaxed-simd'],
  plain: COMMON,
};

/**
 * The kernels as one of the builds has them.
 *
 * @param {'relaxed' | 'plain'} name
 * @returns {Promise<Uint8Array>} A module.
 */
export const compileBuild = (name) => compile(ENTRY, BUILDS[name]);

/**
 * Writes the modules of the numbers and of the kernels, each whole or not at all. They change only once the kernels are
 * compiled, so the numbers are always those of the kernels.
 *
 * @returns {Promise<Record<string, number> | null>} The bytes of the kernels; null where all is up to date.
 */
export async function buildKernels() {
  const loops = findLoops();
  write(DISPATCH, dispatch(loops));
  const source = `// Sources: sha256 ${digest(ENTRY, PLAIN)}`;
  const numbers = numbersOf(loops);
  if (readOrNull(OUT)?.startsWith(source) && readOrNull(NUMBERS) === numbers) return null;

  const binary = await compileBuild('relaxed');
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
    '',
    'export const relaxed: Binary = {',
    `  base64: '${Buffer.from(binary).toString('base64')}',`,
    `  memoryFlag: ${memoryFlag(binary)},`,
    '};',
  ];
  const plain = await withoutRelaxed(binary);
  write(NUMBERS, numbers);
  write(OUT, `${lines.join('\n')}\n`);
  return { relaxed: binary.length, plain: plain.length };
}

/**
 * The kernels as engines without relaxed SIMD get them.
 *
 * @throws {Error} if they are no valid module, or still have relaxed SIMD in them.
 */
async function withoutRelaxed(binary) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({ entryPoints: [PLAIN], bundle: true, format: 'esm', write: false });
  const { plainSimd } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  const plain = plainSimd(binary);
  if (!WebAssembly.validate(plain)) throw new Error('the kernels without relaxed SIMD are no valid module');
  if (!Buffer.from(plainSimd(plain)).equals(plain)) throw new Error('the kernels without relaxed SIMD still have it');
  return plain;
}

/** The loops of the kernels, by file and by their order in it: a kernel's number is its place in this list. */
function findLoops() {
  const files = readdirSync(ASSEMBLY).filter((file) => /(?<!\.generated)\.ts$/.test(file) && !RUN_JOBS.includes(file));
  return files.sort().flatMap((file) =>
    [...readFileSync(join(ASSEMBLY, file), 'utf8').matchAll(LOOP)].map(([, name, generic = '']) => ({
      name,
      generic,
      module: basename(file, '.ts'),
      kernel: name[0].toUpperCase() + name.slice(1),
    })),
  );
}

/** The module of assembly/ that calls a loop by its number: a switch over dense numbers, which becomes a jump table. */
function dispatch(loops) {
  return `// Made by scripts/build/kernels.mjs from the loops in this folder.

${loops.map(({ name, module }) => `import { ${name} } from "./${module}";`).join('\n')}

/** Computes one work item of a kernel, of float64 where \`wide\`, else of float32. */
export function perform(kernel: i32, wide: i32, item: i32): void {
  if (wide) performIn<f64>(kernel, item);
  else performIn<f32>(kernel, item);
}

function performIn<T>(kernel: i32, item: i32): void {
  switch (kernel) {
${loops.map(({ name, generic }, number) => `    case ${number}: return ${name}${generic}(item);`).join('\n')}
  }
}
`;
}

/** The module of wasm/ that has the kernels' numbers by name. */
function numbersOf(loops) {
  return `// Made by scripts/build/kernels.mjs from the loops in ../assembly/.

/** The kernels of \`assembly/\`, by number. */
export enum Kernel {
${loops.map(({ kernel, name, module }) => `  /** \`${name}\` of assembly/${module}.ts. */\n  ${kernel},`).join('\n')}
}
`;
}

/** Replaces a file in one step, if its text is another. */
export function write(file, text) {
  if (readOrNull(file) === text) return;
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** A hash of the sources, this script and the compiler's version. */
function digest(...entries) {
  const hash = createHash('sha256');
  const compiler = createRequire(import.meta.url).resolve('assemblyscript/package.json');
  const files = entries.flatMap((entry) => [...sources(entry)]);
  for (const file of [compiler, fileURLToPath(import.meta.url), ...files.sort()]) {
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
    sources(resolve(dirname(file), `${path.replace(/\.js$/, '')}.ts`), found);
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
