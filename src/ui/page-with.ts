import { PAGE, PAGE_CSP } from './assets.generated.js';
import { plainPart } from './plain.js';
import type { Snapshot } from './protocol.js';

/**
 * The page as a file of its own, with runs in it in place of a server: it asks for nothing from anywhere.
 *
 * @param snapshots - With their points. What they need to be read without scripts stands in the file as plain tables.
 */
export function pageWith(snapshots: readonly Snapshot[]): string {
  const policy = PAGE_CSP.split('; ')
    // A file cannot say this one, and there is no server.
    .filter((rule) => !rule.startsWith('frame-ancestors'))
    .map((rule) => (rule.startsWith('connect-src') ? "connect-src 'none'" : rule))
    .join('; ');
  // Without `<` neither `</script` nor `<!--` can stand in the text.
  const json = JSON.stringify(snapshots).replaceAll('<', '\\u003c');
  return PAGE.replace(/<meta name="viewport"/, (meta) => {
    return `<meta http-equiv="Content-Security-Policy" content="${policy}">\n${meta}`;
  })
    .replace(/<noscript>.*?<\/noscript>/s, '')
    .replace('<!-- data -->', () => {
      return `${plainPart(snapshots)}\n<script type="application/json" id="snapshot">${json}</script>`;
    });
}
