/**
 * Bounds the memory and the time of all uploads of the process.
 *
 * What the first FREE_BYTES of a body need is not counted. Whoever sends more needs a reservation for all of it, and holds
 * it until the photos have been stored. Reservations are granted in order of arrival, and never exceed `memoryBytes`
 * together. An upload that is larger than that reserves everything, and may hold no more: it waits until it is alone, and it
 * is refused when its images do not fit. Since nobody holds one reservation while waiting for another, nobody waits forever.
 *
 * An eighth of the memory is kept for small uploads, which may overtake while they need no more than that: a gate's photo
 * does not wait for somebody's enrolments. Only an upload that is too large to leave it free takes it as well: when it is its
 * turn nobody overtakes it, and it is the only large one.
 */
export interface UploadGate {
  /** Bytes that are reserved now. */
  readonly reservedBytes: number;
  /** Uploads that wait for a reservation. */
  readonly waiting: number;
  /** An upload begins, and with it its clock. `refuse` is called at most once, and not after `complete` or `release`. */
  enter(refuse: (code: GateRefusal) => void): UploadPass;
}

/** `uploads_busy`: there was no memory in time. `upload_too_slow`: it took too long, or was slow while others waited. */
export type GateRefusal = 'uploads_busy' | 'upload_too_slow';

export interface UploadPass {
  /** Bytes that the upload may hold now. */
  readonly bytes: number;
  /** Asks, once and not after `release`, for so many bytes; resolves when they are granted. The clock stops until then. */
  reserve(bytes: number): Promise<void>;
  /** Tells how many bytes have arrived. */
  received(bytes: number): void;
  /** Everything has arrived. The reservation stays. */
  complete(): void;
  /** Nothing is held any more. May be called at any time and more than once. */
  release(): void;
}

export interface UploadGateOptions {
  /** What may be reserved. Of memory the process needs more: for those who wait, and for what is not yet collected. */
  readonly memoryBytes: number;
  /** How long an upload may take to arrive, and how long it may wait for memory beforehand. */
  readonly timeoutMs: number;
}

/** Held without asking. While an upload waits, the chunk that its stream has read (64 KiB at most) comes on top. */
export const FREE_BYTES = 32_768;

const SMALL_UPLOAD_BYTES = 1_048_576;
const SMALL_SHARE = 1 / 8;

/** Who has had a reservation for this long, and has been slower than this in it, makes room for those who wait. */
const PROBATION_MS = 2000;
const MIN_BYTES_PER_SECOND = 524_288;
const EXAMINE_EVERY_MS = 250;

interface Claim {
  readonly bytes: number;
  readonly small: boolean;
  /** The wait is over. */
  readonly grant: () => void;
  /** Ends the upload, which gives back what it holds. */
  readonly cutOff: () => void;
  /** By performance.now(). */
  grantedAt: number;
  receivedBytes: number;
}

export function createUploadGate({ memoryBytes, timeoutMs }: UploadGateOptions): UploadGate {
  const keptForSmall = Math.floor(memoryBytes * SMALL_SHARE);
  /** In order of arrival. */
  const waiting = new Set<Claim>();
  /** Those with a reservation whose body is still arriving. */
  const arriving = new Set<Claim>();
  const reserved = { small: 0, large: 0 };
  let examinations: NodeJS.Timeout | undefined;

  /** @param head the first of those who wait, if it is another one that does not fit. */
  function fits({ bytes, small }: Claim, head: Claim | undefined): boolean {
    if (reserved.small + reserved.large + bytes > memoryBytes) return false;
    if (head) return small && reserved.small + bytes <= keptForSmall && head.bytes <= memoryBytes - keptForSmall;
    return small || reserved.large === 0 || reserved.large + bytes <= memoryBytes - keptForSmall;
  }

  function grantWhatFits(): void {
    let head: Claim | undefined;
    for (const claim of waiting) {
      if (fits(claim, head)) {
        waiting.delete(claim);
        reserved[claim.small ? 'small' : 'large'] += claim.bytes;
        claim.grantedAt = performance.now();
        arriving.add(claim);
        claim.grant();
      } else {
        head ??= claim;
      }
    }
    if (waiting.size === 0) {
      clearInterval(examinations);
      examinations = undefined;
    } else {
      examinations ??= setInterval(cutOffSlowest, EXAMINE_EVERY_MS).unref();
    }
  }

  function cutOffSlowest(): void {
    const now = performance.now();
    // Within their share small uploads are in nobody's way but each other's, and of whoever needs that share as well.
    const largest = memoryBytes - keptForSmall;
    const smallOnesToo =
      reserved.small > keptForSmall || [...waiting].some(({ bytes, small }) => small || bytes > largest);
    let slowest: Claim | undefined;
    let slowestRate = MIN_BYTES_PER_SECOND;
    for (const claim of arriving) {
      const heldMs = now - claim.grantedAt;
      const rate = (1000 * claim.receivedBytes) / heldMs;
      if (heldMs < PROBATION_MS || rate >= slowestRate || (claim.small && !smallOnesToo)) continue;
      slowest = claim;
      slowestRate = rate;
    }
    slowest?.cutOff();
  }

  function leave(claim: Claim): void {
    if (!waiting.delete(claim)) reserved[claim.small ? 'small' : 'large'] -= claim.bytes;
    grantWhatFits();
  }

  return {
    get reservedBytes() {
      return reserved.small + reserved.large;
    },
    get waiting() {
      return waiting.size;
    },
    enter(refuse) {
      let claim: Claim | undefined;
      // Forgotten when it can no longer be needed: it knows the whole upload, while a pass is kept until the photo is stored.
      let tellRefusal: typeof refuse | undefined = refuse;
      let remainingMs = timeoutMs;
      let startedAt = performance.now();
      let timer = setTimeout(end, timeoutMs, 'upload_too_slow');

      function end(code: GateRefusal): void {
        const tell = tellRefusal;
        release();
        tell?.(code);
      }

      function complete(): void {
        tellRefusal = undefined;
        clearTimeout(timer);
        if (claim) arriving.delete(claim);
      }

      function release(): void {
        complete();
        if (claim) leave(claim);
        claim = undefined;
      }

      return {
        get bytes() {
          return claim && !waiting.has(claim) ? claim.bytes : FREE_BYTES;
        },
        reserve(bytes) {
          clearTimeout(timer);
          remainingMs -= performance.now() - startedAt;
          timer = setTimeout(end, timeoutMs, 'uploads_busy');
          return new Promise((resolve) => {
            const counted = Math.min(bytes, memoryBytes);
            claim = {
              bytes: counted,
              small: counted <= SMALL_UPLOAD_BYTES,
              grant() {
                clearTimeout(timer);
                startedAt = performance.now();
                timer = setTimeout(end, remainingMs, 'upload_too_slow');
                resolve();
              },
              cutOff: () => end('upload_too_slow'),
              grantedAt: 0,
              receivedBytes: 0,
            };
            waiting.add(claim);
            grantWhatFits();
          });
        },
        received(bytes) {
          if (claim) claim.receivedBytes += bytes;
        },
        complete,
        release,
      };
    },
  };
}
