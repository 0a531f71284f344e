import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type RedisServer, startRedis } from '../../../test/src/support/redis.js';
import { createSharedClock } from './clock.js';
import { connectForRequests } from './redis.js';

const TOLERANCE_MS = 2_000;
let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
afterEach(() => vi.restoreAllMocks());

it.each([-30_000, 30_000])('tells Redis’ time on a machine whose clock is %i ms off', async (offMs) => {
  const actual = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => actual() + offMs);
  const redis = connectForRequests(server.url);
  const clock = createSharedClock(redis);
  await vi.waitFor(() => expect(Math.abs(clock.now() - actual())).toBeLessThan(TOLERANCE_MS), { timeout: 20_000 });
  clock.stop();
  redis.disconnect();
});

it('is this machine’s clock until Redis has answered', () => {
  const redis = connectForRequests('redis://127.0.0.1:1', { reconnect: false });
  redis.on('error', () => undefined);
  const clock = createSharedClock(redis);
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(TOLERANCE_MS);
  clock.stop();
  redis.disconnect();
});
