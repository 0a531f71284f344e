/** For the text of HTML and SVG, and for their attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** @param share 1 is all. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
