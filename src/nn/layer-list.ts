import { describe } from '../arrays/index.js';
import type { Named } from './members.js';
import { Module } from './module.js';

/** A module that is made of a list of modules, whose names are their places: `0`, `1`, …. */
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

  /** How many there are. */
  get length(): number {
    return this.#layers.length;
  }

  /** The module in place `i`; a negative place counts from the end. @throws {RangeError} if there is none. */
  at(i: number): Module {
    const layer = this.#layers.at(i);
    if (Number.isInteger(i) && layer !== undefined) return layer;
    throw new RangeError(
      `${this.constructor.name}: i is ${describe(i)}, expected a place among ${this.length} modules`,
    );
  }

  /** Adds a module at the end. @returns This module. */
  append(layer: Module): this {
    if (!(layer instanceof Module)) {
      throw new TypeError(`${this.constructor.name}: module ${this.length} is ${describe(layer)}, expected a Module`);
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
