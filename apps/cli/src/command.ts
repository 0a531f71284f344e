import { ConfigError, EXIT_CONFIGURATION } from '@rollcall/platform';
import { pageOf } from './help.js';

/** An option: what `parseArgs` of node:util needs to know of it, and what a person does. */
export interface Option {
  readonly type: 'boolean' | 'string';
  readonly default?: boolean | string;
  /** May be given several times. */
  readonly multiple?: true;
  /** What stands for its value in the help, such as FILE. */
  readonly value?: string;
  readonly help: string;
}

/** One way to use a command; most have a single one. */
export interface Task {
  /** Behind `rollcall`, such as `import SOURCE [options]`. */
  readonly usage: string;
  readonly help: string;
  readonly options: Readonly<Record<string, Option>>;
}

/** Runs with what follows the command's name and resolves with the exit status. */
export type Run = (operands: string[]) => Promise<number>;

/** What there is to know of a command without loading what it needs. */
export interface Command {
  readonly name: string;
  /** For the list of all commands. */
  readonly summary: string;
  readonly tasks: Readonly<Record<string, Task>>;
  /** Command lines with what they are for. */
  readonly examples: readonly (readonly [line: string, purpose: string])[];
  readonly exitStatuses: Readonly<Record<number, string>>;
  /** Called when the command runs: most need only a part of the house. */
  load(): Promise<Run>;
}

export const JSON_OPTION = {
  type: 'boolean',
  default: false,
  help: 'print one JSON document on standard output',
} as const satisfies Option;

/** For what takes long. */
export const JSON_WITH_PROGRESS = {
  ...JSON_OPTION,
  help: `${JSON_OPTION.help}, and progress on standard error`,
} as const satisfies Option;

/** What {@link EXIT_CONFIGURATION} means for every command. */
export const MISUSED = {
  [EXIT_CONFIGURATION]: 'used wrongly, or the configuration cannot work; standard error says why',
} as const;

/**
 * Has the command's task that `operands` begin with done.
 * @throws {ConfigError} with the command's help when there is no such task.
 */
export async function runTask(
  command: Command,
  tasks: Readonly<Record<string, (operands: string[]) => Promise<number>>>,
  [name = '', ...operands]: string[],
): Promise<number> {
  const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (!task) throw new ConfigError(pageOf(command).trimEnd());
  return await task(operands);
}

/** Prints a command's result for programs. */
export function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
