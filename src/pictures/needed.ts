import { loadCharts } from './peers.js';

/**
 * For work whose end is a chart, and which is not to fail there.
 *
 * @throws {Error} naming `fn` and the command that installs what is missing, if charts cannot be drawn.
 */
export async function checkCharts(fn: string): Promise<void> {
  await loadCharts(fn);
}
