import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { photoPath } from './support/client.js';
import { python } from './support/python.js';
import { type System, startSystem, temporaryFolder } from './support/rollcall.js';
import { ROOT } from './support/sources.js';
import { createToken } from './support/tokens.js';

const PAGE = readFileSync(join(ROOT, 'docs/clients.md'), 'utf8');
const run = promisify(execFile);

/** The example that the page has in a language. */
function example(language: string): string {
  const blocks = [...PAGE.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, name]) => name === language);
  expect(blocks).toHaveLength(1);
  return blocks[0]?.[2] as string;
}

// Inside the repository, so that the client is found as by any program that has it among its dependencies.
const folder = mkdtempSync(join(ROOT, 'test/dist/examples-'));
const data = temporaryFolder();
let system: System;
let env: Record<string, string>;

beforeAll(async () => {
  const settings = { DATA_DIR: data.path, WORKER_PROCESSES: '1' };
  const token = await createToken(settings, 'example', 'verify,enroll');
  system = await startSystem('start', settings);
  // biome-ignore lint/style/noProcessEnv: the examples need the PATH and nothing else of ours
  env = { PATH: process.env.PATH ?? '', ROLLCALL_URL: system.url, ROLLCALL_TOKEN: token };
  copyFileSync(photoPath('person_a_1.jpg'), join(folder, 'enrolled.jpg'));
  copyFileSync(photoPath('person_a_2.jpg'), join(folder, 'probe.jpg'));
});
afterAll(async () => {
  await system.stop();
  data.remove();
  rmSync(folder, { recursive: true });
});

describe('the examples of docs/clients.md', () => {
  it('in curl', async () => {
    const { stdout } = await run('sh', ['-e', '-c', example('sh')], { cwd: folder, env });
    expect(stdout).toContain('"status":"added"');
    expect(stdout.match(/"verified":true/g)?.length).toBeGreaterThanOrEqual(2);
    expect(stdout).toContain('"status":"succeeded"');
  });

  it.skipIf(python.isMissing())('in Python', async () => {
    writeFileSync(join(folder, 'example.py'), example('python'));
    const { stdout } = await run(python.require(), ['example.py'], { cwd: folder, env });
    expect(stdout).toMatch(/^verified 0\.3\d+\n$/);
  });

  it('in TypeScript', async () => {
    writeFileSync(join(folder, 'example.ts'), example('ts'));
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    const flags = ['--target', 'es2023', '--module', 'nodenext', '--strict', '--skipLibCheck', '--types', 'node'];
    await run(tsc, [...flags, '--ignoreConfig', 'example.ts'], { cwd: folder, env });
    const { stdout } = await run(process.execPath, ['example.js'], { cwd: folder, env });
    expect(stdout).toMatch(/^verified 0\.3\d+\n$/);
  });
});
