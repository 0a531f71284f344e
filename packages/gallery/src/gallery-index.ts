import { EMPLOYEES_PREFIX, employeeIdSchema, employeePrefix, isReferencePhoto } from '@rollcall/contracts';
import { type Candidate, type CandidateOptions, createEmbeddingMatrix, GalleryFullError } from './embedding-matrix.js';
import type { Gallery } from './gallery.js';
import type { ReferenceStore, StoredObject } from './store.js';

export interface GalleryIndexOptions {
  readonly store: Pick<ReferenceStore, 'list'>;
  readonly gallery: Gallery;
  /** How many references may be held, at 512 bytes each; 100,000 by default. */
  readonly maxReferences?: number;
  /** Milliseconds between the end of one comparison with the store and the start of the next; a minute by default. */
  readonly relistMs?: number;
  /** Told what could not be read: one employee's folder, or without an id the listing of all. */
  readonly onError: (error: unknown, employeeId?: string) => void;
}

/** Employees that were read, of those that are to be. */
export interface LoadProgress {
  readonly done: number;
  readonly total: number;
}

export interface GalleryIndex {
  /**
   * Reads everybody, once: further calls wait for the first, unless that failed. Rejects when the store cannot be
   * listed; a folder that cannot be read is told to `onError` and tried again with the next listing.
   */
  load(onProgress?: (progress: LoadProgress) => void): Promise<void>;
  /** The employee's photos have changed: they are read again before the next search. */
  changed(employeeId: string): void;
  /** Compares with a listing of the store, and reads whoever differs. Joins a comparison that is under way. */
  relist(): Promise<void>;
  /**
   * The employees nearest to the probe, nearest first, each as the store has them after the call. Loads first. Rejects
   * when a candidate's folder cannot be read, because then nobody knows whether the candidate still is one.
   */
  search(probe: Float32Array, options: CandidateOptions): Promise<Candidate[]>;
  /** How many references it holds. */
  readonly size: number;
  /** Ends the comparing and the loading. */
  close(): void;
}

const DEFAULT_RELIST_MS = 60_000;
const READ_AT_ONCE = 8;
const SEARCH_ROUNDS = 5;

/** The fingerprint of an employee without photos. */
const NOBODY = '';

/**
 * Everybody's embeddings in memory, to compare one face with all. The store stays the only truth: a change is known from
 * a message, else from the next listing, and whoever a search finds is looked up before being returned. So nobody is
 * found by a photo that is gone, while a photo that came unannounced may take until the next listing to be found.
 */
export function createGalleryIndex(options: GalleryIndexOptions): GalleryIndex {
  const { store, gallery, maxReferences, relistMs = DEFAULT_RELIST_MS, onError } = options;
  const matrix = createEmbeddingMatrix(maxReferences);
  /** Which photos each employee's rows are of. Both change together or, when reading fails, not at all. */
  const fingerprints = new Map<string, string>();
  /** Each employee's last reading, while there is one. */
  const readings = new Map<string, Promise<void>>();
  const dirty = new Set<string>();
  let cleaned = Promise.resolve();
  let loaded: Promise<void> | undefined;
  let relisting: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function read(employeeId: string): Promise<void> {
    const folder = await gallery.open(employeeId);
    const fingerprint = fingerprintOf(folder.photos);
    if (fingerprint === (fingerprints.get(employeeId) ?? NOBODY)) return;
    matrix.set(employeeId, await gallery.references(folder));
    if (fingerprint === NOBODY) fingerprints.delete(employeeId);
    else fingerprints.set(employeeId, fingerprint);
  }

  /** Reads the employee's folder as it is now. In turn, so that what was read later is what stays. */
  function refresh(employeeId: string): Promise<void> {
    const reading = (readings.get(employeeId) ?? Promise.resolve()).then(() => read(employeeId));
    const ended = reading
      .catch(() => undefined)
      .then(() => {
        if (readings.get(employeeId) === ended) readings.delete(employeeId);
      });
    readings.set(employeeId, ended);
    return reading;
  }

  /** Resolves with the failure, after telling it, because a folder that cannot be read must not keep back the others. */
  async function tryRefresh(employeeId: string): Promise<unknown> {
    if (closed) throw new Error('The index of the gallery is closed.');
    try {
      await refresh(employeeId);
      return undefined;
    } catch (error) {
      onError(error, employeeId);
      return error;
    }
  }

  async function compareWithStore(onProgress?: (progress: LoadProgress) => void): Promise<void> {
    const listed = fingerprintsIn(await store.list(EMPLOYEES_PREFIX));
    const outdated = [...fingerprints.keys()].filter((id) => listed.get(id) !== fingerprints.get(id));
    const added = [...listed.keys()].filter((id) => !fingerprints.has(id));
    // Known ones first: those who are gone make room for those who came.
    const employees = [...outdated, ...added];
    let done = 0;
    let full = false;
    await forEachOf(employees, READ_AT_ONCE, async (employeeId) => {
      if (full) return;
      const failure = await tryRefresh(employeeId);
      if (failure instanceof GalleryFullError) full = true;
      onProgress?.({ done: ++done, total: employees.length });
    });
  }

  function relist(onProgress?: (progress: LoadProgress) => void): Promise<void> {
    relisting ??= compareWithStore(onProgress).finally(() => {
      relisting = undefined;
    });
    return relisting;
  }

  function relistLater(): void {
    if (closed) return;
    timer = setTimeout(() => {
      relist()
        .catch((error: unknown) => closed || onError(error))
        .finally(relistLater);
    }, relistMs).unref();
  }

  function load(onProgress?: (progress: LoadProgress) => void): Promise<void> {
    loaded ??= relist(onProgress).then(relistLater, (error: unknown) => {
      loaded = undefined;
      throw error;
    });
    return loaded;
  }

  /** One batch after the other, so that whoever searches also waits for what others have begun to read. */
  function clean(): Promise<void> {
    cleaned = cleaned.then(async () => {
      const employees = [...dirty];
      dirty.clear();
      await forEachOf(employees, READ_AT_ONCE, tryRefresh);
    });
    return cleaned;
  }

  /** Whether the store still has what the candidates were found by; if not, it has been read now. */
  async function confirm(candidates: readonly Candidate[]): Promise<boolean> {
    const confirmed = await Promise.all(
      candidates.map(async ({ employeeId }) => {
        // Another search may read the change first, so what `refresh` itself did does not tell.
        const before = fingerprints.get(employeeId);
        await refresh(employeeId);
        return fingerprints.get(employeeId) === before;
      }),
    );
    return confirmed.every(Boolean);
  }

  async function search(probe: Float32Array, searched: CandidateOptions): Promise<Candidate[]> {
    await load();
    await clean();
    for (let round = 1; round <= SEARCH_ROUNDS; round++) {
      // Many have changed at once: one listing of all is cheaper than many of one.
      if (round === SEARCH_ROUNDS) await relist();
      const candidates = matrix.search(probe, searched);
      if (await confirm(candidates)) return candidates;
    }
    throw new Error('The gallery changes faster than it can be searched.');
  }

  return {
    load,
    changed(employeeId) {
      // Before that there is nothing to correct.
      if (loaded) dirty.add(employeeId);
    },
    async relist() {
      await load();
      await relist();
    },
    search,
    get size() {
      return matrix.size;
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** Every employee's fingerprint. A folder whose name is no employee id is nobody's. */
function fingerprintsIn(objects: readonly StoredObject[]): Map<string, string> {
  const photos = new Map<string, StoredObject[]>();
  for (const object of objects) {
    const employeeId = object.key.slice(EMPLOYEES_PREFIX.length, object.key.indexOf('/', EMPLOYEES_PREFIX.length));
    if (!isReferencePhoto(employeePrefix(employeeId), object.key)) continue;
    const known = photos.get(employeeId);
    if (known) known.push(object);
    else photos.set(employeeId, [object]);
  }
  const employees = [...photos].filter(([id]) => employeeIdSchema.safeParse(id).data === id);
  return new Map(employees.map(([id, those]) => [id, fingerprintOf(those)]));
}

/** Changes with the photos' names and contents. Listings are ordered, so those of all and of one give the same. */
function fingerprintOf(photos: readonly StoredObject[]): string {
  return photos.map(({ key, etag }) => `${key.slice(key.lastIndexOf('/') + 1)}\n${etag}`).join('\n');
}

/** Does `work` with every item, `atOnce` at a time. */
async function forEachOf<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const takeTurns = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
}
