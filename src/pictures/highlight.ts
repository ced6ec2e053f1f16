import { colorOf, LINE } from './theme.js';

/** Whether a thing is one that the reader is to see first. */
export type Kind = 'marked' | 'others';

/** How lines and points look. */
export const LOOKS = {
  others: { color: LINE, line: { strokeWidth: 1, opacity: 0.5 }, point: { size: 22, opacity: 0.65 } },
  marked: { color: colorOf(1), line: { strokeWidth: 2.5, opacity: 1 }, point: { size: 60, opacity: 1 } },
} as const;

/** The others, then the marked ones, which are drawn over them. */
export function highlighted<T extends { readonly isMarked: boolean }>(
  things: readonly T[],
): { kind: Kind; chosen: readonly T[] }[] {
  const kinds = [
    { kind: 'others' as const, chosen: things.filter(({ isMarked }) => !isMarked) },
    { kind: 'marked' as const, chosen: things.filter(({ isMarked }) => isMarked) },
  ];
  return kinds.filter(({ chosen }) => chosen.length > 0);
}

/** The colours of both kinds, with a legend of their names. */
export function kindColor(
  [markedName, othersName]: readonly [marked: string, others: string],
  symbol: 'stroke' | 'circle',
) {
  const names = { marked: markedName, others: othersName };
  const kinds = Object.keys(names) as Kind[];
  const labelExpr = `${JSON.stringify(names)}[datum.value]`;
  return {
    field: 'kind',
    type: 'nominal' as const,
    scale: { domain: kinds, range: kinds.map((kind) => LOOKS[kind].color) },
    legend: {
      title: null,
      symbolType: symbol,
      labelExpr,
      ...(symbol === 'circle' && { symbolSize: 80, symbolStrokeWidth: 1 }),
    },
  };
}
