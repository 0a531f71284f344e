import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** What the queue has of a job. */
export interface FoundJob {
  readonly state: 'completed' | 'failed' | 'prioritized' | 'active' | 'waiting' | 'delayed' | 'unknown';
  /** Parsed; undefined when it is no JSON. */
  readonly data: unknown;
  /** Parsed; undefined until the job has ended. */
  readonly returnvalue: unknown;
  /** How many are before it, unless they are too many to be counted; while it is `waiting` or `prioritized`. */
  readonly position: number | undefined;
}

/** How far from the head of the line a job is looked for: Redis walks a list step by step. */
const MAX_POSITION = 1_000;

/**
 * State, data and position in one step, so that they belong together. BullMQ's own question for the state alone reads the
 * whole line into the script; this one walks it once, and only for a job that is in none of the sets. Workers take from the
 * tail of the list.
 */
const FIND = `
local job = redis.call('HMGET', KEYS[1], 'data', 'returnvalue')
if not job[1] then return nil end
local function found(state, position) return { state, job[1], job[2] or '', position or -1 } end
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then return found('completed') end
if redis.call('ZSCORE', KEYS[3], ARGV[1]) then return found('failed') end
local rank = redis.call('ZRANK', KEYS[4], ARGV[1])
if rank then return found('prioritized', rank) end
if redis.call('LPOS', KEYS[5], ARGV[1]) then return found('active') end
local index = redis.call('LPOS', KEYS[6], ARGV[1], 'RANK', -1, 'MAXLEN', ${MAX_POSITION})
if index then return found('waiting', redis.call('LLEN', KEYS[6]) - 1 - index) end
if redis.call('LPOS', KEYS[6], ARGV[1]) then return found('waiting') end
if redis.call('ZSCORE', KEYS[7], ARGV[1]) then return found('delayed') end
return found('unknown')`;

const COMMAND = 'rollcallFindJob';
const SETS = ['completed', 'failed', 'prioritized', 'active', 'wait', 'delayed'];

type Reply = [state: FoundJob['state'], data: string, returnvalue: string, position: number] | null;
type WithCommand = Redis & Record<typeof COMMAND, (...keysAndId: string[]) => Promise<Reply>>;

/** @returns a look-up by id; undefined when the queue has no such job. */
export function createFindCommand(queue: Queue, redis: Redis): (id: string) => Promise<FoundJob | undefined> {
  redis.defineCommand(COMMAND, { numberOfKeys: 1 + SETS.length, lua: FIND });
  const sets = SETS.map((name) => queue.toKey(name));
  return async (id) => {
    const reply = await (redis as WithCommand)[COMMAND](queue.toKey(id), ...sets, id);
    if (!reply) return undefined;
    const [state, data, returnvalue, position] = reply;
    return { state, data: parse(data), returnvalue: parse(returnvalue), position: position < 0 ? undefined : position };
  };
}

function parse(json: string): unknown {
  try {
    return json === '' ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
