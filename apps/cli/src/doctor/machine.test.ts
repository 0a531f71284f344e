import { expect, it } from 'vitest';
import { clockFinding } from './clock.js';
import { type CpuFacts, cpuFinding, nodeFinding } from './machine.js';

const FACTS: CpuFacts = {
  cores: 8,
  quota: undefined,
  features: ['avx2', 'avx512f', 'avx512_vnni'],
  workerProcesses: 8,
  precision: 'fp32',
  isX64: true,
};

it.each<[string, Partial<CpuFacts>, string | RegExp]>([
  ['as it should be', {}, 'ok'],
  ['with more processes than cores', { workerProcesses: 9 }, /: export WORKER_PROCESSES=8$/],
  ['with more processes than its quota', { quota: 2.5 }, /: export WORKER_PROCESSES=2$/],
  ['with a quota below one core', { quota: 0.5 }, /: export WORKER_PROCESSES=1$/],
  ['without AVX2', { features: ['sse2'] }, /: lscpu$/],
  ['of which nothing is known', { features: [] }, 'ok'],
  ['with int8 and without VNNI', { precision: 'int8', features: ['avx2'] }, /: export PRECISION=fp32$/],
  ['with int8 and VNNI', { precision: 'int8' }, 'ok'],
  ['that is no x64', { isX64: false, features: ['asimd'] }, 'ok'],
])('a processor %s', (_name, changes, expected) => {
  const { status, mend } = cpuFinding({ ...FACTS, ...changes });
  if (typeof expected === 'string') expect([status, mend]).toEqual([expected, null]);
  else expect([status, mend]).toEqual(['warning', expect.stringMatching(expected)]);
});

it('Node.js has to be 20.19 or newer', () => {
  expect(['v18.20.0', 'v20.18.3'].map((version) => nodeFinding(version).status)).toEqual(['failed', 'failed']);
  expect(['v20.19.0', 'v22.0.0', 'v24.21.0'].map((version) => nodeFinding(version).status)).toEqual(['ok', 'ok', 'ok']);
});

it('a clock from before the installation is wrong, and one that nobody keeps is a risk', () => {
  const now = Date.parse('2026-01-31T08:00:00Z');
  const statusOf = (builtAt: number, isKept: boolean | undefined) => clockFinding({ now, builtAt, isKept }).status;
  expect(statusOf(now + 1, true)).toBe('failed');
  expect([true, false, undefined].map((isKept) => statusOf(now, isKept))).toEqual(['ok', 'warning', 'ok']);
});
