/**
 * Name of the BullMQ queue. The braces are a Redis Cluster hash tag: every key of the queue lands in one slot, which
 * BullMQ's Lua scripts require.
 */
export const QUEUE_NAME = '{rollcall}';

/** Channel on which workers and APIs tell each other whose references have changed; messages are employee ids. */
export const GALLERY_CHANGES_CHANNEL = '{rollcall}:gallery-changes';
