// The transpiler that tsconfig.json names for ts-node: TypeScript's own, with its output kept in node_modules/.cache.
// Without it each start of a script transpiles all of src/ again, which takes 3 s.

const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const ts = require('typescript');

const FOLDER = join(__dirname, '../../node_modules/.cache/layerwise-ts-node');

/**
 * An import by a name that is known when it runs stays one. As the `require()` that CommonJS makes of it, it would
 * refuse packages with a top-level await, which vega has.
 */
const BY_NAME = 'import(/* webpackIgnore: true */';
const NATIVE = { module: ts.ModuleKind.Node20, moduleResolution: ts.ModuleResolutionKind.Node16 };

/** Called by ts-node, with the options of tsconfig.json. */
exports.create = ({ service }) => {
  const compilerOptions = service.config.options;
  const settings = JSON.stringify([ts.version, compilerOptions, NATIVE]);

  return {
    transpile(code, { fileName }) {
      const file = join(FOLDER, `${hash(fileName)}.json`);
      const key = hash(JSON.stringify([settings, fileName, code]));
      const kept = read(file);
      if (kept?.key === key) return kept;
      const { outputText, sourceMapText, diagnostics } = ts.transpileModule(code, {
        fileName,
        compilerOptions: code.includes(BY_NAME) ? { ...compilerOptions, ...NATIVE } : compilerOptions,
        reportDiagnostics: true,
      });
      if (diagnostics.length === 0) write(file, { key, outputText, sourceMapText });
      return { outputText, sourceMapText, diagnostics };
    },
  };
};

function hash(text) {
  return createHash('sha256').update(text).digest('hex');
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** Replaces the file in one step, since several processes may write it. Where it cannot be written, nothing is kept. */
function write(file, output) {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(temporary, JSON.stringify(output));
    renameSync(temporary, file);
  } catch {}
}
