const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as it stands in HTML and XML, in attributes too; characters that XML does not have become U+FFFD. */
export function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML 1.0 does not have
  const legal = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
  return legal.replace(/[&<>"']/g, (character) => ESCAPES[character]);
}

/** Data inside a script element: no text in it can end the element. */
export function scriptJson(data: unknown): string {
  return JSON.stringify(data).replace(/</g, '\\u003c');
}

/**
 * A number as people read it: whole numbers in full, others to four digits, very large and very small ones with an
 * exponent.
 */
export function formatNumber(x: number): string {
  if (!Number.isFinite(x)) return String(x).replace('Infinity', '∞').replace('-', '−');
  const size = Math.abs(x);
  if (Number.isInteger(x) && size < 1e15) return x.toLocaleString('en').replace('-', '−');
  const digits = size >= 1e-3 && size < 1e6 ? Number(x.toPrecision(4)).toString() : x.toExponential(2);
  return digits.replace('-', '−').replace(/e([+−-])(\d+)/, (_, sign, power) => `e${sign === '+' ? '' : '−'}${power}`);
}
