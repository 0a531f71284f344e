import {
  assessmentReplySchema,
  comparisonReplySchema,
  employeePrefix,
  employeeReplySchema,
  employeesReplySchema,
  enrolmentReplySchema,
  erasureReplySchema,
  identificationReplySchema,
  jobReplySchema,
  problemSchema,
} from '@rollcall/contracts';
import type { Redis } from 'ioredis';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, form, get, photo, post, remove } from '../support/client.js';
import { until } from '../support/until.js';
import type { SystemUnderTest } from './verification.suite.js';

/** The employees' side of every Rollcall, whatever it stores photos in. `redisUrl` is the system's own Redis. */
export function enrolmentSuite(name: string, under: () => SystemUnderTest & { readonly redis: () => Redis }): void {
  describe(name, () => {
    let url: string;
    beforeAll(() => {
      url = under().system.url;
    });

    function images(...photos: readonly Uint8Array[]): FormData {
      const data = new FormData();
      for (const bytes of photos) data.append('image', new Blob([Uint8Array.from(bytes)]), 'photo.jpg');
      return data;
    }
    const faces = (id: string) => `${url}/v1/employees/${encodeURIComponent(id)}/faces`;
    const enrol = (id: string, ...photos: readonly Uint8Array[]) => post(faces(id), images(...photos));
    const verify = async (id: string, image: Uint8Array) =>
      (await post(`${url}/v1/verifications`, form(id, image))).body;
    const erase = (id: string) => remove(`${url}/v1/employees/${encodeURIComponent(id)}`);
    const namesOf = async (id: string) => (await get(faces(id))).body.faces?.map(({ face }: { face: string }) => face);

    describe('assessment', () => {
      const assess = (image: Uint8Array, headers?: Record<string, string>) =>
        post(`${url}/v1/assessments`, form(undefined, image), headers);

      it('says that a photo is fit, with its face and measures, and keeps nothing of it', async () => {
        const { status, body } = await assess(await photo('person_a_1.jpg'));
        expect(status).toBe(200);
        expect(assessmentReplySchema.parse(body)).toEqual(body);
        expect(body).toMatchObject({ fit: true, refusals: [], quality: { embedding_norm: expect.any(Number) } });
        expect(body.face.w).toBeGreaterThan(50);
        expect(body.landmarks.nose).toEqual([expect.any(Number), expect.any(Number)]);
        const { store } = under();
        expect(JSON.stringify(await store.list('employees/'))).not.toContain(body.job_id);
        await until('the upload has gone', async () =>
          (await store.list('uploads/')).some(({ key }) => key.includes(body.job_id)) ? undefined : true,
        );
      });

      it('says what enrolment would refuse, in its words', async () => {
        const wall = await sharp({ create: { width: 320, height: 240, channels: 3, background: '#876' } })
          .png()
          .toBuffer();
        const broken = (await photo('person_a_2.jpg')).subarray(0, 20_000);
        const blurred = await sharp(await photo('person_a_2.jpg'))
          .blur(18)
          .jpeg()
          .toBuffer();
        const enrolled: Answer = await enrol('assessed', wall, broken, blurred);
        for (const [index, image] of [wall, broken, blurred].entries()) {
          const { status, body } = await assess(image);
          const { area: face, landmarks, quality, refusals, warnings } = enrolled.body.photos[index];
          expect([status, body.fit]).toEqual([200, false]);
          expect(body).toMatchObject({ face, landmarks, quality, refusals, warnings });
        }
      });

      it('can be polled, repeated and wants exactly one image', async () => {
        const image = await photo('person_a_1.jpg');
        const headers = { prefer: 'respond-async', 'idempotency-key': 'assessed-once' };
        const accepted = await assess(image, headers);
        expect(accepted.status).toBe(202);
        const polled = await get(`${url}${accepted.body.status_url}?wait=20`);
        expect(jobReplySchema.parse(polled.body)).toMatchObject({
          status: 'succeeded',
          result: { fit: true, job_id: accepted.body.job_id },
          response: { status: 200, body: { fit: true } },
        });
        const again = await assess(image, { 'idempotency-key': 'assessed-once' });
        expect([again.status, again.body.job_id]).toEqual([200, accepted.body.job_id]);
        const none = await post(`${url}/v1/assessments`, images());
        expect([none.status, none.body.code]).toEqual([400, 'missing_fields']);
        const two = await post(`${url}/v1/assessments`, images(image, image));
        expect([two.status, two.body.code]).toEqual([400, 'too_many_images']);
      });
    });

    describe('enrolment', () => {
      it('makes photos references under the next free numbers, and tells their quality', async () => {
        const first = await enrol('e1', await photo('person_b_1.jpg'), await photo('person_b_2.jpg'));
        expect(first.status).toBe(201);
        const { photos } = enrolmentReplySchema.parse(first.body);
        expect(photos).toMatchObject([
          { status: 'added', face: 'face_1.jpg', refusals: [], quality: { face_size: expect.any(Number) } },
          { status: 'added', face: 'face_2.jpg', refusals: [] },
        ]);
        expect(photos[0]?.landmarks?.nose).toEqual([expect.any(Number), expect.any(Number)]);
        expect(photos[0]?.area).toMatchObject({
          x: expect.any(Number),
          left_eye: [expect.any(Number), expect.any(Number)],
        });
        expect(await verify('e1', await photo('person_b_2.jpg'))).toMatchObject({
          verified: true,
          references: [{ photo: 'face_2.jpg', distance: expect.closeTo(0, 3) }, { photo: 'face_1.jpg' }],
          quality: { measures: { embedding_norm: expect.any(Number) } },
        });
        await remove(`${faces('e1')}/face_1.jpg`);
        const flipped = await sharp(await photo('person_b_1.jpg'))
          .flop()
          .jpeg()
          .toBuffer();
        expect((await enrol('e1', flipped)).body.photos).toMatchObject([{ status: 'added', face: 'face_1.jpg' }]);
      });

      it('takes one photo once, and says so', async () => {
        const image = await photo('person_a_1.jpg');
        expect(await enrol('e2', image)).toMatchObject({ status: 201 });
        const again = await enrol('e2', image, image);
        expect(again.status).toBe(200);
        expect(again.body.photos).toMatchObject([
          { status: 'unchanged', face: 'face_1.jpg' },
          { status: 'unchanged', face: 'face_1.jpg' },
        ]);
        expect(await namesOf('e2')).toEqual(['face_1.jpg']);
      });

      it('refuses unfit photos with reasons, values, limits and advice', async () => {
        const wall = await sharp({ create: { width: 320, height: 240, channels: 3, background: '#876' } })
          .png()
          .toBuffer();
        const blurred = await sharp(await photo('person_a_2.jpg'))
          .blur(18)
          .jpeg()
          .toBuffer();
        const broken = (await photo('person_a_2.jpg')).subarray(0, 20_000);
        const { status, body } = await enrol('e3', wall, blurred, broken);
        expect(status).toBe(422);
        const problem = problemSchema.parse(body);
        expect(problem.code).toBe('photos_refused');
        const reasons = problem.photos?.map(({ refusals }) => refusals.map(({ reason }) => reason));
        expect(reasons?.[0]).toEqual(['NO_FACE']);
        expect(reasons?.[2]).toEqual(['UNREADABLE_IMAGE']);
        const measured = problem.photos?.[1]?.refusals ?? [];
        expect(measured.length).toBeGreaterThan(0);
        for (const finding of measured) {
          expect(finding).toMatchObject({ value: expect.any(Number), limit: expect.any(Number) });
          expect(finding.advice.length).toBeGreaterThan(10);
        }
        expect(await get(faces('e3'))).toMatchObject({ status: 404 });
      });

      it('refuses a different person unless forced', async () => {
        await enrol('e4', await photo('person_a_1.jpg'));
        const other = await photo('impostor_1.jpg');
        const refused = await enrol('e4', other);
        expect([refused.status, refused.body.photos[0].refusals[0].reason]).toEqual([422, 'DIFFERENT_PERSON']);
        expect(await post(`${faces('e4')}?force=true`, images(other))).toMatchObject({ status: 201 });
      });

      it('warns of somebody who looks alike, and says who', async () => {
        await enrol('twin one', await photo('impostor_2.jpg'));
        const { body } = await enrol(
          'twin two',
          await sharp(await photo('impostor_2.jpg'))
            .flop()
            .jpeg()
            .toBuffer(),
        );
        expect(body.photos[0].status).toBe('added');
        expect(body.photos[0].warnings).toContainEqual(
          expect.objectContaining({
            reason: 'LOOKS_LIKE_ANOTHER',
            employee_id: 'twin one',
            advice: expect.stringContaining('twin one'),
          }),
        );
        // The warning names a person, so that it goes with that person.
        expect((await erase('twin one')).status).toBe(200);
        expect(await everything(under().redis())).not.toContain('twin one');
      });

      it('follows the rules of synchronous, asynchronous and polled requests', async () => {
        const accepted = await post(faces('e5'), images(await photo('person_a_2.jpg')), { prefer: 'respond-async' });
        expect(accepted.status).toBe(202);
        const { body } = await get(`${url}${accepted.body.status_url}?wait=20`);
        expect(jobReplySchema.parse(body)).toMatchObject({ status: 'succeeded', response: { status: 201 } });
        expect(await enrol('a/b', await photo('person_a_2.jpg'))).toMatchObject({ status: 400 });
        expect(await post(faces('e5'), new FormData())).toMatchObject({
          status: 400,
          body: { code: 'missing_fields' },
        });
        const many = new Array<Buffer>(11).fill(await photo('person_a_2.jpg'));
        expect(await enrol('e5', ...many)).toMatchObject({ status: 400, body: { code: 'too_many_images' } });
      });

      it('loses nothing of 50 enrolments at once', async () => {
        const source = await photo('person_b_1.jpg');
        const variants = await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            sharp(source)
              .resize(400 + 2 * index)
              .jpeg()
              .toBuffer(),
          ),
        );
        const answers = await Promise.all(variants.map((variant) => enrol('busy', variant)));
        expect(answers.map(({ status }) => status)).toEqual(variants.map(() => 201));
        const names: string[] = answers.map(({ body }) => body.photos[0].face);
        expect(new Set(names).size).toBe(50);
        const stored = await namesOf('busy');
        expect(new Set(stored)).toEqual(new Set(names));
        expect(new Set(names)).toEqual(new Set(Array.from({ length: 50 }, (_, index) => `face_${index + 1}.jpg`)));
      });

      it('takes one photo once however often it comes at the same moment', async () => {
        const image = await sharp(await photo('person_b_2.jpg'))
          .resize(500)
          .jpeg()
          .toBuffer();
        const answers = await Promise.all(Array.from({ length: 10 }, () => enrol('same', image)));
        for (const { status } of answers) expect([200, 201]).toContain(status);
        expect(await namesOf('same')).toHaveLength(1);
      });
    });

    describe('the directory', () => {
      it('pages through employees by id and prefix', async () => {
        const ids = Array.from({ length: 25 }, (_, index) => `page ${String(index).padStart(2, '0')}`);
        await Promise.all(
          ids.map(async (id) => under().store.put(`${employeePrefix(id)}face_1.jpg`, await photo('person_a_1.jpg'))),
        );
        const seen: string[] = [];
        for (let next: string | null = ''; next !== null; ) {
          const cursor: string = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
          const { body }: Answer = await get(`${url}/v1/employees?limit=10&prefix=page${cursor}`);
          const page = employeesReplySchema.parse(body);
          seen.push(...page.employees.map(({ employee_id }) => employee_id));
          next = page.next_cursor;
        }
        expect(seen).toEqual(ids);
        expect(await get(`${url}/v1/employees?limit=0`)).toMatchObject({ status: 400 });
      });

      it('shows an employee, a photo, and erases one photo', async () => {
        const image = await photo('person_a_1.jpg');
        await enrol('shown', image);
        const { body } = await get(`${url}/v1/employees/shown`);
        expect(employeeReplySchema.parse(body).faces).toMatchObject([
          { face: 'face_1.jpg', bytes: image.length, embedded: true },
        ]);
        const response = await fetch(url + body.faces[0].photo_url);
        expect(response.headers.get('content-type')).toBe('image/jpeg');
        expect(Buffer.from(await response.arrayBuffer())).toEqual(image);
        const erased = await remove(`${faces('shown')}/face_1.jpg`);
        expect(erasureReplySchema.parse(erased.body).erased).toMatchObject({ photos: 1, embeddings: 1 });
        expect(await get(`${faces('shown')}/face_1.jpg`)).toMatchObject({
          status: 404,
          body: { code: 'face_not_found' },
        });
        expect(await get(`${faces('shown')}/..%2F..%2Fetc%2Fpasswd`)).toMatchObject({ status: 404 });
        expect(await get(`${url}/v1/employees/nobody`)).toMatchObject({
          status: 404,
          body: { code: 'employee_not_found' },
        });
      });
    });

    describe('erasure', () => {
      it('leaves nothing of the person in the store or in Redis', async () => {
        const id = 'Unmistakable Person';
        await enrol(id, await photo('person_b_1.jpg'), await photo('person_b_2.jpg'));
        await verify(id, await photo('person_b_2.jpg'));
        await post(`${url}/v1/identifications`, images(await photo('person_b_2.jpg')));
        const erased = await erase(id);
        expect(erased.status).toBe(200);
        expect(erasureReplySchema.parse(erased.body).erased).toMatchObject({ photos: 2, embeddings: 2 });
        expect(erased.body.erased.jobs).toBeGreaterThanOrEqual(3);
        expect(await under().store.list(employeePrefix(id))).toEqual([]);
        expect(await verify(id, await photo('person_b_2.jpg'))).toMatchObject({ code: 'employee_not_found' });
        await erase(id);
        expect(await everything(under().redis())).not.toContain('Unmistakable');
        expect(await erase('never seen')).toMatchObject({ status: 404 });
        const found = await post(`${url}/v1/identifications`, images(await photo('person_b_2.jpg')));
        expect(JSON.stringify(found.body)).not.toContain('Unmistakable');
      });

      it('can be mixed with enrolments and verifications, 50 at once', async () => {
        const [image, probe] = [await photo('person_a_1.jpg'), await photo('person_a_2.jpg')];
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, index) =>
            index % 3 === 0
              ? enrol('mixed', image)
              : index % 3 === 1
                ? post(`${url}/v1/verifications`, form('mixed', probe))
                : erase('mixed'),
          ),
        );
        // Each is what some order of the requests gives: nothing half there, nobody else's answer, no server error.
        for (const { status, body } of answers) {
          expect([200, 201, 404], JSON.stringify(body)).toContain(status);
          if (body.distance !== undefined) expect(body.verified).toBe(true);
        }
        await erase('mixed');
        expect(await under().store.list(employeePrefix('mixed'))).toEqual([]);
        expect(await post(`${url}/v1/verifications`, form('mixed', probe))).toMatchObject({ status: 404 });
      });
    });

    describe('comparison', () => {
      const compare = (...photos: readonly Uint8Array[]) => post(`${url}/v1/comparisons`, images(...photos));

      it('tells whether two photos show one person', async () => {
        const same = await compare(await photo('person_a_1.jpg'), await photo('person_a_2.jpg'));
        expect(comparisonReplySchema.parse(same.body)).toMatchObject({ verified: true, reason: null });
        const other = await compare(await photo('person_a_1.jpg'), await photo('person_b_1.jpg'));
        expect(other.body).toMatchObject({ verified: false, reason: 'not_matched' });
        const wall = await sharp({ create: { width: 99, height: 99, channels: 3, background: '#876' } })
          .png()
          .toBuffer();
        expect((await compare(await photo('person_a_1.jpg'), wall)).body).toMatchObject({
          reason: 'no_face',
          distance: null,
        });
        expect(await compare(await photo('person_a_1.jpg'))).toMatchObject({ status: 400 });
      });
    });

    describe('identification', () => {
      it('names the employees within the threshold, the nearest first', async () => {
        await enrol('known a', await photo('person_a_1.jpg'));
        const { status, body } = await post(`${url}/v1/identifications`, images(await photo('person_a_1.jpg')));
        expect(status).toBe(200);
        const { candidates } = identificationReplySchema.parse(body);
        expect(candidates.map(({ employee_id }) => employee_id)).toContain('known a');
        expect(candidates.map(({ distance }) => distance)).toEqual(
          candidates.map(({ distance }) => distance).sort((a, b) => a - b),
        );
        for (const { distance } of candidates) expect(distance).toBeLessThanOrEqual(0.593);
      });

      it('does not name an employee who was erased a moment ago', async () => {
        await enrol('gone soon', await photo('impostor_1.jpg'));
        const ask = async () =>
          (await post(`${url}/v1/identifications`, images(await photo('impostor_1.jpg')))).body.candidates;
        const ids = async () => (await ask()).map(({ employee_id }: { employee_id: string }) => employee_id);
        expect(await ids()).toContain('gone soon');
        await erase('gone soon');
        expect(await ids()).not.toContain('gone soon');
      });
    });

    afterAll(() => {
      under().redis().disconnect();
    });
  });
}

/** Every key and value of the whole Redis, as text. */
async function everything(redis: Redis): Promise<string> {
  const parts: string[] = [];
  for (const key of await redis.keys('*')) {
    parts.push(key);
    const type = await redis.type(key);
    if (type === 'string') parts.push((await redis.get(key)) ?? '');
    if (type === 'hash') parts.push(JSON.stringify(await redis.hgetall(key)));
    if (type === 'list') parts.push(...(await redis.lrange(key, 0, -1)));
    if (type === 'set') parts.push(...(await redis.smembers(key)));
    if (type === 'zset') parts.push(...(await redis.zrange(key, 0, -1)));
    if (type === 'stream') parts.push(JSON.stringify(await redis.xrange(key, '-', '+')));
  }
  return parts.join('\n');
}
