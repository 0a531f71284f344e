// Everything that crosses a process boundary. zod is the only dependency allowed here.
export * from './employee-id.js';
export * from './errors.js';
export * from './keys.js';
export * from './queue.js';
export * from './reasons.js';
export * from './replies.js';
export * from './verification.js';
