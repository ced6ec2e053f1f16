// What runs searches over Redis is optional: the call that needs it loads it.

export type BullMQ = typeof import('bullmq');
/** What is used of it: the two module formats give other types of the whole. */
export type IORedis = Pick<typeof import('ioredis'), 'Redis'>;

/**
 * The queue and its client.
 *
 * @throws {Error} naming `fn` and the command that installs what is missing.
 */
export async function loadQueues(fn: string): Promise<{ bullmq: BullMQ; ioredis: IORedis }> {
  const found = await Promise.all([import('bullmq'), import('ioredis')]).catch((cause) => {
    const need = 'searches over Redis need the packages bullmq and ioredis';
    throw new Error(`${fn}: ${need}: npm install bullmq ioredis`, { cause });
  });
  return { bullmq: found[0], ioredis: found[1] };
}
