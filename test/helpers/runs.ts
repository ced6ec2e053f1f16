import { createHash } from 'node:crypto';
import { stateDictOf } from '../../src/classifiers/index.js';
import { Module } from '../../src/nn/index.js';
import { makeConfig, openTask, type RunConfig, type Task, type TrainOptions } from '../../src/runs/index.js';
import { temporaryDir, writeBatches } from './cifar10.js';

/** A small set in the files of CIFAR-10: 100 training images, 20 to test. */
export function tinyImages(): string {
  return writeBatches(temporaryDir(), 20);
}

/** A config of two epochs on {@link tinyImages}. */
export function tinyConfig(model: string, data: string, set: readonly string[] = []): Promise<RunConfig> {
  return makeConfig('train', { model, data, env: {}, set: ['epochs=2', 'batchSize=16', 'numValidation=20', ...set] });
}

/** Trains a config without printing. @returns The task, and the bits of all weights by name. */
export async function trained(config: RunConfig, options: TrainOptions = {}): Promise<{ task: Task; bits: Bits }> {
  const task = await openTask(config);
  await task.train({ verbose: false, ...options });
  return { task, bits: bitsOf(task.model) };
}

/** SHA-256 of the bytes of each weight by name. */
export type Bits = Readonly<Record<string, string>>;

/** The weights of a model, running statistics among them. */
export function bitsOf(model: Task['model']): Bits {
  const state = model instanceof Module ? model.stateDict() : stateDictOf(model);
  const entries = Object.entries(state).map(([name, { data }]) => {
    const { buffer, byteOffset, byteLength } = data as Float32Array;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return [name, createHash('sha256').update(bytes).digest('hex')];
  });
  return Object.fromEntries(entries);
}
