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
    this.#layers.push(this.#checked(layer, this.length));
    return this;
  }

  /** Adds modules at the end. @returns This module. @throws {TypeError} if one is no module; none is added then. */
  extend(layers: Iterable<Module>): this {
    const added = [...layers];
    added.forEach((layer, i) => {
      this.#checked(layer, this.length + i);
    });
    this.#layers.push(...added);
    return this;
  }

  /** Adds a module before module `i`; a negative index counts from the end. @returns This module. */
  insert(i: number, layer: Module): this {
    if (i !== this.length) this.at(i);
    this.#layers.splice(i, 0, this.#checked(layer, i));
    return this;
  }

  /** Puts a module in the place of module `i`; a negative index counts from the end. @returns This module. */
  set(i: number, layer: Module): this {
    this.at(i);
    this.#layers.splice(i, 1, this.#checked(layer, i));
    return this;
  }

  /** Removes module `i`; a negative index counts from the end. Default the last. @returns The removed module. */
  pop(i = -1): Module {
    const layer = this.at(i);
    this.#layers.splice(i, 1);
    return layer;
  }

  #checked(layer: Module, i: number): Module {
    if (layer instanceof Module) return layer;
    throw argumentError(TypeError, {
      fn: this.constructor.name,
      arg: `module ${i}`,
      found: `is ${describe(layer)}`,
      expected: 'a Module',
      wayOut: Array.isArray(layer) ? 'give the modules one by one, new nn.Sequential(...layers)' : undefined,
    });
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
