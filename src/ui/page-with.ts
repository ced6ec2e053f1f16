import { PAGE } from './assets.generated.js';

/** The page with data in it in place of a server. */
export function pageWith(snapshots: readonly unknown[]): string {
  const json = JSON.stringify(snapshots).replaceAll('<', '\\u003c');
  return PAGE.replace('<div id="page">', () => `<script type="application/json" id="snapshot">${json}</script>\n$&`);
}
