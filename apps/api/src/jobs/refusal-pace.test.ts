import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDeparture } from './departure.js';
import { createRefusalPace, type PaceRefusal } from './refusal-pace.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** Makes refusals and tells, at any time, how many of them have been told. */
function refuse(count: number, pace: PaceRefusal) {
  let told = 0;
  const clients = Array.from({ length: count }, () => createDeparture());
  for (const client of clients) void pace(client).then(() => told++);
  return { clients, told: () => told };
}

it('tells so many in a second at once and holds the others', async () => {
  const pace = createRefusalPace({ promptPerSecond: 10, holdMs: 500 });
  const first = refuse(25, pace);
  await vi.advanceTimersByTimeAsync(499);
  expect(first.told()).toBe(10);
  await vi.advanceTimersByTimeAsync(1);
  expect(first.told()).toBe(25);
  await vi.advanceTimersByTimeAsync(1000);
  const next = refuse(10, pace);
  await vi.advanceTimersByTimeAsync(0);
  expect(next.told()).toBe(10);
});

it('holds nobody who has left', async () => {
  const pace = createRefusalPace({ promptPerSecond: 0, holdMs: 60_000 });
  const { clients, told } = refuse(3, pace);
  clients[0]?.leave();
  await vi.advanceTimersByTimeAsync(0);
  expect(told()).toBe(1);
  expect(vi.getTimerCount()).toBe(2);
});
