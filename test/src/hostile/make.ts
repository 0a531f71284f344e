// Writes test/fixtures/hostile.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { committedFiles } from './committed.js';

const FOLDER = fileURLToPath(new URL('../../fixtures/hostile/', import.meta.url));

await rm(FOLDER, { recursive: true, force: true });
await mkdir(FOLDER, { recursive: true });
for (const [name, bytes] of await committedFiles()) await writeFile(FOLDER + name, bytes);
