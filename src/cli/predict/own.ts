import { CliError } from '../errors.js';
import { progressOf } from '../runs.js';
import type { OwnExample } from './inputs.js';
import type { Item, Job } from './job.js';

/** Examples of the run's own data, with their labels. @throws {CliError} naming one that there is not. */
export async function ownItems({ io, fn, path, trained }: Job, examples: readonly OwnExample[]): Promise<Item[]> {
  const data = await trained.data({ onProgress: progressOf(io) });
  return examples.map(({ name, split, index }) => {
    const part = data[split];
    if (part === null || index >= part.length) {
      const found =
        part === null ? `no ${split} examples` : `${part.length} of them, ${split}:0 to ${split}:${part.length - 1}`;
      throw new CliError(`${fn}: there is no ${name}: ${path} has ${found}`);
    }
    const label = part.labels === null ? undefined : data.classes?.[part.labels[index]];
    return { name, title: label === undefined ? name : `${name} (${label})`, read: () => part.batch([index]) };
  });
}
