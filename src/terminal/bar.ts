/** Blocks that fill an eighth of a character, two eighths, … */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/**
 * A horizontal bar of blocks: `████▌`.
 *
 * @param share - From 0 to 1; what lies outside, or is NaN, is drawn as the nearer end.
 * @param width - Characters of a whole bar.
 * @returns At most `width` characters; nothing behind the bar.
 */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share || 0)) * width * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}
