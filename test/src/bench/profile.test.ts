import type { Profiler } from 'node:inspector';
import { expect, it } from 'vitest';
import { stageShares } from './profile.js';
import { stageCpu, totalOf } from './stage-cpu.js';
import { STAGES } from './stage-rules.js';

type Call = readonly [functionName: string, url: string, calls?: readonly Call[]];

const FACE_CORE = 'file:///somewhere/packages/face-core/dist';

/** A profile of a call tree; samples are [function name, microseconds] of its innermost frame. */
function profileOf(calls: readonly Call[], samples: readonly (readonly [string, number])[]): Profiler.Profile {
  const nodes: Profiler.ProfileNode[] = [];
  function add([functionName, url, children = []]: Call): number {
    const id = nodes.length + 1;
    const node: Profiler.ProfileNode = {
      id,
      callFrame: { functionName, url, scriptId: '0', lineNumber: 0, columnNumber: 0 },
    };
    nodes.push(node);
    node.children = children.map(add);
    return id;
  }
  add(['(root)', '', calls]);
  const idOf = (name: string) => nodes.find(({ callFrame }) => callFrame.functionName === name)?.id ?? 0;
  // The first difference is from the start of the profile, each next one from the sample before.
  const timeDeltas = [0, ...samples.map(([, microseconds]) => microseconds)];
  const ids = [...samples.map(([name]) => idOf(name)), idOf('(idle)')];
  return { nodes, samples: ids, timeDeltas, startTime: 0, endTime: 0 };
}

const CALLS: readonly Call[] = [
  ['(idle)', ''],
  ['(garbage collector)', ''],
  ['(program)', ''],
  ['look', `${FACE_CORE}/detect.js`, [['samplePlanes', `${FACE_CORE}/image.js`]]],
  ['locate', `${FACE_CORE}/analyse.js`, [['sampleAffine', `${FACE_CORE}/image.js`]]],
  [
    'processImmediate',
    'node:internal/timers',
    [['runRecogniser', 'file:///x/test/dist/bench/profile-hook.js', [['native', '']]]],
  ],
  [
    'onData',
    'file:///x/node_modules/ioredis/built/DataHandler.js',
    [['parse', 'file:///x/node_modules/redis-parser/lib/parser.js']],
  ],
  ['onread', 'node:internal/stream_base_commons'],
];

it('gives a sample to the innermost frame that names a stage', () => {
  const shares = stageShares(
    profileOf(CALLS, [
      ['samplePlanes', 3000],
      ['sampleAffine', 1000],
      ['native', 4000],
      ['parse', 1000],
      ['(garbage collector)', 500],
      ['(program)', 500],
    ]),
    'worker',
  );
  expect(shares.detect).toBeCloseTo(0.3);
  expect(shares.align).toBeCloseTo(0.1);
  expect(shares.embed).toBeCloseTo(0.4);
  expect(shares.queue).toBeCloseTo(0.1);
  expect(shares['garbage collection']).toBeCloseTo(0.05);
  expect(shares.other).toBeCloseTo(0.05);
});

it('leaves out idle time, so that shares add up to 1', () => {
  const shares = stageShares(
    profileOf(CALLS, [
      ['(idle)', 90_000],
      ['native', 1000],
      ['(idle)', 9_000],
    ]),
    'worker',
  );
  expect(shares.embed).toBe(1);
  expect(STAGES.reduce((sum, stage) => sum + shares[stage], 0)).toBe(1);
});

it("reads Node's own frames as HTTP in the API, and as Redis in a worker", () => {
  const profile = profileOf(CALLS, [['onread', 1000]]);
  expect(stageShares(profile, 'api').receive).toBe(1);
  expect(stageShares(profile, 'worker').queue).toBe(1);
});

it('reads an answer of S3 as storing in the API, and as fetching in a worker', () => {
  const calls: readonly Call[] = [
    ['(idle)', ''],
    ['parserOnIncomingClient', 'node:_http_client', [['parserOnHeadersComplete', 'node:_http_common']]],
  ];
  const profile = profileOf(calls, [['parserOnHeadersComplete', 1000]]);
  expect(stageShares(profile, 'api').store).toBe(1);
  expect(stageShares(profile, 'worker').fetch).toBe(1);
});

it('adds up to what the kernel counted, whichever thread it was', () => {
  const profile = profileOf(CALLS, [
    ['native', 3000],
    ['samplePlanes', 1000],
  ]);
  const process = { pid: 1, script: '', cpuMs: { main: 40, v8: 4, vips: 6, pool: 10 }, profile };
  const stages = stageCpu({ role: 'worker', processes: [process, process], verifications: 4, decodePoolMs: 2 });
  expect(totalOf(stages)).toBeCloseTo((2 * 60) / 4);
  expect(stages.embed).toBeCloseTo(15);
  expect(stages.detect).toBeCloseTo(5);
  expect(stages['garbage collection']).toBeCloseTo(2);
  expect(stages.decode).toBeCloseTo(3 + 2);
  expect(stages.fetch).toBeCloseTo(5 - 2);
});

it('counts no file access that is not there when decoding was cheaper than expected', () => {
  const profile = profileOf(CALLS, [['native', 1000]]);
  const process = { pid: 1, script: '', cpuMs: { main: 1, v8: 0, vips: 0, pool: 1 }, profile };
  const stages = stageCpu({ role: 'worker', processes: [process], verifications: 1, decodePoolMs: 5 });
  expect(stages.decode).toBe(1);
  expect(stages.fetch).toBe(0);
});
