/** What the wedge needs of a key press. */
export interface KeyPress {
  /** As `KeyboardEvent.key`. */
  readonly key: string;
  /** Milliseconds. */
  readonly time: number;
  readonly isCombination: boolean;
}

/** What a key press means: `scan` ends a scan, `part` belongs to one, `other` is a person's. */
export type KeyMeaning =
  | { readonly kind: 'scan'; readonly text: string }
  | { readonly kind: 'part' }
  | { readonly kind: 'other' };

/** A scanner types a key every few milliseconds, over Bluetooth up to 40; fast typists need 80 and more. */
const MAX_GAP_MS = 50;
/** Two keys within the gap happen to typists, three hardly ever. */
const MIN_LENGTH = 3;
const MAX_LENGTH = 200;

/**
 * Tells a barcode scanner, which is a keyboard that types what it reads and then Enter, from a person by its speed. One per
 * page, asked about every key press in order.
 */
export function createWedge(): (press: KeyPress) => KeyMeaning {
  let scanned = '';
  let last = Number.NEGATIVE_INFINITY;

  return ({ key, time, isCombination }) => {
    if (key === 'Shift') return { kind: 'other' };
    const isFast = time - last <= MAX_GAP_MS;
    if (!isFast) scanned = '';
    last = time;
    if (isCombination) {
      scanned = '';
      return { kind: 'other' };
    }
    if (key === 'Enter') {
      const text = scanned.trim();
      scanned = '';
      return text.length >= MIN_LENGTH ? { kind: 'scan', text } : { kind: 'other' };
    }
    // One character as a person counts them.
    if ([...key].length !== 1 || scanned.length >= MAX_LENGTH) {
      scanned = '';
      return { kind: 'other' };
    }
    scanned += key;
    return scanned.length >= MIN_LENGTH ? { kind: 'part' } : { kind: 'other' };
  };
}
