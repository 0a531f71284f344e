import { createClient, RollcallError } from '@rollcall/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { photo } from './support/client.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';
import { createToken } from './support/tokens.js';

const folder = temporaryFolder();
const settings = { DATA_DIR: folder.path, WORKER_PROCESSES: '1' };
let system: System;
let token: string;

beforeAll(async () => {
  token = await createToken(settings, 'office', 'admin');
  system = await startSystem('start', settings);
});
afterAll(async () => {
  await system.stop();
  folder.remove();
});

const bytes = async (name: string) => new Uint8Array(await photo(name));

describe('the TypeScript client', () => {
  it('does everything that the API does', async () => {
    const client = createClient({ url: system.url, token });
    const [one, two, other] = await Promise.all(['person_a_1.jpg', 'person_a_2.jpg', 'person_b_1.jpg'].map(bytes));
    if (!one || !two || !other) throw new Error('no photos');

    expect(await client.ready()).toMatchObject({ status: 'ready' });
    expect(await client.assess(one)).toMatchObject({ fit: true, refusals: [] });
    expect(await client.enrol('1001', [one])).toMatchObject({ photos: [{ status: 'added', face: 'face_1.jpg' }] });
    expect(await client.verify('1001', two)).toMatchObject({ verified: true, employee_id: '1001', threshold: 0.593 });
    expect(await client.verify('1001', other)).toMatchObject({ verified: false, reason: 'not_matched' });
    expect(await client.identify(two, { limit: 1 })).toMatchObject({ candidates: [{ employee_id: '1001' }] });
    expect(await client.compare(one, other)).toMatchObject({ verified: false });

    const ids: string[] = [];
    for await (const id of client.employees({ prefix: '10' })) ids.push(id);
    expect(ids).toEqual(['1001']);
    expect(await client.employee('1001')).toMatchObject({ faces: [{ face: 'face_1.jpg' }] });
    expect(new Uint8Array(await (await client.facePhoto('1001', 'face_1.jpg')).arrayBuffer())).toEqual(one);

    const { jobId } = await client.submitVerification('1001', two);
    expect(await client.jobResult(jobId)).toMatchObject({ verified: true, job_id: jobId });
    expect(await client.job(jobId)).toMatchObject({ status: 'succeeded' });
    await expect(client.cancelJob(jobId)).rejects.toMatchObject({ status: 409, code: 'job_begun' });

    const again = { idempotencyKey: 'one-and-the-same' };
    const [first, second] = await Promise.all([client.verify('1001', two, again), client.verify('1001', two, again)]);
    expect(second.job_id).toBe(first.job_id);

    expect(await client.eraseFace('1001', 'face_1.jpg')).toMatchObject({ erased: { photos: 1 } });
    expect(await client.erase('1001')).toMatchObject({ employee_id: '1001' });
    await expect(client.verify('1001', two)).rejects.toMatchObject({ status: 404, code: 'employee_not_found' });
  });

  it('tells what is wrong with photos that are refused', async () => {
    const client = createClient({ url: system.url, token });
    await client.enrol('1002', [await bytes('person_a_1.jpg')]);
    const refused = await client.enrol('1002', [await bytes('person_b_1.jpg')]).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RollcallError);
    expect((refused as RollcallError).problem).toMatchObject({
      code: 'photos_refused',
      photos: [{ refusals: [{ reason: 'DIFFERENT_PERSON' }] }],
    });
    const forced = await client.enrol('1002', [await bytes('person_b_1.jpg')], { force: true });
    expect(forced.photos[0]).toMatchObject({ status: 'added' });
  });

  it('says that its token is not valid', async () => {
    const client = createClient({ url: system.url, token: `rc_${'a'.repeat(12)}_${'b'.repeat(43)}` });
    await expect(client.employee('1001')).rejects.toMatchObject({ status: 401, code: 'unauthorized' });
  });
});
