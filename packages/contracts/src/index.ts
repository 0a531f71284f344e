// Everything that crosses a process boundary. zod is the only dependency allowed here.
export * from './access.js';
export * from './callbacks.js';
export * from './employee-id.js';
export * from './errors.js';
export * from './faces.js';
export * from './jobs.js';
export * from './keys.js';
export * from './outcomes.js';
export * from './quality.js';
export * from './queue.js';
export * from './reasons.js';
export * from './replies.js';
export * from './upload-envelope.js';
