import type { Job, SearchByIndexOptions } from '../../search/index.js';
import { CliError } from '../errors.js';
import type { Io } from '../io.js';
import { renamed } from '../runs.js';
import type { Wanted } from './options.js';
import { counted, outcomeLine, shownFolder } from './run.js';

/** Which trial is run. */
type Index = Pick<SearchByIndexOptions, 'index' | 'rung' | 'threads'>;

/** Runs one trial of a search, whose others run elsewhere. */
export async function runTrial(io: Io, wanted: Wanted & Index): Promise<void> {
  const { searchByIndex } = await import('../../search/index.js');
  const onWait = (job: Job, { host, pid }: { host: string; pid: number }): void => {
    io.note(`trial ${job.trial} is run by process ${pid} on ${host}: waiting for it`);
  };
  const result = await searchByIndex({ ...wanted, onWait }).catch((error: unknown) => {
    throw new CliError(renamed(error, 'search'), undefined, { cause: error });
  });
  const { outcome, index, rung, trials, isNew } = result;
  if (io.isJson) io.json({ folder: wanted.folder, ...result });
  else if (outcome === null) io.print(`rung ${rung} has ${counted(trials)}: none for index ${index}`);
  else {
    const before = isNew ? '' : ' (complete before)';
    io.print(`${shownFolder(io, wanted.folder)}: ${outcomeLine(outcome, wanted.metric)}${before}`);
  }
}
