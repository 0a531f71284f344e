import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isLoopback } from '@rollcall/api/loopback';
import type { Config, TlsFiles } from '@rollcall/platform';
import { type Check, codeOf, type Finding, failed, messageOf, ok, warning } from './check.js';
import { modeOf, octal } from './places.js';

const NAME = 'tls';
const DAY_MS = 86_400_000;
const SOON_DAYS = 21;

/** Whether the certificate can be used, and for how long. */
export function checkTls({ tls, host, trustedProxies }: Pick<Config, 'tls' | 'host' | 'trustedProxies'>): Check {
  return {
    name: NAME,
    mend: 'See whether the disk of TLS_CERT and TLS_KEY answers: ls -l "$TLS_CERT" "$TLS_KEY"',
    async run() {
      if (tls) return [await certificateFinding(tls), ...(await keyFileFindings(tls.key))];
      if (await isLoopback(host)) return [ok(NAME, 'off; only this machine can connect')];
      if (trustedProxies.length > 0) return [ok(NAME, 'off; TRUSTED_PROXIES names who has it')];
      const mend = 'Give the API a certificate, or put a TLS proxy in front: export TLS_CERT=cert.pem TLS_KEY=key.pem';
      return [warning(NAME, 'off: tokens and photos cross the network in clear', mend)];
    },
  };
}

async function certificateFinding({ cert, key }: TlsFiles): Promise<Finding> {
  const renew = `Renew it (the API follows within a minute): openssl x509 -noout -dates -in ${cert}`;
  let certificate: X509Certificate;
  let isOwnKey: boolean;
  try {
    certificate = new X509Certificate(await readFile(cert));
    isOwnKey = certificate.checkPrivateKey(createPrivateKey(await readFile(key)));
  } catch (error) {
    const why = error instanceof Error && 'syscall' in error ? codeOf(error) : messageOf(error);
    const mend = `Name files in PEM that this user can read, the key without a passphrase: ls -l ${cert} ${key}`;
    return failed(NAME, `${cert} or ${key} cannot be used: ${why}`, mend);
  }
  if (!isOwnKey) {
    return failed(NAME, `${key} does not belong to ${cert}`, `Name the key it was made with: openssl x509 -in ${cert}`);
  }
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const until = new Date(to).toISOString();
  if (to < Date.now()) return failed(NAME, `${cert} has expired at ${until}`, renew);
  if (from > Date.now()) return failed(NAME, `${cert} is not valid before ${new Date(from).toISOString()}`, renew);
  const days = Math.floor((to - Date.now()) / DAY_MS);
  const seen = `${cert} is valid for ${days} days, until ${until}`;
  return days < SOON_DAYS ? warning(NAME, seen, renew) : ok(NAME, seen);
}

async function keyFileFindings(file: string): Promise<Finding[]> {
  const mode = await modeOf(file);
  if (mode === undefined || (mode & 0o007) === 0) return [];
  return [warning('tls-key', `everybody can read ${file} (mode ${octal(mode)})`, `Keep it: chmod 640 ${file}`)];
}
