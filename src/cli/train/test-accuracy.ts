import type { Task } from '../../runs/index.js';
import { checkAccuracy } from '../../training/index.js';
import type { Ranks } from './ranks.js';

/** What is done after each batch: to tell of it, and to see whether the run is to end. */
type AfterBatch = (done: number, total: number) => Promise<void>;

/**
 * The accuracy on the test examples; null where there are none, or targets are numbers. Several ranks take the batches
 * by turns.
 */
export async function testAccuracy(
  { data: { test }, model }: Task,
  ranks: Ranks | null,
  after: AfterBatch = async () => {},
): Promise<number | null> {
  if (test === null || test.labels === null) return null;
  const { rank, size } = ranks?.comm ?? { rank: 0, size: 1 };
  const right = new Float64Array(1);
  let [batch, done] = [0, 0];
  for (const indices of test.loader.indexBatches()) {
    done += indices.length;
    if (batch++ % size === rank) {
      const [X, y] = test.loader.batch(indices);
      right[0] += Math.round(indices.length * checkAccuracy([[X, y as Int32Array]], model));
    }
    await after(done, test.length);
  }
  ranks?.comm.allReduce(right);
  return right[0] / done;
}
