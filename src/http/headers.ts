/** A policy for answers that are data: nothing in them is loaded or run. */
export const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/**
 * The headers of every answer: nothing is kept, framed, sniffed, or read by pages of other origins.
 *
 * @param policy - The content security policy: {@link DATA_POLICY}, or a page's own, which has to name
 *   `frame-ancestors` itself.
 * @throws {Error} if the policy lets a page run text as code.
 */
export function strictHeaders(policy: string): ReadonlyMap<string, string> {
  if (policy.includes("'unsafe-eval'"))
    throw new Error("strictHeaders: policy has 'unsafe-eval', which is not allowed");
  return new Map([
    ['Content-Security-Policy', policy],
    ['X-Content-Type-Options', 'nosniff'],
    ['X-Frame-Options', 'DENY'],
    ['Referrer-Policy', 'no-referrer'],
    ['Cross-Origin-Resource-Policy', 'same-origin'],
    ['Cross-Origin-Opener-Policy', 'same-origin'],
    ['Cache-Control', 'no-store'],
  ]);
}
