import type { Outcome, OutcomeOf, VerificationJob } from '@rollcall/contracts';
import { Registry } from 'prom-client';
import { beforeEach, expect, it } from 'vitest';
import { createJobMetrics, type JobMetrics } from './job-metrics.js';
import { observed } from './observed.js';

let registry: Registry;
let metrics: JobMetrics;
beforeEach(() => {
  registry = new Registry();
  metrics = createJobMetrics(registry);
});

const JOB: VerificationJob = {
  version: 2,
  id: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  requestId: 'request-of-somebody',
  dialect: 'v1',
  origin: { tokenId: 'token-of-a-gate', gate: 'north' },
  submittedAt: 0,
  deadline: 1,
  imageKeys: ['uploads/1'],
  kind: 'verify',
  employeeId: '4711',
};

function decided(distance: number | null, verified: boolean): OutcomeOf<'decided'> {
  return {
    kind: 'decided',
    reason: verified ? null : distance === null ? 'no_face' : 'not_matched',
    reference: 'face_1.jpg',
    references: [],
    quality: { measures: null, findings: [] },
    result: {
      verified,
      distance,
      threshold: 0.593,
      model: 'SFace',
      detector_backend: 'yunet',
      similarity_metric: 'cosine',
      facial_areas: { img1: null, img2: null },
      time: 0.03,
    },
  };
}

async function lines(): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter((line) => !line.startsWith('#') && line !== '');
}

it('sorts similarities by decision, and leaves out photos without a face', async () => {
  metrics.decided(JOB, decided(0.3, true), 0.1);
  metrics.decided(JOB, decided(0.35, true), 0.1);
  metrics.decided(JOB, decided(1.05, false), 0.1);
  metrics.decided(JOB, decided(null, false), 0.1);
  const told = await lines();
  expect(told).toContain('rollcall_similarity_bucket{le="0.6",decision="accepted"} 0');
  expect(told).toContain('rollcall_similarity_bucket{le="0.65",decision="accepted"} 1');
  expect(told).toContain('rollcall_similarity_bucket{le="0.7",decision="accepted"} 2');
  expect(told).toContain('rollcall_similarity_count{decision="rejected"} 1');
  expect(told).toContain('rollcall_similarity_bucket{le="-0.1",decision="rejected"} 0');
  expect(told).toContain('rollcall_similarity_bucket{le="0",decision="rejected"} 1');
  expect(told).toContain('rollcall_job_duration_seconds_count{kind="verify"} 4');
});

it('names how jobs end by words of a fixed set, and nobody', async () => {
  const outcomes: (Outcome | 'failed')[] = [
    decided(0.3, true),
    decided(null, false),
    { kind: 'refused', code: 'employee_not_found' },
    { kind: 'expired' },
    {
      kind: 'identified',
      reason: null,
      candidates: [{ employee_id: '4711', photo: 'face_1.jpg', distance: 0.2 }],
      threshold: 0.593,
      face: null,
      quality: { measures: null, findings: [] },
      time: 0.1,
    },
    'failed',
  ];
  for (const outcome of outcomes) {
    if (outcome !== 'failed') metrics.decided(JOB, outcome, 0.1);
    metrics.ended('verify', outcome);
  }
  metrics.begun({ queueSeconds: -0.002, isBackground: true });
  metrics.retried('verify');
  metrics.stalled();
  const told = await lines();
  const words = told.flatMap((line) => /^rollcall_jobs_total{kind="verify",outcome="(\w+)"} 1$/.exec(line)?.[1] ?? []);
  expect(words.sort()).toEqual(['employee_not_found', 'expired', 'failed', 'identified', 'no_face', 'verified']);
  // Two machines' clocks may differ by a little.
  expect(told).toContain('rollcall_job_queue_seconds_sum{line="background"} 0');
  expect(told).toContain('rollcall_job_retries_total{kind="verify"} 1');
  expect(told).toContain('rollcall_jobs_stalled_total 1');
  expect(told.join('\n')).not.toMatch(/4711|somebody|token|north|face_1|3f2504e0/);
});

it('counts a photo that was refused as a reference by every finding', async () => {
  const finding = (reason: 'BLURRED' | 'TOO_DARK') => ({ reason }) as never;
  metrics.decided(
    JOB,
    { kind: 'enrolled', photos: [{ status: 'refused', refusals: [finding('BLURRED'), finding('TOO_DARK')] } as never] },
    0.1,
  );
  const told = await lines();
  expect(told).toContain('rollcall_photos_refused_total{reason="BLURRED"} 1');
  expect(told).toContain('rollcall_photos_refused_total{reason="TOO_DARK"} 1');
});

it('takes the time of a stage also when it fails', async () => {
  const fetch = observed(metrics, 'fetch', async (key: string) => {
    if (key === 'gone') throw new Error('gone');
    return key;
  });
  expect(await fetch('there')).toBe('there');
  await expect(fetch('gone')).rejects.toThrow('gone');
  expect(await lines()).toContain('rollcall_job_stage_seconds_count{stage="fetch"} 2');
});
