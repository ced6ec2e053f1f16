import { argumentError, describe } from '../arrays/index.js';
import type { Named } from './members.js';
import { Module } from './module.js';

/** A module made of a list of modules, whose names are their indices: `0`, `1`, …. */
export abstract class LayerList extends Module implements Iterable<Module> {
  readonly #layers: Module[] = [];

  /**
   * A list of these layers, in the order in which they run.
   *
   * @throws {TypeError} if one is no module.
   */
  constructor(...layers: readonly Module[]) {
    super();
    for (const layer of layers) this.append(layer);
  }

  /** The number of modules. */
  get length(): number {
    return this.#layers.length;
  }

  /** Module `i`; a negative index counts from the end. @throws {RangeError} if there is none. */
  at(i: number): Module {
    const layer = this.#layers.at(i);
    if (Number.isInteger(i) && layer !== undefined) return layer;
    throw argumentError(RangeError, {
      fn: this.constructor.name,
      arg: 'i',
      found: `is ${describe(i)}`,
      expected: `a place among ${this.length} modules`,
    });
  }

  /** Adds a module at the end. @returns This module. */
  append(layer: Module): this {
    if (!(layer instanceof Module)) {
      throw argumentError(TypeError, {
        fn: this.constructor.name,
        arg: `module ${this.length}`,
        found: `is ${describe(layer)}`,
        expected: 'a Module',
        wayOut: Array.isArray(layer) ? 'give the modules one by one, new nn.Sequential(...layers)' : undefined,
      });
    }
    this.#layers.push(layer);
    return this;
  }

  override keepsNothing(): boolean {
    return super.keepsNothing() && this.#layers.every((layer) => layer.keepsNothing());
  }

  /** The layers in their order. */
  [Symbol.iterator](): Iterator<Module> {
    return this.#layers.values();
  }

  protected override members(): Named<unknown>[] {
    return [...this.#layers.map((layer, i): Named<unknown> => [String(i), layer]), ...super.members()];
  }
}
