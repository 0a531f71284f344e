/**
 * Encoders write some ten scans, yet a 10 MB file can hold a hundred thousand, each a pass over all pixels. libjpeg takes
 * them all before the first row, where no time limit is looked at.
 */
const MAX_SCANS = 64;

const [SOI, EOI, SOS] = [0xd8, 0xd9, 0xda];
/** Markers without a segment are all below SOF0, or are RST0 to EOI. */
const SOF0 = 0xc0;
const RST0 = 0xd0;

/**
 * Whether the bytes are a JPEG of more than {@link MAX_SCANS} scans. Walks from marker to marker as libjpeg does, so that what
 * it would take for a scan is counted, and nothing else.
 */
export function hasTooManyScans(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0xff || bytes[1] !== SOI) return false;
  let scans = 0;
  let at = 2;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) return false;
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === undefined || marker === EOI) return false;
    if (marker === SOS && ++scans > MAX_SCANS) return true;
    if (marker < SOF0 || (marker >= RST0 && marker < EOI)) continue;
    at += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  }
}
