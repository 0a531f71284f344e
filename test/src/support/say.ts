/** A line for whoever runs a program of this folder. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
