import { z } from 'zod';

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

const objectSchema = z.object({
  key: z.string(),
  /** The store's, by which the next backup sees that nothing has changed. */
  etag: z.string(),
  size: z.int().nonnegative(),
  sha256: sha256Schema,
});

const fileSchema = z.object({
  role: z.enum(['tokens', 'audit', 'audit_key']),
  name: z.string().regex(/^[^/]+$/),
  sha256: sha256Schema,
});

export const snapshotSchema = z.object({
  version: z.literal(1),
  /** What was erased from then on is not given back. */
  started_at: z.iso.datetime(),
  /** Which store it is of: etags of another one mean nothing. */
  source: z.string(),
  objects: z.array(objectSchema),
  files: z.array(fileSchema),
  /** Redis' data (RDB), cut into pieces. */
  redis: z.array(sha256Schema).nullable(),
});

/** What was there at one time. */
export type Snapshot = z.infer<typeof snapshotSchema>;
/** An object as the store has it: encrypted, if the store is. */
export type SavedObject = z.infer<typeof objectSchema>;
export type SavedFile = z.infer<typeof fileSchema>;

export const savedObjectSchema = objectSchema;

/** Everything that the snapshot needs of the archive. */
export function contentsOf({ objects, files, redis }: Snapshot): string[] {
  return [...objects.map(({ sha256 }) => sha256), ...files.map(({ sha256 }) => sha256), ...(redis ?? [])];
}
