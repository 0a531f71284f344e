import { expect, it } from 'vitest';
import { type Job, jobSchema, versionOf } from './jobs.js';
import { openUpload, sealUpload } from './upload-envelope.js';

const job: Job = {
  kind: 'verify',
  version: versionOf('verify'),
  id: '5f4c1a52-9a33-4b8a-8a6e-0e6a3c1f2b3d',
  requestId: 'r',
  dialect: 'v1',
  origin: { tokenId: null, gate: null },
  submittedAt: 1,
  deadline: 2,
  imageKeys: ['uploads/5f4c1a52-9a33-4b8a-8a6e-0e6a3c1f2b3d'],
  employeeId: 'Zoë',
};
const photo = Uint8Array.from({ length: 300 }, (_, index) => index);

it('gives back the photo and its job, also from the middle of a buffer', () => {
  const sealed = sealUpload(photo, job);
  const shifted = new Uint8Array(sealed.length + 10);
  shifted.set(sealed, 5);
  for (const bytes of [sealed, shifted.subarray(5, 5 + sealed.length)]) {
    const opened = openUpload(bytes);
    expect(opened.photo).toEqual(photo);
    expect(opened.job).toEqual(job);
  }
});

it('takes an object without a job for a photo', () => {
  for (const bytes of [photo, new Uint8Array(), new Uint8Array(7), new TextEncoder().encode('RCJ1')]) {
    expect(openUpload(bytes)).toEqual({ photo: bytes, job: undefined });
  }
});

it('survives a broken trailer, and never gives a job of another shape', () => {
  const sealed = sealUpload(photo, job);
  for (let at = photo.length; at < sealed.length; at++) {
    const broken = sealed.slice();
    broken[at] = (broken[at] as number) ^ 0xff;
    const opened = openUpload(broken).job;
    if (opened) expect(jobSchema.parse(opened)).toEqual(opened);
  }
});
