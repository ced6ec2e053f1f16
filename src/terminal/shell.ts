/**
 * A word of a command as a shell takes it: quoted where it has blanks or characters that mean something there. What
 * begins with a hyphen is given as the path that it is.
 */
export function shellWord(word: string, platform: string = process.platform): string {
  const text = word.startsWith('-') ? `./${word}` : word;
  if (platform === 'win32') return /^[^\s"&|<>^%()]+$/.test(text) ? text : `"${text}"`;
  return /^[\p{L}\p{N}\p{M}_@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
