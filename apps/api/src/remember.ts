/** The answer to a question, asked again only when the last answer is older than this: asking often then costs nothing. */
export function rememberFor<T>(maxAgeMs: number, ask: () => Promise<T>): () => Promise<T> {
  let latest: { readonly answer: Promise<T>; readonly askedAt: number } | undefined;
  return () => {
    const now = performance.now();
    if (!latest || now - latest.askedAt > maxAgeMs) latest = { answer: ask(), askedAt: now };
    return latest.answer;
  };
}
