// What reads a user's TypeScript: jiti, an optional peer, which the call that needs it loads.

/** Imports a file, afresh at each call. */
export type ImportFile = (file: string) => Promise<unknown>;

/**
 * Imports files of TypeScript or JavaScript in which `import 'layerwise'` is this very copy of the library.
 *
 * @param root - The folder from which the packages that a file imports are searched.
 * @param others - What other names import: the entry points beside `layerwise`.
 * @returns Null where jiti is not installed.
 */
export async function loadJiti(root: string, others: Readonly<Record<string, unknown>>): Promise<ImportFile | null> {
  const jiti = await import('jiti').catch(() => null);
  if (jiti === null) return null;
  // Nothing is kept: a file may have changed, and a model that it exports is trained once.
  const own = { layerwise: await library(), ...others };
  const options = { moduleCache: false, fsCache: false, interopDefault: false, virtualModules: own };
  const load = jiti.createJiti(root, options);
  return (file) => load.import(file);
}

/** What `import 'layerwise'` gives, of this copy. */
async function library(): Promise<unknown> {
  const all: object = await import('../index.js');
  // Node gives the exports of a CommonJS module as `default` too, and there they are complete.
  return 'default' in all ? all.default : all;
}
