import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Config } from '@rollcall/platform';
import { z } from 'zod';
import { type Check, type Finding, failed, ok } from './check.js';

const NAME = 'provider';
const SCRIPT = fileURLToPath(new URL('./provider-process.js', import.meta.url));

const reportSchema = z.union([z.object({ ms: z.number(), modelId: z.string() }), z.object({ error: z.string() })]);
/** What the process that tries the provider tells. */
export type ProviderReport = z.infer<typeof reportSchema>;

/** A GPU compiles its programs first. */
const PATIENCE_MS = { cpu: 30_000, webgpu: 180_000, cuda: 180_000 };

/**
 * Whether the networks really run where EXECUTION_PROVIDER says.
 * @param script tries it, in a process of its own
 */
export function checkProvider(
  { executionProvider, precision }: Pick<Config, 'executionProvider' | 'precision'>,
  script = SCRIPT,
): Check {
  const mend =
    executionProvider === 'cpu'
      ? 'Mend the models, and install again for this machine: npm ci'
      : 'Install what docs/gpu.md names, or use the processor: export EXECUTION_PROVIDER=cpu';
  const timeoutMs = PATIENCE_MS[executionProvider];
  return {
    name: NAME,
    mend,
    // The process below is ended first.
    timeoutMs: timeoutMs + 1_000,
    async run(): Promise<Finding[]> {
      const report = await tryIt(script, timeoutMs);
      if ('error' in report) return [failed(NAME, `${executionProvider}: ${report.error}`, mend)];
      const { ms, modelId } = report;
      return [ok(NAME, `${executionProvider}, ${precision}: ${modelId} embeds a face in ${ms.toFixed(1)} ms`)];
    },
  };
}

async function tryIt(script: string, timeoutMs: number): Promise<ProviderReport> {
  const child = fork(script, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  let report: ProviderReport | undefined;
  child.on('message', (message) => {
    report = reportSchema.safeParse(message).data;
  });
  const [code, signal] = await once(child, 'exit');
  clearTimeout(timer);
  return report ?? { error: signal === 'SIGKILL' ? 'it hangs' : `onnxruntime crashed (${signal ?? `status ${code}`})` };
}
