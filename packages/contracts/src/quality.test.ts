import { describe, expect, it } from 'vitest';
import { DEFAULT_QUALITY_LIMITS, faceQualitySchema, qualityFindingSchema } from './quality.js';

describe('the default limits', () => {
  it('warn before they refuse', () => {
    const limits: Readonly<Record<string, number>> = { ...DEFAULT_QUALITY_LIMITS };
    for (const [name, limit] of Object.entries(limits)) {
      const warning = limits[name.replace(/^(min|max)/, 'warn')];
      if (warning === undefined || name.startsWith('warn')) continue;
      if (name.startsWith('min')) expect(warning, name).toBeGreaterThan(limit);
      else expect(warning, name).toBeLessThan(limit);
    }
  });
});

describe('qualityFindingSchema', () => {
  const finding = { reason: 'NO_FACE', measure: null, value: null, limit: null, advice: 'Look at the camera.' };

  it('takes findings with and without a measure', () => {
    expect(qualityFindingSchema.safeParse(finding).success).toBe(true);
    const measured = { ...finding, reason: 'EXTREME_POSE', measure: 'yaw', value: 51.2, limit: 45 };
    expect(qualityFindingSchema.parse(measured)).toEqual(measured);
  });

  it('knows its reasons', () => {
    expect(qualityFindingSchema.safeParse({ ...finding, reason: 'UGLY' }).success).toBe(false);
  });
});

describe('faceQualitySchema', () => {
  it('needs every measure', () => {
    expect(faceQualitySchema.safeParse({ face_size: 100 }).success).toBe(false);
  });
});
