const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as it stands in HTML and XML, in attributes too. */
export function escapeXml(text: string): string {
  return legalXml(text.replace(/[&<>"']/g, (character) => ESCAPES[character]));
}

/** A text with U+FFFD in place of the characters that XML does not have: with one of them, a file is not XML. */
export function legalXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 does not have
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
}

/** Data inside a script element: no text in it can end the element. */
export function scriptJson(data: unknown): string {
  return JSON.stringify(data).replace(/</g, '\\u003c');
}

/** How values are written: as they are, or shares as percentages. */
export type NumberFormat = 'number' | 'percent';

/**
 * A number as people read it: whole ones in full, others to a few digits, very large and very small ones with an
 * exponent.
 *
 * @param digits - Significant ones. Default 4.
 */
export function formatNumber(x: number, digits = 4): string {
  const size = Math.abs(x);
  if (!Number.isFinite(x)) return x.toString().replace('Infinity', '∞').replace('-', '−');
  if (Number.isInteger(x) && size < 1e15) return x.toLocaleString('en').replace('-', '−');
  if (size >= 1e-3 && size < 1e6) return Number(x.toPrecision(digits)).toString().replace('-', '−');
  return Number(x.toPrecision(digits)).toExponential().replace('e+', 'e').replaceAll('-', '−');
}

/** A share as a percentage with one digit after the point. */
export function formatPercent(x: number): string {
  return Number.isFinite(x) ? `${(100 * x).toFixed(1)}%`.replace('-', '−') : formatNumber(x);
}
