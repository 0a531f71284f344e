import { spawnSync } from 'node:child_process';
import { neededProgram } from './programs.js';

const program = neededProgram(
  'promtool',
  'PROMTOOL_BINARY',
  'No promtool found: put it on the PATH or its path into PROMTOOL_BINARY (Debian: apt-get install prometheus).',
);

/** Whether tests have to be skipped for want of the program. */
export const isPromtoolMissing = program.isMissing;

/** Runs promtool to its end. @returns what it objects to; empty when it is content. */
export function promtool(operands: readonly string[], { input = '', cwd = '.' } = {}): string {
  const { status, stdout, stderr } = spawnSync(program.require(), operands, { input, cwd, encoding: 'utf8' });
  return status === 0 ? '' : `promtool ended with ${status}: ${stdout}${stderr}`;
}
