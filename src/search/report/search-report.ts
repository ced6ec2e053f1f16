import { checkCharts } from '../../pictures/index.js';
import { SearchFolder } from '../folder.js';
import { reportPage } from './page.js';
import { viewOf } from './view-of-folder.js';

/**
 * A search as one page: what was run, the best trials in a table, parallel coordinates, the metric over each parameter,
 * the curves of the trials, and the best value after each. Of a search that goes on, what is known so far.
 *
 * @param folder - Of the search.
 * @returns HTML, to write to a file; it needs nothing beside itself.
 * @throws {Error} if there is no search in the folder, or vega or vega-lite is not installed.
 */
export async function searchReport(folder: string): Promise<string> {
  const fn = 'searchReport';
  const view = viewOf(fn, SearchFolder.open(fn, folder));
  await checkCharts(fn);
  return reportPage(view);
}
