import { writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of the test's own. */
export interface Authority {
  /** Its certificate, for NODE_EXTRA_CA_CERTS. */
  readonly file: string;
  readonly pem: string;
  /** A certificate for these host names and addresses. */
  issue(...hosts: string[]): Promise<CertificateFiles>;
  /** One that is not valid any more. */
  issueExpired(...hosts: string[]): Promise<CertificateFiles>;
}

const ALGORITHM = { keyType: 'ec', algorithm: 'sha256' } as const;

/** Makes an authority whose files are in `folder`. */
export async function createAuthority(folder: string, name: string): Promise<Authority> {
  const authority = await generate([{ name: 'commonName', value: name }], {
    ...ALGORITHM,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const file = join(folder, `${name}.pem`);
  writeFileSync(file, authority.cert);
  let issued = 0;

  async function issue(hosts: readonly string[], validity = {}): Promise<CertificateFiles> {
    const made = await generate([{ name: 'commonName', value: hosts[0] ?? '' }], {
      ...ALGORITHM,
      ...validity,
      ca: { key: authority.private, cert: authority.cert },
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: hosts.map((host) => (isIP(host) ? { type: 7, ip: host } : { type: 2, value: host })),
        },
      ],
    });
    const path = join(folder, `${name}-${++issued}`);
    const files = { cert: `${path}.crt`, key: `${path}.key` };
    writeFileSync(files.cert, made.cert);
    writeFileSync(files.key, made.private, { mode: 0o600 });
    return files;
  }

  return {
    file,
    pem: authority.cert,
    issue: (...hosts) => issue(hosts),
    issueExpired: (...hosts) =>
      issue(hosts, { notBeforeDate: new Date('2020-01-01'), notAfterDate: new Date('2020-02-01') }),
  };
}
