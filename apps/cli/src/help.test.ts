import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from './commands/index.js';
import { overview, pageOf } from './help.js';
import { nearest } from './nearest.js';

const DOCUMENT = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
const sections = new Map(
  DOCUMENT.split(/^## `rollcall /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('`')), section]),
);

describe.each(COMMANDS.map((command) => [command.name, command] as const))('rollcall %s', (name, command) => {
  const page = pageOf(command);

  it('has a page with usage, examples and exit statuses, as wide as a terminal', () => {
    expect(page).toMatch(new RegExp(`^Usage: rollcall ${name}`));
    expect(command.examples.length).toBeGreaterThan(0);
    expect(command.exitStatuses).toMatchObject({ 0: expect.any(String), 78: expect.any(String) });
    expect(page.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('tells of every option in its page', () => {
    for (const { options } of Object.values(command.tasks)) {
      for (const option of Object.keys(options)) expect(page).toContain(`  --${option}`);
    }
  });

  it('is in docs/cli.md with this very page', () => {
    expect(sections.get(name)).toContain(`\`\`\`text\n${page}\`\`\``);
  });

  it('can be loaded', async () => {
    expect(await command.load()).toBeTypeOf('function');
  });
});

it('docs/cli.md tells of no other commands, and of all in the order of the help', () => {
  expect([...sections.keys()]).toEqual(COMMANDS.map(({ name }) => name));
  expect(overview(COMMANDS).match(/^ {2}\S+/gm)).toEqual(COMMANDS.map(({ name }) => `  ${name}`));
});

describe('nearest', () => {
  const words = ['start', 'import', 'rotate-keys', 'audit'];
  it.each([
    ['strat', 'start'],
    ['imp', 'import'],
    ['rotatekeys', 'rotate-keys'],
    ['Audit', 'audit'],
    ['frobnicate', undefined],
    ['', undefined],
  ])('%s means %s', (typed, meant) => {
    expect(nearest(typed, words)).toBe(meant);
  });
});
