import { type AuditEntry, type AuditLog, type Config, createAuditLog } from '@rollcall/platform';

/** Runs a command that notes in the audit log what it does. */
export async function audited<T>(
  { audit: settings }: Pick<Config, 'audit'>,
  command: (record: (entry: AuditEntry) => Promise<void>) => Promise<T>,
): Promise<T> {
  const audit: AuditLog = createAuditLog({
    ...settings,
    onError: (error) => {
      process.stderr.write(`The audit log cannot be written: ${error instanceof Error ? error.message : error}\n`);
    },
  });
  try {
    return await command(audit.record);
  } finally {
    await audit.close();
  }
}
