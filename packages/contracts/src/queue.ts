/**
 * Name of the BullMQ queue. The braces are a Redis Cluster hash tag: every key of the queue lands in one slot, which
 * BullMQ's Lua scripts require.
 */
export const QUEUE_NAME = '{rollcall}';

/** BullMQ job name of a 1:1 verification. */
export const VERIFY_JOB = 'verify';
