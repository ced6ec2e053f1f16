// What scaling-out.md computes with: times of steps and of all-reduces, measured on this machine.

import { readFileSync } from 'node:fs';
import os from 'node:os';
import { writeAtomically } from '../../src/files/index.js';
import { configureKernels } from '../../src/kernels/index.js';
import { trainingNets } from '../../src/workloads/index.js';

/** The file of the measurements. */
export const MEASURED = 'scripts/scaling/measured.json';

/** What was measured of a net: seconds of a step on one thread. */
export interface MeasuredNet {
  readonly batch: number;
  readonly bytes: number;
  /** Of the batch, and of half of it. */
  readonly whole: number;
  readonly half: number;
  /** On two ranks of one thread each, which share the batch, with the all-reduce; null: not measured. */
  readonly twoRanks: number | null;
}

export interface Measured {
  readonly machine: string;
  readonly node: string;
  readonly nets: Readonly<Record<string, MeasuredNet>>;
  /** Between two ranks of one machine. */
  readonly allReduces: readonly { readonly bytes: number; readonly seconds: number }[];
}

export function readMeasured(): Measured {
  return JSON.parse(readFileSync(MEASURED, 'utf8'));
}

export function writeMeasured(measured: Measured): void {
  writeAtomically('scaling', MEASURED, `${JSON.stringify(measured, null, 2)}\n`);
}

/** Where the measurements were made. */
export function surroundings(): Pick<Measured, 'machine' | 'node'> {
  return { machine: os.cpus()[0]?.model ?? 'unknown', node: process.versions.node };
}

/**
 * Times the steps of all nets on one thread, by turns: all of them in each round, since machines drift. The fastest
 * counts, in processor time, which other programs of the machine disturb less than the time by the clock.
 *
 * @param seconds - Of each measurement.
 */
export function measureNets(rounds: number, seconds: number): Record<string, Omit<MeasuredNet, 'twoRanks'>> {
  configureKernels({ threads: 1 });
  const found: Record<string, Omit<MeasuredNet, 'twoRanks'>> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, net] of Object.entries(trainingNets)) {
      const [whole, half] = [net.batch, net.batch / 2].map((batch) => fastestOf(net.step(batch), seconds));
      const before = found[name] ?? { whole: Number.POSITIVE_INFINITY, half: Number.POSITIVE_INFINITY };
      found[name] = {
        batch: net.batch,
        bytes: net.bytes(),
        whole: Math.min(before.whole, whole),
        half: Math.min(before.half, half),
      };
    }
  }
  return found;
}

/** Seconds of processor time of the fastest call among as many as fit into `seconds`. */
function fastestOf(step: () => void, seconds: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let total = 0, i = 0; total < seconds || i < 8; i++) {
    const before = process.cpuUsage();
    step();
    const { user, system } = process.cpuUsage(before);
    total += (user + system) / 1e6;
    // The first calls warm up the optimizing compiler.
    if (i >= 3) best = Math.min(best, (user + system) / 1e6);
  }
  return best;
}
