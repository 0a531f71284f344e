import { parseArgs } from 'node:util';
import { EMPLOYEE_ID_RULE, employeeIdSchema } from '@rollcall/contracts';
import { createEngine, createPhotoAnalyser } from '@rollcall/face-core';
import { createEnrol, createGallery, createGalleryIndex, type Enrol } from '@rollcall/gallery';
import { ConfigError, createBlobStore, loadConfig } from '@rollcall/platform';
import { createAnnouncer } from './announcer.js';
import { audited } from './audited.js';
import { IMPORT_OPTIONS } from './commands/import.js';
import { createImportReport, type FileResult } from './import-report.js';
import { type Candidate, openSource } from './import-sources.js';

/** Employees in progress at once: while one photo is searched for faces, the next are read and decoded. */
const PARALLEL = 4;

/**
 * Brings photos into the configured store, under the same rules as the API. Interrupted, it is simply run again: what is
 * there already is left alone.
 * @returns the process's exit status: 1 when any photo was refused.
 */
export async function importPhotos(operands: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: operands,
    allowPositionals: true,
    options: IMPORT_OPTIONS,
  });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) {
    throw new ConfigError('What to import? Name one folder, .zip or .csv file: rollcall import SOURCE');
  }
  const { force, report: file, json } = values;
  const config = loadConfig();
  const source = await openSource(path);
  const store = createBlobStore(config);
  await store.check();
  const engine = await createEngine(config);
  const analyser = createPhotoAnalyser(engine, { maxPixels: config.maxImagePixels });
  const gallery = createGallery({ store, analyser });
  const index = createGalleryIndex({ store, gallery, onError: () => undefined });
  const enrol = createEnrol({ ...config, store, analyser, gallery, lookalikes: index });

  const announcer = await createAnnouncer(config);
  const report = createImportReport(source.candidates.length, { file, json });
  const employees = groupByEmployee(source.candidates).entries();
  await audited(config, (record) =>
    Promise.all(
      Array.from({ length: PARALLEL }, async () => {
        for (const [employeeId, candidates] of employees) {
          for (const candidate of candidates) {
            const result = await enrolCandidate(enrol, candidate, force, config.maxUploadBytes);
            await record({ action: 'import', outcome: result.status, employee: employeeId });
            report.add(candidate.label, result);
            index.changed(employeeId);
          }
          await announcer.announce(employeeId);
        }
      }),
    ),
  );
  const refused = await report.finish();
  index.close();
  announcer.close();
  source.close();
  store.close();
  await engine.close();
  return refused > 0 ? 1 : 0;
}

/** Photos of one employee are enrolled in order, because each is held against those before it. */
function groupByEmployee(candidates: readonly Candidate[]): Map<string, Candidate[]> {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    groups.set(candidate.employeeId, [...(groups.get(candidate.employeeId) ?? []), candidate]);
  }
  return groups;
}

async function enrolCandidate(
  enrol: Enrol,
  candidate: Candidate,
  force: boolean,
  maxBytes: number,
): Promise<FileResult> {
  const { employeeId, name, size, read } = candidate;
  const id = employeeIdSchema.safeParse(employeeId);
  if (!id.success) return refused('INVALID_EMPLOYEE_ID', `the folder's name is no employee id: ${EMPLOYEE_ID_RULE}`);
  if (size > maxBytes) return refused('FILE_TOO_LARGE', `the file is larger than MAX_UPLOAD_BYTES (${maxBytes})`);
  let bytes: Uint8Array;
  try {
    bytes = await read();
  } catch {
    return refused('UNREADABLE_FILE', 'the file cannot be read; check its permissions or the archive');
  }
  const { status, refusals, warnings } = await enrol({
    employeeId: id.data,
    bytes,
    force,
    ...(name !== undefined && { name }),
  });
  return { status, findings: status === 'refused' ? refusals : warnings };
}

function refused(reason: string, advice: string): FileResult {
  return { status: 'refused', findings: [{ reason, advice }] };
}
