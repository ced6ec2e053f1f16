/** What is still to be written when the process ends. */
const open = new Set<() => void>();

/**
 * Has `flush` called if the process ends (at its end, by an error, by `process.exit`, not by a signal) before what is
 * returned was called. For Node only.
 */
export function flushedAtExit(flush: () => void): () => void {
  if (open.size === 0) process.on('exit', flushAll);
  open.add(flush);
  return () => {
    if (open.delete(flush) && open.size === 0) process.off('exit', flushAll);
  };
}

function flushAll(): void {
  for (const flush of open) {
    try {
      flush();
    } catch (error) {
      // biome-ignore lint/suspicious/noConsole: nobody is left who could catch it
      console.error(String(error));
    }
  }
}
