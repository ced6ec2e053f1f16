import { Resvg } from '@resvg/resvg-js';
import { expect } from 'vitest';

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
};

/** A text of SVG or HTML as it is read. */
export function unescapeXml(text: string): string {
  return text.replace(/&(lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[entity]);
}

/**
 * The texts of a chart, in the order they stand in; those that lie on others are there but not shown, and left out
 * here.
 */
export function textsOf(svg: string): string[] {
  const texts = [...svg.matchAll(/<text([^>]*)>(.*?)<\/text>/g)].filter(
    ([, attributes]) => !/ opacity="0"/.test(attributes),
  );
  return texts.map(([, , content]) =>
    unescapeXml([...content.matchAll(/[^<>]+(?=<|$)/g)].map(([line]) => line).join(' ')),
  );
}

/** The texts inside the groups of a role: `axis-title`, `legend-label`, `title-text`. */
export function textsIn(svg: string, role: string): string[] {
  const groups = svg.matchAll(new RegExp(`<g class="mark-text role-${role}"[^>]*>(.*?)</g>`, 'g'));
  return [...groups].flatMap(([, content]) => textsOf(content));
}

/** The drawn elements of a layer. */
export function marksOf(svg: string, layer: string): string[] {
  const groups = svg.matchAll(new RegExp(`<g class="mark-\\w+ role-mark ${layer}_marks"[^>]*>(.*?)</g>`, 'g'));
  return [...groups].flatMap(([, content]) => content.match(/<(path|line|text)[^>]*>/g) ?? []);
}

/** The strokes of a line: more than one where it has gaps. */
export function strokesOf(svg: string, layer: string): number {
  return marksOf(svg, layer).reduce((sum, path) => sum + (path.match(/M/g) ?? []).length, 0);
}

/** Fails unless `svg` is well-formed and asks for nothing from elsewhere. */
export function expectSound(svg: string): void {
  expect(() => new Resvg(svg)).not.toThrow();
  expect(addressesOf(svg)).toEqual([]);
}

/** Addresses in a file that something could be fetched from: all but the names of namespaces. */
export function addressesOf(text: string): string[] {
  const rest = text.replace(/ xmlns(:\w+)?="[^"]*"/g, '').replaceAll("'http://www.w3.org/2000/svg'", '');
  return rest.match(/(https?:)?\/\/[\w.-]+\.\w+|@import|url\((?!#)[^)]*\)/g) ?? [];
}
