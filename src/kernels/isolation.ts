/** The headers that isolate a page: name, value, and the values that do it too. */
const HEADERS = [
  { name: 'Cross-Origin-Opener-Policy', value: 'same-origin', others: [] },
  { name: 'Cross-Origin-Embedder-Policy', value: 'require-corp', others: ['credentialless'] },
];

const NEEDED = 'Threads need a cross-origin isolated page';

/** The headers, with their values, that this page was found to lack; null before anybody has looked. */
let lacking: readonly string[] | null = null;

/** Why this page, or the one of this worker, has memory for one thread only, and what changes that. */
export function isolationNote(): string {
  if (!globalThis.isSecureContext) return `${NEEDED}, so it has to come by HTTPS or from localhost: one thread runs.`;
  if (typeof window === 'object' && window.parent !== window) {
    const around = 'the page around it has to be isolated, and to allow it by allow="cross-origin-isolated"';
    return `${NEEDED}, and this one is in a frame: ${around}. One thread runs.`;
  }
  if (lacking === null) return `${NEEDED}: serve it with ${HEADERS.map(written).join(' and ')}. One thread runs.`;
  if (lacking.length === 0) return `${NEEDED}; this one has the headers and still is none: one thread runs.`;
  const noun = lacking.length === 1 ? 'header is' : 'headers are';
  return `${NEEDED}: the ${noun} missing: ${lacking.join(' and ')}. One thread runs.`;
}

/**
 * Asks for the headers of this page, so that {@link isolationNote} names those that are missing. A page cannot see its
 * own, so this is a request; it is made of a page on localhost only, where those who can set headers read the note.
 */
export async function lookAtHeaders(): Promise<void> {
  const isLocal = typeof window === 'object' && ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);
  if (!isLocal || lacking !== null) return;
  try {
    const { ok, headers } = await fetch(location.href, { method: 'HEAD' });
    if (!ok) return;
    lacking = HEADERS.filter(({ name, value, others }) => {
      const sent = headers.get(name)?.split(';')[0].trim() ?? '';
      return ![value, ...others].includes(sent);
    }).map(written);
  } catch {
    // The note names both.
  }
}

function written({ name, value }: { name: string; value: string }): string {
  return `${name}: ${value}`;
}
