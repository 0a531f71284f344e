import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';

/** What may be said of the machine that was measured; nothing that tells whose it is. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly node: string;
}

export function describeMachine(): Machine {
  return {
    processor: processorOf(readFileSync('/proc/cpuinfo', 'latin1')) ?? cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
}

/** Name, family and model as x86 tells them: names alone are shared by processors that differ by a factor of two. */
export function processorOf(cpuinfo: string): string | undefined {
  const field = (name: string) => new RegExp(`^${name}\\s*: (.+)$`, 'm').exec(cpuinfo)?.[1]?.trim();
  const [name, family, model] = [field('model name'), field('cpu family'), field('model')];
  return name && family && model ? `${name} (family ${family}, model ${model})` : name;
}
