import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ConfigError } from '@rollcall/platform';
import { parse } from 'csv-parse';
import yauzl from 'yauzl';
import { z } from 'zod';

/** A photo that is to become a reference. */
export interface Candidate {
  readonly employeeId: string;
  /** File name in the employee's folder, e.g. `face_1.jpg`; undefined takes the next free number. */
  readonly name: string | undefined;
  /** How the photo is called in the report. */
  readonly label: string;
  /** Bytes, as the source declares them. */
  readonly size: number;
  read(): Promise<Uint8Array>;
}

/** Photos to import, and what must be closed afterwards. */
export interface Source {
  readonly candidates: readonly Candidate[];
  close(): void;
}

const PHOTO_NAME = /^face_/;

/**
 * A folder of `<employee_id>/face_*`, a ZIP file of one, or a CSV manifest with the columns `employee_id` and `path`
 * (relative to the manifest).
 * @throws {ConfigError} when it cannot be read or holds no photo.
 */
export async function openSource(path: string): Promise<Source> {
  const source = await open(path).catch((error: unknown) => {
    throw new ConfigError(`${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  });
  if (source.candidates.length > 0) return source;
  throw new ConfigError(`Nothing to import: ${path} has no photo named <employee_id>/face_*, such as 1001/face_1.jpg.`);
}

async function open(path: string): Promise<Source> {
  if ((await stat(path)).isDirectory()) return { candidates: await fromFolder(path), close: () => undefined };
  if (/\.csv$/i.test(path)) return { candidates: await fromManifest(path), close: () => undefined };
  if (/\.zip$/i.test(path)) return fromZip(path);
  throw new Error('it is neither a folder nor a .csv nor a .zip file');
}

async function fromFolder(folder: string): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const employeeId of await readdir(folder)) {
    const employee = join(folder, employeeId);
    if (employeeId.startsWith('.') || !(await stat(employee)).isDirectory()) continue;
    const names = (await readdir(employee)).filter((name) => PHOTO_NAME.test(name)).sort(byNumber);
    for (const name of names) candidates.push(await fromFile(join(employee, name), employeeId, name));
  }
  return candidates;
}

async function fromFile(path: string, employeeId: string, name: string | undefined): Promise<Candidate> {
  const { size } = await stat(path);
  return { employeeId, name, label: `${employeeId}/${basename(path)}`, size, read: () => readFile(path) };
}

const rowSchema = z.object({ employee_id: z.string().min(1), path: z.string().min(1) });

async function fromManifest(manifest: string): Promise<Candidate[]> {
  const folder = dirname(resolve(manifest));
  const candidates: Candidate[] = [];
  const rows = createReadStream(manifest).pipe(parse({ columns: true, bom: true, trim: true, skip_empty_lines: true }));
  for await (const row of rows) {
    const parsed = rowSchema.safeParse(row);
    if (!parsed.success) throw new Error('every row needs the columns employee_id and path');
    candidates.push(await fromFile(resolve(folder, parsed.data.path), parsed.data.employee_id, undefined));
  }
  return candidates;
}

async function fromZip(path: string): Promise<Source> {
  const zip = await yauzl.openPromise(path, { autoClose: false });
  const candidates: Candidate[] = [];
  for await (const entry of zip.eachEntry()) {
    const [name = '', employeeId = ''] = entry.fileName.split('/').reverse();
    if (!PHOTO_NAME.test(name) || employeeId === '' || employeeId === '__MACOSX') continue;
    candidates.push({
      employeeId,
      name,
      label: `${employeeId}/${name}`,
      size: entry.uncompressedSize,
      read: async () => buffer(await zip.openReadStreamPromise(entry)),
    });
  }
  return { candidates: candidates.sort((one, other) => byNumber(one.label, other.label)), close: () => zip.close() };
}

/** `face_2` before `face_10`, so that numbers keep their order. */
function byNumber(one: string, other: string): number {
  return one.localeCompare(other, 'en', { numeric: true });
}
