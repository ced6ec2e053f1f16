/** Text for a terminal with colours, or the text itself for one without. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  cyan(text: string): string;
}

/** Codes of ECMA-48: what switches an attribute on and off. */
const ATTRIBUTES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], cyan: [36, 39] } as const;

/**
 * Whether an output gets colours: `FORCE_COLOR` says yes (0: no) wherever it goes, `NO_COLOR` no; otherwise a terminal
 * that is not `dumb` gets them.
 *
 * @see https://no-color.org
 */
export function hasColors(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if (NO_COLOR) return false;
  return isTerminal && TERM !== 'dumb';
}

/** @param isColored - From {@link hasColors}. */
export function styleOf(isColored: boolean): Style {
  const named = Object.entries(ATTRIBUTES).map(([name, [on, off]]) => [
    name,
    (text: string) => (isColored ? `\x1b[${on}m${text}\x1b[${off}m` : text),
  ]);
  return Object.fromEntries(named) as unknown as Style;
}
