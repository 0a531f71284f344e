import { parseArgs } from 'node:util';
import { type Config, ConfigError, loadConfig } from '@rollcall/platform';
import { printJson } from './command.js';
import { DOCTOR_OPTIONS } from './commands/doctor.js';
import { checkAccess } from './doctor/access.js';
import { checkAuditLog } from './doctor/audit-log.js';
import { type Check, type Finding, failed, messageOf, ok, runChecks } from './doctor/check.js';
import { checkClock } from './doctor/clock.js';
import { checkEncryption } from './doctor/encryption.js';
import { machineChecks, nodeFinding } from './doctor/machine.js';
import { checkModels } from './doctor/models.js';
import { checkPort } from './doctor/port.js';
import { checkProvider } from './doctor/provider.js';
import { checkRedis } from './doctor/redis.js';
import { tableOf, verdictOf } from './doctor/report.js';
import { checkS3Clock } from './doctor/s3-clock.js';
import { checkStore } from './doctor/store.js';
import { checkTls } from './doctor/tls.js';

/** Time for a hung file system or server, which nobody can call off, to let go of this process. */
const LEAVE_MS = 500;

/**
 * Looks at everything that Rollcall needs and says how to mend what is wrong. It changes nothing.
 * @returns the process's exit status: 1 when a check failed.
 */
export async function doctor(operands: string[]): Promise<number> {
  const { json } = parseArgs({ args: operands, options: DOCTOR_OPTIONS }).values;
  const checks = await findings();
  const verdict = verdictOf(checks);
  if (json) printJson({ status: verdict, checks });
  else process.stdout.write(tableOf(checks, process.stdout.isTTY && process.stdout.hasColors()));
  setTimeout(() => process.exit(), LEAVE_MS).unref();
  return verdict === 'failed' ? 1 : 0;
}

async function findings(): Promise<Finding[]> {
  try {
    return [ok('configuration', 'every variable can be used'), ...(await runChecks(checksOf(loadConfig())))];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const mend = 'Correct the variable, see README.md, and look at the rest: npx rollcall doctor';
    return [failed('configuration', messageOf(error), mend), nodeFinding(process.version)];
  }
}

function checksOf(config: Config): Check[] {
  return [
    ...machineChecks(config),
    checkClock,
    checkRedis(config),
    checkStore(config),
    ...(config.s3 ? [checkS3Clock(config.s3)] : []),
    checkEncryption(config),
    checkModels(config),
    checkProvider(config),
    checkAuditLog(config),
    checkAccess(config),
    checkTls(config),
    checkPort(config),
  ];
}
