#!/usr/bin/env node
// Committed, unlike what it runs, because npm links a workspace's command only when its file is there at `npm ci`.
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('Rollcall is not built yet. Build it with: npm run build\n');
  process.exitCode = 78;
}
