import { parseArgs } from 'node:util';
import { EMPLOYEES_PREFIX, employeeIdSchema } from '@rollcall/contracts';
import { createEngine, createPhotoAnalyser } from '@rollcall/face-core';
import { createGallery } from '@rollcall/gallery';
import { createBlobStore, loadConfig } from '@rollcall/platform';
import { printJson } from './command.js';
import { REINDEX_OPTIONS } from './commands/reindex.js';
import { createProgress } from './progress.js';

const PAGE = 1000;
const PARALLEL = 4;

/**
 * Embeds every reference photo whose embedding is missing or of another model or preprocessing version, while the service
 * goes on. Interrupted, it is simply run again.
 * @returns the process's exit status: 1 when any photo is left without a current embedding.
 */
export async function reindex(operands: string[]): Promise<number> {
  const { json } = parseArgs({ args: operands, options: REINDEX_OPTIONS }).values;
  const config = loadConfig();
  const store = createBlobStore(config);
  await store.check();
  const engine = await createEngine(config);
  const gallery = createGallery({
    store,
    analyser: createPhotoAnalyser(engine, { maxPixels: config.maxImagePixels }),
  });

  const employees: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.folders(EMPLOYEES_PREFIX, { limit: PAGE, ...(after !== undefined && { after }) });
    employees.push(...page.filter((name) => employeeIdSchema.safeParse(name).data === name));
    after = page.at(-1);
    if (page.length < PAGE) break;
  }

  let [embedded, left] = [0, 0];
  const failures: { employee: string; message: string }[] = [];
  const progress = createProgress(employees.length, 'employees', json ? process.stderr : process.stdout);
  const queue = employees.values();
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (const employeeId of queue) {
        try {
          const stale = await gallery.stale(await gallery.open(employeeId));
          if (stale > 0) {
            await gallery.records(await gallery.open(employeeId));
            const remaining = await gallery.stale(await gallery.open(employeeId));
            embedded += stale - remaining;
            left += remaining;
            progress.line(`embedded  ${employeeId}: ${stale - remaining} of ${stale} photos`);
          }
        } catch (error) {
          left++;
          const message = error instanceof Error ? error.message : String(error);
          failures.push({ employee: employeeId, message });
          progress.line(`failed    ${employeeId}: ${message}`);
        }
        progress.step();
      }
    }),
  );
  progress.stop();
  if (json) printJson({ employees: employees.length, embedded, left, failures });
  else process.stdout.write(`${employees.length} employees: ${embedded} photos embedded, ${left} left\n`);
  store.close();
  await engine.close();
  return left > 0 ? 1 : 0;
}
