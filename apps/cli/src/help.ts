import type { Command, Option, Task } from './command.js';

/** Room for the longest option with its value. */
const OPTION_WIDTH = 20;
const LINE_WIDTH = 80;

/** What `rollcall --help` prints: every command in a line. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: rollcall <command> [operands] [options]

${lines.join('\n')}

rollcall <command> --help tells more about one. Everything is configured by
environment variables; README.md lists them.
`;
}

/** What `rollcall <command> --help` prints; docs/cli.md has the same. */
export function pageOf({ tasks, examples, exitStatuses }: Command): string {
  const all = Object.values(tasks);
  const usage = all.map((task, index) => `${index === 0 ? 'Usage:' : '      '} rollcall ${task.usage}`);
  const statuses = Object.entries(exitStatuses).map(([status, meaning]) => entry(status, meaning, 4));
  return `${[
    usage.join('\n'),
    ...all.map((task, index) => describe(task, all.length > 1 ? Object.keys(tasks)[index] : undefined)),
    ['Examples:', ...examples.map(([line, purpose]) => `  ${line}\n${wrapped(purpose, 6)}`)].join('\n'),
    ['Exit status:', ...statuses].join('\n'),
  ].join('\n\n')}\n`;
}

function describe({ help, options }: Task, name: string | undefined): string {
  const isLong = name !== undefined;
  const lines = Object.entries(options).map(([option, spec]) => entry(labelOf(option, spec), spec.help, OPTION_WIDTH));
  const text = wrapped(isLong ? `${name}: ${help}` : help, 0);
  return lines.length === 0 ? text : `${text}\n\n${lines.join('\n')}`;
}

function labelOf(name: string, { value }: Option): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

/** The label, and beside it, or below where it is long, what it means. */
function entry(label: string, text: string, width: number): string {
  const body = wrapped(text, width + 2);
  return label.length < width ? `  ${label.padEnd(width)}${body.slice(width + 2)}` : `  ${label}\n${body}`;
}

function wrapped(text: string, indent: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && indent + line.length + 1 + word.length > LINE_WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.map((line) => ' '.repeat(indent) + line).join('\n');
}
