import { argumentError, describe, isMap, isPlainObject } from '../arrays/index.js';
import type { Tensor } from '../autograd/index.js';
import { LayerList } from './layer-list.js';
import type { Named } from './members.js';
import { Module } from './module.js';

/**
 * A list of modules, which the module that holds it calls as it likes. Names in a state dict are `0.weight`, ….
 *
 * @example
 * class Net extends nn.Module {
 *   readonly blocks = new nn.ModuleList([new nn.Linear(8, 8), new nn.Linear(8, 8)]);
 *   forward(x: TensorLike): Tensor {
 *     let h = F.flatten(x);
 *     for (const block of this.blocks) h = F.relu(block.forward(h));
 *     return h;
 *   }
 * }
 */
export class ModuleList extends LayerList {
  /**
   * A list of these modules.
   *
   * @throws {TypeError} if one is no module.
   */
  constructor(modules: Iterable<Module> = []) {
    super(...listed(modules));
  }

  /** Adds modules at the end. @returns The number of modules. */
  push(...modules: readonly Module[]): number {
    return this.extend(modules).length;
  }

  /** @throws {Error} always: a list does not say what its modules do with one another. */
  override forward(): Tensor {
    throw withoutForward('ModuleList', ', or use nn.Sequential');
  }
}

/**
 * Modules by name, which the module that holds them calls as it likes. Names in a state dict are `name.weight`, ….
 * Iteration is that of a Map: pairs of name and module, in the order in which the names were added.
 *
 * @example
 * const heads = new nn.ModuleDict({ digits: new nn.Linear(64, 10), parity: new nn.Linear(64, 2) });
 * const scores = heads.get('digits').forward(features);
 */
export class ModuleDict extends Module implements Iterable<Named<Module>> {
  readonly #modules = new Map<string, Module>();

  /**
   * These modules by their names.
   *
   * @param modules - An object, a Map, or pairs of name and module.
   * @throws {TypeError} if one is no module.
   * @throws {RangeError} if a name is empty or has a dot in it.
   */
  constructor(modules: Readonly<Record<string, Module>> | Iterable<readonly [name: string, module: Module]> = {}) {
    super();
    this.update(modules);
  }

  /** The number of modules. */
  get size(): number {
    return this.#modules.size;
  }

  /** The module of this name. @throws {RangeError} if there is none; {@link has} tells. */
  get(name: string): Module {
    const module = this.#modules.get(name);
    if (module !== undefined) return module;
    const names = [...this.#modules.keys()].map((key) => describe(key));
    throw argumentError(RangeError, {
      fn: 'ModuleDict',
      arg: 'name',
      found: `is ${describe(name)}`,
      expected: names.length === 0 ? 'none, it is empty' : `one of ${names.join(', ')}`,
    });
  }

  /** Whether there is a module of this name. */
  has(name: string): boolean {
    return this.#modules.has(name);
  }

  /** Adds a module, or puts it in the place of the one of this name. @returns This module. */
  set(name: string, module: Module): this {
    checkEntry(name, module);
    this.#modules.set(name, module);
    return this;
  }

  /** Adds all of these, as {@link set}. @returns This module. @throws {TypeError | RangeError} before any is added. */
  update(modules: Readonly<Record<string, Module>> | Iterable<readonly [name: string, module: Module]>): this {
    const entries = entriesOf(modules);
    for (const [name, module] of entries) checkEntry(name, module);
    for (const [name, module] of entries) this.#modules.set(name, module);
    return this;
  }

  /** Removes the module of this name. @returns Whether there was one. */
  delete(name: string): boolean {
    return this.#modules.delete(name);
  }

  /** Removes the module of this name. @returns The module. @throws {RangeError} if there is none. */
  pop(name: string): Module {
    const module = this.get(name);
    this.#modules.delete(name);
    return module;
  }

  /** Removes all modules. */
  clear(): void {
    this.#modules.clear();
  }

  /** The names. */
  keys(): IterableIterator<string> {
    return this.#modules.keys();
  }

  /** The modules. */
  values(): IterableIterator<Module> {
    return this.#modules.values();
  }

  /** Names and modules. */
  entries(): IterableIterator<[name: string, module: Module]> {
    return this.#modules.entries();
  }

  /** Names and modules. */
  [Symbol.iterator](): IterableIterator<[name: string, module: Module]> {
    return this.#modules.entries();
  }

  /** @throws {Error} always: a dict does not say what its modules do with one another. */
  override forward(): Tensor {
    throw withoutForward('ModuleDict', '');
  }

  protected override members(): Named<unknown>[] {
    return [...this.#modules, ...super.members()];
  }
}

function listed(modules: unknown): Module[] {
  if (typeof modules === 'object' && modules !== null && Symbol.iterator in modules) {
    return [...(modules as Iterable<Module>)];
  }
  throw argumentError(TypeError, {
    fn: 'ModuleList',
    arg: 'modules',
    found: `is ${describe(modules)}`,
    expected: 'a list of modules',
    wayOut: modules instanceof Module ? 'give one list, new nn.ModuleList([…])' : undefined,
  });
}

function entriesOf(modules: unknown): (readonly [string, Module])[] {
  if (modules instanceof ModuleDict || Array.isArray(modules) || isMap(modules)) {
    const entries: readonly unknown[] = [...modules];
    const wrong = entries.findIndex((entry) => !Array.isArray(entry) || entry.length !== 2);
    if (wrong === -1) return entries as (readonly [string, Module])[];
    throw argumentError(TypeError, {
      fn: 'ModuleDict',
      arg: `modules[${wrong}]`,
      found: `is ${describe(entries[wrong])}`,
      expected: 'a pair of name and module',
    });
  }
  if (typeof modules === 'object' && modules !== null && isPlainObject(modules)) {
    return Object.entries(modules as Readonly<Record<string, Module>>);
  }
  const found = `is ${describe(modules)}`;
  throw argumentError(TypeError, { fn: 'ModuleDict', arg: 'modules', found, expected: 'an object of modules by name' });
}

function checkEntry(name: string, module: Module): void {
  if (typeof name !== 'string' || name === '' || name.includes('.')) {
    const Kind = typeof name === 'string' ? RangeError : TypeError;
    const expected = 'a text without a dot, which would join it like a path';
    throw argumentError(Kind, { fn: 'ModuleDict', arg: 'name', found: `is ${describe(name)}`, expected });
  }
  if (module instanceof Module) return;
  const found = `is ${describe(module)}`;
  throw argumentError(TypeError, { fn: 'ModuleDict', arg: `module ${describe(name)}`, found, expected: 'a Module' });
}

function withoutForward(fn: string, alternative: string): Error {
  return argumentError(Error, {
    fn,
    arg: 'forward',
    found: 'is not defined',
    wayOut: `call its modules in the forward of the module that holds it${alternative}`,
  });
}
