import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { JOB_VERSION, type JobKind, jobEnvelopeSchema, jobSchema, versionOf } from './jobs.js';

const KINDS: Readonly<Record<JobKind, object>> = {
  verify: { employeeId: '7' },
  enrol: { employeeId: '7', force: false },
  compare: {},
  identify: { limit: 3 },
  assess: {},
};
const kinds = Object.keys(KINDS) as JobKind[];

const jobOf = (kind: JobKind, version = versionOf(kind)) => ({
  ...KINDS[kind],
  kind,
  version,
  id: '5f4c1a52-9a33-4b8a-8a6e-0e6a3c1f2b3d',
  requestId: 'r',
  dialect: 'v1',
  origin: { tokenId: null, gate: null },
  submittedAt: 1,
  deadline: 2,
  imageKeys: ['uploads/5f4c1a52-9a33-4b8a-8a6e-0e6a3c1f2b3d'],
});

describe('versions of jobs', () => {
  it.each(kinds)('%s is understood as it is written', (kind) => {
    expect(jobSchema.parse(jobOf(kind))).toMatchObject({ kind, ...KINDS[kind] });
    expect(versionOf(kind)).toBeLessThanOrEqual(JOB_VERSION);
  });

  it.each(kinds)('a newer %s is not taken for one of ours, and says so', (kind) => {
    const newer = jobOf(kind, JOB_VERSION + 1);
    expect(jobSchema.safeParse(newer).success).toBe(false);
    expect(jobEnvelopeSchema.parse(newer).version).toBeGreaterThan(JOB_VERSION);
  });

  it('a worker of version 2 does what it did, and leaves an assessment to a newer one', () => {
    // What such a worker looks at, as it was then.
    const olderSchema = z.object({
      version: z.number().int().min(1).max(2),
      kind: z.enum(['verify', 'enrol', 'compare', 'identify']),
      imageKeys: z.array(z.string()).min(1),
    });
    const understood = kinds.filter((kind) => olderSchema.safeParse(jobOf(kind)).success);
    expect(understood).toEqual(['verify', 'enrol', 'compare', 'identify']);
    expect(jobEnvelopeSchema.parse(jobOf('assess')).version).toBeGreaterThan(2);
  });
});
