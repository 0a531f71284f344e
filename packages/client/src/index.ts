// A client of Rollcall's HTTP API, for Node and browsers. Imports nothing of Rollcall: types come from the API's description.
export type * from './api.js';
export { createClient } from './client.js';
export { type Problem, type ProblemCode, RollcallError, RollcallUnavailableError } from './errors.js';
export type { components, paths } from './schema.js';
