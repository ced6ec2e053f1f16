// Names for vega. It looks keys and texts up in plain objects, which inherit names such as `constructor` from
// `Object.prototype`: a chart with one of them fails, or leaves it out.

/** A character without width. */
const JOINER = '\u2060';

const TAKEN = Object.getOwnPropertyNames(Object.prototype);

/** A text for vega: one of those names gets a mark, which {@link unmarked} removes from the chart again. */
export function marked(text: string): string {
  return TAKEN.includes(text) ? `${text}${JOINER}` : text;
}

/** A chart without the marks of {@link marked}. */
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
