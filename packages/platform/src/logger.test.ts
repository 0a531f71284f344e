import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/src/support/rollcall.js';
import { createFilesystemBlobStore } from './blob-store/filesystem.js';
import { createLogger } from './logger.js';

const folder = temporaryFolder();
afterAll(folder.remove);

it.each(['1001', 'Zoë van Dam', 'a.b-c_d'])('does not name %s, whose photo the store cannot use', async (id) => {
  const root = mkdtempSync(join(folder.path, 'x'));
  const errorLogFile = join(root, 'error_log.txt');
  const logger = createLogger('test', { logLevel: 'error', errorLogFile, logRetentionDays: 1 });
  const store = createFilesystemBlobStore({ root });
  // A folder where the photo should be.
  mkdirSync(join(root, `employees/${id}/face_1.jpg`), { recursive: true });
  const error: Error = await store.put(`employees/${id}/face_1.jpg`, Buffer.from('x')).then(
    () => expect.fail('stored'),
    (reason) => reason,
  );
  expect(error.message).toContain(id);
  logger.error({ err: error, job_id: 'j1' }, 'job failed');
  logger.error({ error: error.message, request_id: 'r1' }, 'request');
  logger.error({ path: join(root, 'employees', id) }, error.message);
  const text = readFileSync(errorLogFile, 'utf8');
  const lines = text.trim().split('\n');
  expect(text).not.toContain(id);
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
    'job failed',
    'request',
    expect.stringContaining('Could not store employees/:id/face_1.jpg'),
  ]);
});
