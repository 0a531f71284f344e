import { randomUUID } from 'node:crypto';
import { type Dialect, ERRORS, type Job, type OutcomeOf } from '@rollcall/contracts';
import { expect, it } from 'vitest';
import { replyTo } from './replies.js';

function job(dialect: Dialect): Job {
  return {
    version: 1,
    kind: 'verify',
    id: randomUUID(),
    requestId: 'r',
    dialect,
    employeeId: '7',
    origin: { tokenId: null, gate: null },
    imageKeys: ['uploads/x'],
    submittedAt: 0,
    deadline: 1,
  };
}

function undecided(reason: OutcomeOf<'decided'>['reason']): OutcomeOf<'decided'> {
  return {
    kind: 'decided',
    reason,
    reference: null,
    references: [],
    quality: { measures: null, findings: [] },
    result: {
      verified: false,
      distance: null,
      threshold: 0.593,
      model: 'SFace',
      detector_backend: 'yunet',
      similarity_metric: 'cosine',
      facial_areas: { img1: null, img2: null },
      time: 0.01,
    },
  };
}

it.each(['original', 'v1'] as const)('makes a missing face an error only with ENFORCE_DETECTION (%s)', (dialect) => {
  const end = { kind: 'outcome', outcome: undecided('no_face') } as const;
  expect(replyTo(job(dialect), end, false).status).toBe(dialect === 'original' ? 400 : 200);
  expect(replyTo(job(dialect), end, true)).toMatchObject({
    status: 422,
    body: dialect === 'original' ? { error: ERRORS.no_face.message } : { code: 'no_face', request_id: 'r' },
  });
});

it.each([
  ['failed', 500, 'internal_error'],
  ['removed', 404, 'employee_erased'],
] as const)('tells a job that %s', (kind, status, code) => {
  expect(replyTo(job('original'), { kind }, false)).toEqual({
    status,
    body: { error: ERRORS[code].message },
    outcome: code,
  });
  expect(replyTo(job('v1'), { kind }, false)).toMatchObject({
    status,
    body: { code, retryable: ERRORS[code].retryable },
  });
});
