/** The built-in modules of Node that this library asks for, all of them at call time. */
interface Builtins {
  'node:crypto': typeof import('node:crypto');
  'node:fs': typeof import('node:fs');
  'node:fs/promises': typeof import('node:fs/promises');
  'node:module': typeof import('node:module');
  'node:os': typeof import('node:os');
  'node:path': typeof import('node:path');
  'node:stream': typeof import('node:stream');
  'node:url': typeof import('node:url');
  'node:v8': typeof import('node:v8');
  'node:vm': typeof import('node:vm');
  'node:worker_threads': typeof import('node:worker_threads');
  'node:zlib': typeof import('node:zlib');
}

/**
 * A built-in module of Node, or null where there is none: in a browser.
 *
 * `process.getBuiltinModule` is synchronous in ES modules and in CommonJS, and bundlers do not follow it, so importing
 * the library touches no built-in.
 */
export function builtin<N extends keyof Builtins>(name: N): Builtins[N] | null {
  const node = typeof process === 'object' ? process : undefined;
  return (node?.getBuiltinModule?.(name) as Builtins[N] | undefined) ?? null;
}

/**
 * A built-in module of Node, for functions that cannot do without.
 *
 * @param fn - The function to name in the error.
 * @throws {Error} where there is no Node, or one older than 20.16.
 */
export function requireBuiltin<N extends keyof Builtins>(fn: string, name: N): Builtins[N] {
  const module = builtin(name);
  if (module === null) throw new Error(`${fn}: needs Node 20.19 or later (${name})`);
  return module;
}
