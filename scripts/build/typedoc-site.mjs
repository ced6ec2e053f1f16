// TypeDoc's plugin for the site: each document is called by its title and stands in the group that the guide's contents
// give it, the pages of the library are those of a module of its name, and what axe finds in TypeDoc's pages is mended.

import { Converter, DocumentReflection, IndexEvent, PageEvent, ReflectionKind } from 'typedoc';
import { CONTENTS, OTHERS } from './site.mjs';

const GROUPS = new Map(Object.entries(CONTENTS).flatMap(([group, names]) => names.map((name) => [name, group])));

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_context, declaration) => {
    // TypeDoc calls them by their files.
    const [, entry] = /^(?:(\w+)\/)?index$/.exec(declaration.name) ?? [null];
    if (declaration.kind !== ReflectionKind.Module || entry === null) return;
    declaration.name = entry === undefined ? 'layerwise' : `layerwise/${entry}`;
  });
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const [, chapter] = /^docs\/guide\/(.*)$/.exec(document.name) ?? [];
    document.frontmatter.group = GROUPS.get(chapter) ?? OTHERS;
    const [, title] = /^# (.*)/.exec(document.content[0].text) ?? [];
    // The README has the name of the whole site.
    if (title !== undefined && document.name !== 'README') document.name = title;
  });
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    // The first page has the name of the project over it.
    const [first] = project.readme ?? [];
    if (first !== undefined) first.text = first.text.replace(/^# .*\n+/, '');
  });
  app.renderer.on(IndexEvent.PREPARE_INDEX, (event) => {
    // A chapter about what is asked for comes before the many names that have one word of it in their comments.
    event.searchFieldWeights.document = 10;
    // `nn.Linear` is found as well as `Linear`, which is a part of it.
    for (const [i, { name, parent }] of event.searchResults.entries()) {
      if (parent?.kind === ReflectionKind.Namespace) event.searchFields[i].name = `${parent.name}.${name}`;
    }
    // TypeDoc leaves the first page out.
    const { project } = event.searchResults[0];
    const first = new DocumentReflection(project.name, project, project.readme, {});
    app.renderer.router.fullUrls.set(first, 'index.html');
    event.searchResults.push(first);
    event.searchFields.push({});
  });
  app.renderer.on(PageEvent.END, (page) => {
    page.contents = mended(page.contents);
  });
}

/**
 * A page as axe wants it: landmarks, headings without gaps, no links inside of what opens a list, and what scrolls can
 * be scrolled by keyboard.
 */
function mended(html) {
  const text = html
    .replace('<div class="col-content">', '<div class="col-content" role="main">')
    .replace('<div class="col-sidebar">', '<div class="col-sidebar" role="complementary" aria-label="Contents">')
    .replace(/<summary\b.*?<\/summary>/gs, (summary) => summary.replace(/<a\b[^>]*tsd-anchor-icon.*?<\/a>/gs, ''))
    .replaceAll('<th></th>', '<td></td>')
    .replaceAll('<table>', '<div class="scrolls" role="group" aria-label="Table" tabindex="0"><table>')
    .replaceAll('</table>', '</table></div>')
    .replaceAll("<p class='katex-block'>", '<p class="scrolls" tabindex="0">');
  let level = 0;
  return text.replace(/<h([1-6])\b(?=[^>]*>)/g, (tag, digit) => {
    const isGap = Number(digit) > level + 1;
    level = Math.min(Number(digit), level + 1);
    return isGap ? `${tag} aria-level="${level}"` : tag;
  });
}
