import {
  acceptedReplySchema,
  employeePrefix,
  jobReplySchema,
  notRecognizedReplySchema,
  originalErrorReplySchema,
  problemSchema,
  readinessReplySchema,
  recognizedReplySchema,
  verificationReplySchema,
} from '@rollcall/contracts';
import type { BlobStore } from '@rollcall/platform';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { form, get, photo, post } from '../support/client.js';
import type { System } from '../support/rollcall.js';
import { until } from '../support/until.js';

export interface SystemUnderTest {
  readonly system: System;
  /** The store that the system uses, opened beside it: what is done here happens behind Rollcall's back. */
  readonly store: BlobStore;
  /** Lines logged by all processes. */
  readonly lines: () => readonly Readonly<Record<string, unknown>>[];
}

/** What every Rollcall must do, whatever it stores photos in. Employee 1001 is person A, 1002 has persons B and an impostor. */
export function verificationSuite(name: string, under: () => SystemUnderTest): void {
  describe(name, () => {
    let url: string;
    let recognize: string;
    let store: BlobStore;
    beforeAll(async () => {
      url = under().system.url;
      recognize = `${url}/recognize_face`;
      store = under().store;
      await store.put(`${employeePrefix('1001')}face_1.jpg`, await photo('person_a_1.jpg'));
      await store.put(`${employeePrefix('1002')}face_1.jpg`, await photo('impostor_1.jpg'));
      await store.put(`${employeePrefix('1002')}face_2.jpg`, await photo('person_b_1.jpg'));
    });

    describe('POST /recognize_face', () => {
      it('recognises the employee', async () => {
        const { status, body, headers } = await post(recognize, form('1001', await photo('person_a_2.jpg')));
        expect(status).toBe(200);
        expect(headers.get('content-type')).toMatch(/^application\/json/);
        recognizedReplySchema.parse(body);
        // Field by field, in the original's order, because clients were written against it.
        expect(Object.keys(body)).toEqual(['message', 'employee_id', 'verification_result']);
        expect(body).toMatchObject({ message: 'Face recognized successfully', employee_id: '1001' });
        const result = body.verification_result;
        expect(Object.keys(result)).toEqual([
          'verified',
          'distance',
          'threshold',
          'model',
          'detector_backend',
          'similarity_metric',
          'facial_areas',
          'time',
        ]);
        expect(result).toMatchObject({ verified: true, threshold: 0.593, model: 'SFace', detector_backend: 'yunet' });
        expect(result.distance).toBeLessThan(0.593);
        expect(Object.keys(result.facial_areas.img1)).toEqual(['x', 'y', 'w', 'h', 'left_eye', 'right_eye']);
        // The person's left eye is on the right of the picture.
        expect(result.facial_areas.img1.left_eye[0]).toBeGreaterThan(result.facial_areas.img1.right_eye[0]);
      });

      it('takes the best of several references', async () => {
        const { status, body } = await post(recognize, form('1002', await photo('person_b_2.jpg')));
        expect([status, body.employee_id]).toEqual([200, '1002']);
      });

      it('does not recognise somebody else', async () => {
        const { status, body } = await post(recognize, form('1001', await photo('person_b_2.jpg')));
        expect(status).toBe(400);
        notRecognizedReplySchema.parse(body);
        expect(body).toMatchObject({ message: 'Face not recognized', reason: 'not_matched' });
        expect(body.verification_result.verified).toBe(false);
        expect(body.verification_result.distance).toBeGreaterThan(0.593);
      });

      it('says when there is no face', async () => {
        const wall = await sharp({ create: { width: 320, height: 240, channels: 3, background: '#887766' } })
          .png()
          .toBuffer();
        const { status, body } = await post(recognize, form('1001', wall));
        expect([status, body.reason]).toEqual([400, 'no_face']);
        expect(body.verification_result).toMatchObject({ verified: false, distance: null });
      });

      it('says when the image cannot be read', async () => {
        const { status, body } = await post(
          recognize,
          form('1001', (await photo('person_a_2.jpg')).subarray(0, 20_000)),
        );
        expect([status, body.message, body.reason]).toEqual([400, 'Face not recognized', 'unreadable_image']);
      });

      it('wants both fields, in the original words', async () => {
        const image = await photo('person_a_2.jpg');
        for (const body of [form(undefined, image), form('1001', undefined), form('', image), '{}']) {
          expect(await post(recognize, body)).toMatchObject({
            status: 400,
            body: { error: 'Employee ID and image are required' },
          });
        }
      });

      it('tells an unknown employee from one without a photo, in the original words', async () => {
        const image = await photo('person_a_2.jpg');
        const unknown = await post(recognize, form('4040', image));
        expect(unknown).toMatchObject({ status: 404, body: { error: 'Employee face not added yet!' } });
        originalErrorReplySchema.parse(unknown.body);
        await store.put(`${employeePrefix('4041')}notes.txt`, Buffer.from('no photo yet'));
        expect(await post(recognize, form('4041', image))).toMatchObject({
          status: 404,
          body: { error: 'Employee face image not found' },
        });
      });

      it('says when no reference shows a face', async () => {
        const wall = await sharp({ create: { width: 320, height: 240, channels: 3, background: '#887766' } })
          .jpeg()
          .toBuffer();
        await store.put(`${employeePrefix('4042')}face_1.jpg`, wall);
        const { status, body } = await post(recognize, form('4042', await photo('person_a_2.jpg')));
        expect([status, body.error]).toEqual([404, expect.stringContaining('reference')]);
      });

      it('refuses ids that are paths', async () => {
        const image = await photo('person_a_2.jpg');
        for (const id of ['..', '../1001', '1001/../1002', 'a\\b', 'a\0b', 'x'.repeat(65)]) {
          const { status, body } = await post(recognize, form(id, image));
          expect([id, status, body.error]).toEqual([id, 400, expect.stringContaining('employee_id')]);
        }
      });

      it('takes ids of any script', async () => {
        await store.put(`${employeePrefix('Zoë Ольга-7')}face_1.jpg`, await photo('person_a_1.jpg'));
        const { status, body } = await post(recognize, form('Zoe\u0308 Ольга-7', await photo('person_a_2.jpg')));
        expect([status, body.employee_id]).toEqual([200, 'Zoë Ольга-7']);
      });

      it('refuses other types with 415 and too large uploads with 413', async () => {
        expect(await post(recognize, form('1001', Buffer.from('GIF89a picture')))).toMatchObject({ status: 415 });
        const huge = Buffer.concat([await photo('person_a_2.jpg'), Buffer.alloc(10_485_760)]);
        expect(await post(recognize, form('1001', huge))).toMatchObject({ status: 413 });
      });

      it('answers other methods with 405', async () => {
        expect(await get(recognize)).toMatchObject({ status: 405 });
      });
    });

    describe('asynchronously', () => {
      it('accepts at once, and the poll gives what the synchronous call would have given', async () => {
        const accepted = await post(recognize, form('1001', await photo('person_a_2.jpg')), {
          prefer: 'respond-async',
        });
        expect(accepted.status).toBe(202);
        const { job_id, status_url } = acceptedReplySchema.parse(accepted.body);
        expect(accepted.headers.get('location')).toBe(status_url);
        expect(accepted.headers.get('retry-after')).toMatch(/^\d+$/);
        expect(accepted.headers.get('preference-applied')).toBe('respond-async');
        const ended = await get(`${url}${status_url}?wait=20`);
        const reply = jobReplySchema.parse(ended.body);
        expect(ended.status).toBe(200);
        expect(reply).toMatchObject({ job_id, status: 'succeeded', result: { verified: true, employee_id: '1001' } });
        expect(reply.response?.status).toBe(200);
        expect(recognizedReplySchema.parse(reply.response?.body).employee_id).toBe('1001');
        // An outcome never changes.
        expect((await get(`${url}${status_url}`)).body).toEqual(ended.body);
      });

      it('tells errors the same way', async () => {
        const accepted = await post(recognize, form('4040', await photo('person_a_2.jpg')), {
          prefer: 'respond-async',
        });
        const { body } = await get(`${url}${accepted.body.status_url}?wait=20`);
        expect(body).toMatchObject({
          status: 'succeeded',
          response: { status: 404, body: { error: 'Employee face not added yet!' } },
        });
        expect(body.result).toBeUndefined();
      });

      it('honours wait=N', async () => {
        const { status, headers } = await post(recognize, form('1001', await photo('person_a_2.jpg')), {
          prefer: 'wait=20',
        });
        expect([status, headers.get('preference-applied')]).toEqual([200, 'wait=20']);
      });

      it('knows no job that was never made', async () => {
        for (const id of ['f47ac10b-58cc-4372-a567-0e02b2c3d479', '1', '..%2f..', 'x'.repeat(200)]) {
          const { status, body } = await get(`${url}/v1/jobs/${id}`);
          expect([status, body.code]).toEqual([404, 'job_not_found']);
        }
        expect(await get(`${url}/v1/jobs/f47ac10b-58cc-4372-a567-0e02b2c3d479?wait=x`)).toMatchObject({ status: 400 });
      });
    });

    describe('POST /v1/verifications', () => {
      const verifications = () => `${url}/v1/verifications`;

      it('says yes and no with 200', async () => {
        const yes = await post(verifications(), form('1002', await photo('person_b_2.jpg')));
        expect(yes.status).toBe(200);
        expect(verificationReplySchema.parse(yes.body)).toMatchObject({
          verified: true,
          reason: null,
          reference: { photo: 'face_2.jpg' },
        });
        const no = await post(verifications(), form('1001', await photo('impostor_2.jpg')));
        expect([no.status, no.body.verified, no.body.reason]).toEqual([200, false, 'not_matched']);
      });

      it.each<[string, () => Promise<FormData>, number]>([
        ['missing_fields', async () => form('1001', undefined), 400],
        ['invalid_employee_id', async () => form('a/b', await photo('person_a_2.jpg')), 400],
        ['employee_not_found', async () => form('4040', await photo('person_a_2.jpg')), 404],
        ['unsupported_image_type', async () => form('1001', Buffer.from('%PDF-1.7')), 415],
        ['unreadable_image', async () => form('1001', (await photo('person_a_2.jpg')).subarray(0, 20_000)), 422],
      ])('tells %s as problem details', async (code, body, expected) => {
        const {
          status,
          headers,
          body: reply,
        } = await post(verifications(), await body(), { 'x-request-id': 'gate-7.1' });
        expect(status).toBe(expected);
        expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
        expect(problemSchema.parse(reply)).toMatchObject({ code, status: expected, request_id: 'gate-7.1' });
      });
    });

    describe('references', () => {
      const id = 'changing';
      const key = (name: string) => `${employeePrefix(id)}${name}`;
      const ask = async (name: string) => (await post(`${url}/v1/verifications`, form(id, await photo(name)))).body;

      it('count from the next verification on when added, replaced or removed behind the service', async () => {
        await store.put(key('face_1.jpg'), await photo('person_a_1.jpg'));
        expect(await ask('person_a_2.jpg')).toMatchObject({ verified: true });
        expect(await ask('person_b_2.jpg')).toMatchObject({ verified: false });
        await store.put(key('face_2.jpg'), await photo('person_b_1.jpg'));
        expect(await ask('person_b_2.jpg')).toMatchObject({ verified: true });
        await store.put(key('face_1.jpg'), await photo('impostor_2.jpg'));
        expect(await ask('person_a_2.jpg')).toMatchObject({ verified: false });
        await store.delete([key('face_2.jpg')]);
        expect(await ask('person_b_2.jpg')).toMatchObject({ verified: false });
        expect(
          (await store.list(employeePrefix(id))).map((object) => object.key.slice(employeePrefix(id).length)),
        ).toEqual(['.rollcall/face_1.jpg.embedding.json', 'face_1.jpg']);
        await store.delete([key('face_1.jpg')]);
        expect(await ask('person_a_2.jpg')).toMatchObject({ code: 'reference_not_found' });
        expect(await ask('person_a_2.jpg')).toMatchObject({ code: 'employee_not_found' });
        expect(await store.list(employeePrefix(id))).toEqual([]);
      });

      it('are embedded once in their life', async () => {
        const embedding = `${employeePrefix('1001')}.rollcall/face_1.jpg.embedding.json`;
        await post(recognize, form('1001', await photo('person_a_2.jpg')));
        const etag = async () =>
          (await store.list(employeePrefix('1001'))).find((object) => object.key === embedding)?.etag;
        const before = await etag();
        expect(before).toBeDefined();
        await Promise.all(
          Array.from({ length: 8 }, async () => post(recognize, form('1001', await photo('person_a_2.jpg')))),
        );
        expect(await etag()).toBe(before);
      });
    });

    it('leaves no upload behind', async () => {
      await until('every upload is gone', async () =>
        (await store.list('uploads/')).some(({ size }) => size > 0) ? undefined : true,
      );
    });

    it('is alive and ready', async () => {
      expect(await get(`${url}/healthz`)).toMatchObject({ status: 200 });
      const { status, body } = await get(`${url}/readyz`);
      expect(status).toBe(200);
      expect(readinessReplySchema.parse(body)).toMatchObject({ status: 'ready', checks: { workers: { ok: true } } });
      expect(await get(`${url}/nowhere`)).toMatchObject({ status: 404 });
    });

    it('joins the lines of a request and its job by request id, and logs nothing biometric', async () => {
      await post(recognize, form('1001', await photo('person_a_2.jpg')), { 'x-request-id': 'join-me' });
      await until('both lines are there', () =>
        under()
          .lines()
          .filter((line) => line.request_id === 'join-me').length >= 2
          ? true
          : undefined,
      );
      const joined = under()
        .lines()
        .filter((line) => line.request_id === 'join-me');
      expect(joined.map(({ name, msg, outcome }) => [name, msg, outcome]).sort()).toEqual([
        ['api', 'request', 'verified'],
        ['worker', 'job', 'verified'],
      ]);
      const record = await store.get(`${employeePrefix('1001')}.rollcall/face_1.jpg.embedding.json`);
      const { embedding } = JSON.parse(Buffer.from(record?.bytes ?? []).toString()).face;
      const logged = JSON.stringify(under().lines());
      expect(logged).not.toContain(embedding.slice(0, 40));
      expect(logged).not.toMatch(/(-?0\.\d+,){5}/);
    });
  });
}
