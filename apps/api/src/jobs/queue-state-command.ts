import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** What is in the queue at one moment. */
export interface QueueState {
  /** Jobs that somebody waits for. */
  readonly waiting: number;
  /** Jobs that may wait. */
  readonly background: number;
  readonly active: number;
  readonly delayed: number;
  /** Since the oldest of those that wait was submitted; undefined when none waits. */
  readonly oldestWaitingSeconds: number | undefined;
}

/**
 * How many jobs at the head of each line are looked at. The oldest is the first, unless it has been put back or brought
 * forward, which happens to as many as workers have in hand.
 */
const LOOKED_AT = 32;

/**
 * In one step, so that the numbers belong together. Workers take from the tail of the list. Times of submission and the
 * script's own are Redis' clock. A job's data are an API's own words, but may be of a newer version, so nothing is taken for
 * granted.
 */
const STATE = `
local oldest
local function look(ids)
  for _, id in ipairs(ids) do
    local data = redis.call('HGET', ARGV[1] .. id, 'data')
    local ok, job = pcall(cjson.decode, data or '')
    local at = ok and type(job) == 'table' and tonumber(job.submittedAt)
    if at and (not oldest or at < oldest) then oldest = at end
  end
end
look(redis.call('LRANGE', KEYS[1], -${LOOKED_AT}, -1))
look(redis.call('ZRANGE', KEYS[2], 0, ${LOOKED_AT - 1}))
local age = -1
if oldest then
  local now = redis.call('TIME')
  age = math.max(0, now[1] * 1000 + math.floor(now[2] / 1000) - oldest)
end
return {
  redis.call('LLEN', KEYS[1]),
  redis.call('ZCARD', KEYS[2]),
  redis.call('LLEN', KEYS[3]),
  redis.call('ZCARD', KEYS[4]),
  age,
}`;

const COMMAND = 'rollcallQueueState';
const LINES = ['wait', 'prioritized', 'active', 'delayed'];

type Reply = [waiting: number, background: number, active: number, delayed: number, ageMs: number];
type WithCommand = Redis & Record<typeof COMMAND, (...keysAndPrefix: string[]) => Promise<Reply>>;

export function createQueueStateCommand(queue: Queue, redis: Redis): () => Promise<QueueState> {
  redis.defineCommand(COMMAND, { numberOfKeys: LINES.length, lua: STATE });
  const lines = LINES.map((name) => queue.toKey(name));
  return async () => {
    const [waiting, background, active, delayed, ageMs] = await (redis as WithCommand)[COMMAND](
      ...lines,
      queue.toKey(''),
    );
    return { waiting, background, active, delayed, oldestWaitingSeconds: ageMs < 0 ? undefined : ageMs / 1000 };
  };
}
