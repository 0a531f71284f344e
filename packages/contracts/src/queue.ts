/**
 * Name of the BullMQ queue. The braces are a Redis Cluster hash tag: every key of the queue lands in one slot, which
 * BullMQ's Lua scripts require.
 */
export const QUEUE_NAME = '{rollcall}';

/** Channel on which workers and APIs tell each other whose references have changed; messages are employee ids. */
export const GALLERY_CHANGES_CHANNEL = '{rollcall}:gallery-changes';

/** Channel on which an API tells the others who was erased; messages are employee ids. */
export const ERASURES_CHANNEL = '{rollcall}:erasures';

/** Counts the jobs that have ended, for measuring how fast they do. */
export const ENDED_COUNTER = '{rollcall}:ended';

/** BullMQ priority of what may wait: requests that nobody waits for, and enrolments. The others have none and go first. */
export const BACKGROUND_PRIORITY = 10;

/** Of the jobs that a worker takes while both kinds wait, every so many-th is one that may wait. */
export const BACKGROUND_SHARE = 4;
