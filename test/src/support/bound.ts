/**
 * The command line that runs `command` so that it dies with this process, however this process dies: setpriv asks the
 * kernel for it. The process id is the command's own.
 */
export function bound(command: string, operands: readonly string[]): [string, string[]] {
  return ['setpriv', ['--pdeathsig', 'KILL', command, ...operands]];
}
