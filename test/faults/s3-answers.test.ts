import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { get } from '../src/support/client.js';
import { createLedger, reportFault } from '../src/support/ledger.js';
import {
  EMPLOYEE,
  expectRecovery,
  isNetworkStageMissing,
  type NetworkStage,
  RIGHT,
  refusals,
  startNetworkStage,
  verifyMany,
} from '../src/support/network-stage.js';
import { type S3Gateway, type S3Request, startS3Gateway } from '../src/support/s3-gateway.js';

const ASYNC = { prefer: 'respond-async' };

/** More than the store's three tries of one read, fewer than the three attempts of a job make. */
const TRUNCATED_READS = 4;

describe.skipIf(isNetworkStageMissing())('S3', { timeout: 240_000 }, () => {
  let stage: NetworkStage;
  let gateway: S3Gateway;
  let behind: { MINIO_ENDPOINT: string };

  beforeAll(async () => {
    stage = await startNetworkStage();
    gateway = await startS3Gateway(stage.minio.port);
    behind = { MINIO_ENDPOINT: gateway.address };
  });
  afterEach(async () => {
    gateway.treat(() => 'answer');
    await stage.clear();
  });
  afterAll(async () => {
    await gateway?.stop();
    await stage?.stop();
  });

  it('asks to slow down in two of five answers: each request is accepted for good or refused', async () => {
    const ledger = createLedger();
    const api = await stage.api(behind);
    await stage.worker(behind);
    let count = 0;
    gateway.treat(() => (count++ % 5 < 2 ? 'slow down' : 'answer'));
    await Promise.all(verifyMany(ledger, api.url, 40));
    gateway.treat(() => 'answer');
    await expectRecovery(api.url);
    await Promise.all(verifyMany(ledger, api.url, 5));
    const report = await ledger.settle([api.url]);
    expect(refusals(ledger)).toEqual(Array(report.refused).fill('503 store_unavailable'));
    expect(report.accepted).toBeGreaterThanOrEqual(5);
    expect(report).toMatchObject({ exactlyOnce: report.accepted, unanswered: 0 });
    reportFault('8.6 S3 asks to slow down (503)', report);
  });

  it('sends half a photo, again and again: the job is tried again until it is whole', async () => {
    const ledger = createLedger();
    const api = await stage.api(behind);
    const worker = await stage.worker(behind);
    let truncated = 0;
    gateway.treat((request) => (isRead(request) && truncated++ < TRUNCATED_READS ? 'truncate' : 'answer'));
    const { status } = await ledger.verify(api.url, EMPLOYEE, RIGHT, { expected: 'verified' });
    expect(status).toBe(200);
    expect(worker.lines.find(({ msg }) => msg === 'job')).toMatchObject({ attempt: 2, outcome: 'verified' });
    const report = await ledger.settle([api.url]);
    expect(report).toMatchObject({ accepted: 1, exactlyOnce: 1 });
    reportFault('8.7 S3 sends half a photo', report);
  });

  it('loses a photo before it is read: the job fails, once', async () => {
    const ledger = createLedger();
    const api = await stage.api();
    const { jobId } = await ledger.verify(api.url, EMPLOYEE, RIGHT, { headers: ASYNC });
    await stage.store.delete([`uploads/${jobId}`]);
    const worker = await stage.worker();
    const report = await ledger.settle([api.url]);
    expect((await get(`${api.url}/v1/jobs/${jobId}`)).body).toMatchObject({
      status: 'failed',
      response: { status: 500, body: { code: 'internal_error' } },
    });
    const failures = worker.lines.filter(({ msg }) => msg === 'job failed');
    expect(failures).toEqual([expect.objectContaining({ job_id: jobId, attempt: 1, ended: true })]);
    expect(report).toMatchObject({ accepted: 1, exactlyOnce: 1 });
    reportFault('8.8 S3 loses a photo', report);
    await expectRecovery(api.url);
  });

  it('and leaves no upload behind', async () => {
    await stage.expectSwept();
  });
});

function isRead({ method, path }: S3Request): boolean {
  return method === 'GET' && path.includes('/uploads/') && !path.endsWith('/');
}
