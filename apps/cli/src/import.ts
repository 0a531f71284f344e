import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EMPLOYEE_ID_RULE, ENROLMENT_ADVICE, employeeIdSchema } from '@rollcall/contracts';
import { createEngine, createPhotoAnalyser } from '@rollcall/face-core';
import { createEnrol, type Enrol } from '@rollcall/gallery';
import { ConfigError, createBlobStore, loadConfig } from '@rollcall/platform';
import { SingleBar } from 'cli-progress';

/** A photo on its way into the store. */
interface Candidate {
  readonly employeeId: string;
  readonly name: string;
  readonly path: string;
}

type Word = 'added' | 'replaced' | 'unchanged' | 'refused';

interface FileResult {
  readonly word: Word;
  /** Why, and what to do; for a refused file. */
  readonly advice?: string;
}

/** Photos in progress at once: while one is searched for faces, the next are read and decoded. */
const PARALLEL = 4;

/**
 * Brings a folder of `<employee_id>/face_*` photos into the configured store. Prints a line per file and a summary.
 * @returns the process's exit status: 1 when any file was refused.
 * @throws {ConfigError} when the folder cannot be read or holds no such photo.
 */
export async function importFolder(folder: string): Promise<number> {
  const config = loadConfig();
  const candidates = await findCandidates(folder);
  const store = createBlobStore(config);
  await store.check();
  const engine = await createEngine(config);
  const analyser = createPhotoAnalyser(engine, { maxPixels: config.maxImagePixels });
  const enrol = createEnrol({ store, analyser });

  const report = createReport(candidates.length);
  const queue = candidates.values();
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (const candidate of queue) report.add(candidate, await enrolFile(enrol, candidate, config.maxUploadBytes));
    }),
  );
  await engine.close();
  store.close();
  return report.finish();
}

async function findCandidates(folder: string): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  try {
    for (const employee of await readdir(folder, { withFileTypes: true })) {
      const isFolder = employee.isDirectory() || (await stat(join(folder, employee.name))).isDirectory();
      if (!isFolder || employee.name.startsWith('.')) continue;
      for (const name of await readdir(join(folder, employee.name))) {
        if (!name.startsWith('face_')) continue;
        candidates.push({ employeeId: employee.name, name, path: join(folder, employee.name, name) });
      }
    }
  } catch (error) {
    throw new ConfigError(`The folder ${folder} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  if (candidates.length > 0) return candidates;
  throw new ConfigError(
    `Nothing to import: ${folder} has no photo named <employee_id>/face_*, such as 1001/face_1.jpg.`,
  );
}

async function enrolFile(enrol: Enrol, { employeeId, name, path }: Candidate, maxBytes: number): Promise<FileResult> {
  const id = employeeIdSchema.safeParse(employeeId);
  if (!id.success) return { word: 'refused', advice: `the folder's name is no employee id: ${EMPLOYEE_ID_RULE}` };
  if ((await stat(path)).size > maxBytes) {
    return { word: 'refused', advice: `the file is larger than MAX_UPLOAD_BYTES (${maxBytes})` };
  }
  const result = await enrol(id.data, name, await readFile(path));
  return result.kind === 'refused'
    ? { word: 'refused', advice: ENROLMENT_ADVICE[result.reason] }
    : { word: result.kind };
}

/** Prints what became of each file, above a progress bar where there is a terminal. */
function createReport(total: number) {
  const counts: Record<Word, number> = { added: 0, replaced: 0, unchanged: 0, refused: 0 };
  const bar = process.stdout.isTTY
    ? new SingleBar({ format: '{bar} {value}/{total} photos, {speed}/s, {eta_formatted} left', hideCursor: true })
    : undefined;
  const startedAt = performance.now();
  let done = 0;
  bar?.start(total, 0, { speed: '0' });

  return {
    add({ employeeId, name }: Candidate, { word, advice }: FileResult): void {
      counts[word]++;
      done++;
      const line = `${word.padEnd(9)} ${employeeId}/${name}${advice ? `  (${advice})` : ''}\n`;
      // The line takes the bar's place; the bar is drawn again below it.
      process.stdout.write(bar ? `\r\x1b[K${line}` : line);
      bar?.update(done, { speed: (done / ((performance.now() - startedAt) / 1000)).toFixed(0) });
    },
    finish(): number {
      bar?.stop();
      const parts = Object.entries(counts).map(([word, count]) => `${count} ${word}`);
      process.stdout.write(`${total} photos: ${parts.join(', ')}\n`);
      return counts.refused > 0 ? 1 : 0;
    },
  };
}
