import { ERRORS, type ErrorCode, reasonSchema, type VerificationReply } from '@rollcall/contracts';
import { describe, expect, it } from 'vitest';
import type { Answer, Refusal } from '../shared/api.js';
import { automaticRetry, refusalVerdict, troubleOf, verdictOf } from './verdict.js';

const reply: VerificationReply = {
  job_id: '7b9d3b5e-6a0e-4c3f-9d6e-1c2d3e4f5a6b',
  employee_id: '1001',
  verified: true,
  reason: null,
  distance: 0.2,
  threshold: 0.593,
  model: 'SFace',
  similarity_metric: 'cosine',
  probe: null,
  quality: { measures: null, findings: [] },
  reference: null,
  references: [],
  time: 0.02,
};
const refused = (code: ErrorCode, more: Partial<Refusal> = {}, retryAfterSeconds: number | null = null) => {
  const { status, message: detail, retryable } = ERRORS[code];
  return { kind: 'refused', refusal: { code, status, detail, retryable, ...more }, retryAfterSeconds } as const;
};

describe('a verdict', () => {
  it('says yes only to what was verified', () => {
    expect(verdictOf(reply)).toMatchObject({ tone: 'yes', employeeId: '1001' });
    for (const reason of reasonSchema.options) {
      expect(verdictOf({ ...reply, verified: false, reason }).tone).not.toBe('yes');
    }
  });

  it('says no to another face, and how to mend what is no matter of who it is', () => {
    expect(verdictOf({ ...reply, verified: false, reason: 'not_matched' }).tone).toBe('no');
    expect(verdictOf({ ...reply, verified: false, reason: 'no_face' }).tone).toBe('attention');
  });

  it('advises what the photo lacks', () => {
    const findings = [{ reason: 'LOW_BRIGHTNESS', measure: 'brightness', value: 9, limit: 15, advice: '' }] as const;
    const dark = {
      ...reply,
      verified: false,
      reason: 'not_matched',
      quality: { measures: null, findings: [...findings] },
    };
    expect(verdictOf(dark as VerificationReply).detail).toBe('advice.dark');
  });

  it('names who was found, and nobody when nobody was', () => {
    const { verified: _, employee_id: __, references: ___, reference: ____, ...shared } = reply;
    const candidates = [{ employee_id: '7', photo: 'face_1.jpg', distance: 0.3 }];
    expect(verdictOf({ ...shared, candidates })).toMatchObject({ tone: 'yes', employeeId: '7' });
    expect(verdictOf({ ...shared, reason: 'not_matched', candidates: [] })).toMatchObject({
      tone: 'no',
      employeeId: null,
    });
  });

  it('is given for refusals that concern the person', () => {
    expect(refusalVerdict(refused('employee_not_found'), '7')).toMatchObject({ tone: 'no', employeeId: '7' });
    expect(refusalVerdict(refused('verification_locked', {}, 601), '7')?.values).toEqual({ minutes: 11 });
  });
});

describe('a trouble', () => {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  it.each(codes)('or a verdict, never a yes, is told for %s', (code) => {
    const answer = refused(code);
    const verdict = refusalVerdict(answer, '7');
    if (verdict) expect(verdict.tone).not.toBe('yes');
    else expect(troubleOf(answer).title).toMatch(/^trouble\./);
  });

  it('asks for another token where that is what is missing', () => {
    expect(troubleOf(refused('unauthorized')).needs).toBe('token');
    expect(troubleOf(refused('insufficient_scope')).needs).toBe('token');
    expect(troubleOf(refused('overloaded')).needs).toBeNull();
  });

  it('needs a new key when the job under the old one has ended', () => {
    expect(troubleOf(refused('overloaded')).needsNewKey).toBe(false);
    expect(troubleOf(refused('expired', { job_id: reply.job_id })).needsNewKey).toBe(true);
    expect(troubleOf({ kind: 'unreachable', cause: 'timeout' }).needsNewKey).toBe(false);
  });

  it('is not retried when that cannot help', () => {
    expect(troubleOf(refused('upload_too_large')).canRetry).toBe(false);
    expect(automaticRetry(troubleOf(refused('upload_too_large', {}, 3)), 0)).toBeNull();
  });

  it('is retried by itself when the service says when, three times at most, and not after long waits', () => {
    const busy = troubleOf(refused('overloaded', {}, 4));
    expect([0, 1, 2, 3].map((repeats) => automaticRetry(busy, repeats))).toEqual([4, 4, 4, null]);
    expect(automaticRetry(troubleOf(refused('overloaded', {}, 120)), 0)).toBeNull();
    expect(automaticRetry(troubleOf({ kind: 'unreachable', cause: 'network' }), 0)).toBeNull();
  });

  it('tells the three ways of not being reached apart', () => {
    const titles = (['offline', 'network', 'timeout'] as const).map(
      (cause) => troubleOf({ kind: 'unreachable', cause } satisfies Answer<never>).title,
    );
    expect(new Set(titles).size).toBe(3);
  });
});
