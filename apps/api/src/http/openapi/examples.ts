/** By operation and status: a body that a running Rollcall has answered with. */
export const EXAMPLES: Readonly<Record<string, Readonly<Record<number, unknown>>>> = {};
