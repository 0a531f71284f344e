import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { neededProgram } from '../support/programs.js';
import { SECRET_VARIABLES, unknownVariables } from './environment.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const compose = neededProgram(
  'docker-compose',
  'DOCKER_COMPOSE_BINARY',
  'No docker-compose found: put it on the PATH, or its path into DOCKER_COMPOSE_BINARY.',
);

interface Service {
  readonly image?: string;
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly ports?: readonly unknown[];
  readonly networks?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly { readonly type: string; readonly target: string }[];
  readonly secrets?: readonly { readonly source: string }[];
  readonly user?: string;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
  readonly restart?: string;
  readonly healthcheck?: { readonly disable?: boolean };
  readonly deploy?: { readonly replicas?: number; readonly resources?: { readonly limits?: Record<string, unknown> } };
  readonly command?: readonly string[] | null;
}

interface Project {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly secrets?: Readonly<Record<string, { readonly file?: string }>>;
}

function projectOf(file: string): Project {
  const env = { PATH: '/usr/bin:/bin', HOME: ROOT, ROLLCALL_DOMAIN: 'gates.example.com', ROLLCALL_TLS: 'internal' };
  const operands = ['-f', file, '--profile', '*', 'config', '--format', 'json'];
  return JSON.parse(execFileSync(compose.require(), operands, { cwd: ROOT, env, encoding: 'utf8' }));
}

describe.skipIf(compose.isMissing())('the compose files', () => {
  it.each(['docker-compose.yml', 'deploy/compose.production.yml'])(
    '%s: names only variables that there are',
    (file) => {
      const services = Object.values(projectOf(file).services);
      const names = services.flatMap(({ environment }) => Object.keys(environment ?? {}));
      expect(names.length).toBeGreaterThan(20);
      expect(unknownVariables(names)).toEqual([]);
    },
  );
});

describe.skipIf(compose.isMissing())('deploy/compose.production.yml', () => {
  const project = compose.find() ? projectOf('deploy/compose.production.yml') : { services: {}, networks: {} };
  const services = Object.entries(project.services);
  const ours = services.filter(([, { image }]) => image?.startsWith('rollcall-'));

  it('has everything that a site needs', () => {
    expect(Object.keys(project.services).sort()).toEqual([
      ...['api', 'backup', 'command', 'proxy', 'redis', 's3', 'worker'],
    ]);
    expect(project.services.api?.deploy?.replicas).toBeGreaterThanOrEqual(2);
  });

  it.each(services)('%s: is confined', (_name, service) => {
    expect(service.image).toMatch(/:[\w.-]*\d[\w.-]*$/);
    expect(service.image).not.toMatch(/:latest$/);
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(service.privileged).toBeUndefined();
    expect(Number(service.user?.split(':')[0])).toBeGreaterThan(0);
    for (const limit of ['cpus', 'memory', 'pids']) expect(service.deploy?.resources?.limits?.[limit]).toBeTruthy();
    const sockets = (service.volumes ?? []).filter(({ target }) => target.includes('docker.sock'));
    expect(sockets).toEqual([]);
  });

  it.each(services)('%s: has a health check if it stays, and is started again', (_name, service) => {
    const isOneShot = service.restart === 'no';
    expect(service.healthcheck?.disable ?? false).toBe(isOneShot);
    expect(service.restart).toBe(isOneShot ? 'no' : 'unless-stopped');
    // Ours have theirs in the image.
    if (!isOneShot && !service.image?.startsWith('rollcall-')) expect(service.healthcheck).toBeDefined();
  });

  it.each(services)('%s: gets its secrets as files', (_name, { environment = {} }) => {
    const given = SECRET_VARIABLES.filter((name) => environment[name]);
    expect(given).toEqual([]);
    expect(Object.keys(environment).filter((name) => /PASSWORD$|ROOT_USER$|AUTH$/.test(name))).toEqual([]);
  });

  it.each(ours)('%s: encrypts, has an audit key, and more time to stop than it takes', (_name, service) => {
    expect(service.environment).toMatchObject({
      ENCRYPTION_KEYS_FILE: '/run/secrets/encryption_keys',
      ENCRYPTION_STRICT: 'true',
      AUDIT_KEY_FILE: '/run/secrets/audit_key',
      REDIS_URL_FILE: '/run/secrets/redis_url',
    });
    expect(service.secrets?.map(({ source }) => source).sort()).toEqual(Object.keys(project.secrets ?? {}).sort());
    expect(service.stop_grace_period).toBe('20s');
  });

  it('opens the proxy alone to the outside', () => {
    const open = services.filter(([, { ports }]) => (ports ?? []).length > 0).map(([name]) => name);
    expect(open).toEqual(['proxy']);
    const onOpenNetworks = services
      .filter(([, { networks }]) => Object.keys(networks ?? {}).some((name) => !project.networks[name]?.internal))
      .map(([name]) => name);
    expect(onOpenNetworks).toEqual(['proxy']);
    const reachable = (name: string) => Object.keys(project.services[name]?.networks ?? {}).sort();
    expect(reachable('proxy')).toEqual(['outside', 'proxy']);
    expect(reachable('api')).toEqual(['internal', 'proxy']);
    for (const name of ['worker', 'redis', 's3', 'backup', 'command']) expect(reachable(name)).toEqual(['internal']);
  });

  it('believes the proxy alone, by the address that it has', () => {
    const address = (project.services.proxy?.networks?.proxy as { ipv4_address?: string } | undefined)?.ipv4_address;
    expect(address).toMatch(/^172\./);
    expect(project.services.api?.environment?.TRUSTED_PROXIES).toBe(address);
  });

  it('gives workers as many processes as cores, and their metrics to the internal network', () => {
    const { environment, deploy } = project.services.worker ?? {};
    expect(Number(environment?.WORKER_PROCESSES)).toBe(Number(deploy?.resources?.limits?.cpus));
    expect(environment).toMatchObject({ METRICS_HOST: '0.0.0.0', METRICS_PORT: '9464' });
  });

  it('keeps jobs on the disk, evicts none, and bounds Redis', () => {
    const command = project.services.redis?.command?.join(' ') ?? '';
    expect(command).toMatch(/--appendonly yes --appendfsync everysec/);
    expect(command).toMatch(/--maxmemory \d+mb --maxmemory-policy noeviction/);
  });
});
