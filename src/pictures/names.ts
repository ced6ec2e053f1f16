// Names for vega. It looks keys and texts up in plain objects, where those of `Object.prototype`, such as `constructor`, are
// taken: a chart with one of them fails, or leaves it out.

/** A character without width. */
const JOINER = '\u2060';

const TAKEN = Object.getOwnPropertyNames(Object.prototype);

/** A text as vega is to be given it: one that is taken has a mark, which {@link unmarked} takes out of the chart again. */
export function marked(text: string): string {
  return TAKEN.includes(text) ? `${text}${JOINER}` : text;
}

/** A chart with its texts as they were before {@link marked}. */
export function unmarked(svg: string): string {
  return TAKEN.reduce((text, name) => text.replaceAll(`${name}${JOINER}`, name), svg);
}

/** The key of the `i`th of several names; {@link textOf} shows the name itself. */
export function keyOf(i: number): string {
  return String(i);
}

/** Vega's expression for the name that stands for a key of {@link keyOf}. */
export function textOf(names: readonly string[]): string {
  // JSON has two more characters in its strings than an expression may.
  const list = JSON.stringify(names.map(marked)).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  return `${list}[datum.value]`;
}
