import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SECRET_VARIABLES, unknownVariables } from './environment.js';
import { kustomize, render, type Workload, workloadsOf } from './manifests.js';
import { scaledObjectSchema } from './scaled-object.js';

const GUIDE = readFileSync(new URL('../../../docs/deploy.md', import.meta.url), 'utf8');
/** The files of each Secret that the guide says how to make. */
const documented: Readonly<Record<string, string[]>> = Object.fromEntries(
  [...GUIDE.matchAll(/create secret generic ([\w-]+)((?: \\\n| +--from-file=\S+)+)/g)].map(
    ([, name = '', files = '']) => [
      name,
      [...files.matchAll(/--from-file=(?:([\w.-]+)=|\S*?([\w.-]+)(?=\s|$))/g)].map(
        ([, key, file]) => key ?? file ?? '',
      ),
    ],
  ),
);
const ONE_SHOT = ['backup'];

describe.skipIf(kustomize.isMissing()).each(['cpu', 'gpu'])('deploy/kubernetes/overlays/%s', (overlay) => {
  const manifests = kustomize.find() ? render(overlay) : [];
  const ofKind = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
  const workloads = workloadsOf(manifests);
  const byName = (name: string): Workload => workloads.find((workload) => workload.name === name) as Workload;
  const settings = ofKind('ConfigMap')[0]?.data as Record<string, string>;

  it('has everything, in one namespace that refuses unconfined pods', () => {
    expect(workloads.map(({ name }) => name).sort()).toEqual(['api', 'backup', 'worker']);
    const [namespace] = ofKind('Namespace');
    expect(namespace?.metadata).toMatchObject({ labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } });
    const elsewhere = manifests.filter(
      ({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== 'rollcall',
    );
    expect(elsewhere).toEqual([]);
    expect(ofKind('Secret')).toEqual([]);
  });

  it('confines every pod and every container', () => {
    for (const { name, pod, containers } of workloads) {
      expect(pod, name).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const shared of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod, name).not.toHaveProperty(shared);
      for (const volume of pod.volumes ?? []) expect(volume, name).not.toHaveProperty('hostPath');
      for (const container of containers) {
        expect(container.securityContext, name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          capabilities: { drop: ['ALL'] },
        });
        const { requests, limits } = container.resources ?? {};
        for (const what of ['cpu', 'memory']) expect([requests?.[what], limits?.[what]], name).not.toContain(undefined);
        expect(container.image, name).toMatch(/^registry\.example\.com\/rollcall-[a-z-]+:\d+\.\d+\.\d+$/);
        // What it writes to is a volume.
        const mounts = container.volumeMounts?.map(({ mountPath }) => mountPath);
        expect(mounts, name).toEqual(expect.arrayContaining(['/data', '/tmp']));
      }
    }
  });

  it('names only variables that there are, and no secret but by its file', () => {
    const names = workloads.flatMap(({ containers }) =>
      containers.flatMap(({ env = [] }) => env.map((each) => each.name)),
    );
    const all = [...names, ...Object.keys(settings)];
    expect(all.length).toBeGreaterThan(15);
    expect(unknownVariables(all)).toEqual([]);
    expect(all.filter((name) => SECRET_VARIABLES.includes(name))).toEqual([]);
    for (const { containers } of workloads) {
      for (const { env = [], envFrom = [] } of containers) {
        expect(envFrom).toEqual([{ configMapRef: { name: 'rollcall' } }]);
        expect(JSON.stringify(env)).not.toContain('secretKeyRef');
      }
    }
    expect(settings.ENCRYPTION_STRICT).toBe('true');
  });

  it('mounts secrets that docs/deploy.md says how to make, wherever a file is named', () => {
    for (const { name, pod, containers } of workloads) {
      const files = containers.flatMap(({ env = [] }) => {
        const own = Object.fromEntries(env.map((each) => [each.name, each.value]));
        return Object.entries({ ...settings, ...own }).filter(([variable]) => variable.endsWith('_FILE'));
      });
      for (const [variable, file] of files) {
        if (!file) continue;
        const [, folder, key = ''] = /^(\/run\/secrets\/[\w-]+)\/([\w.-]+)$/.exec(file) ?? [];
        const mount = containers[0]?.volumeMounts?.find(({ mountPath }) => mountPath === folder);
        expect(mount, `${name} ${variable}`).toMatchObject({ readOnly: true });
        expect(mount).not.toHaveProperty('subPath');
        const secret = pod.volumes?.find((volume) => volume.name === mount?.name)?.secret as {
          secretName: string;
          items?: readonly { key: string; path: string }[];
        };
        if (secret.items) expect(secret.items, name).toContainEqual({ key, path: key });
        const { [secret.secretName]: files = [] } = documented;
        expect(files, secret.secretName).toContain(key);
      }
    }
  });

  it('gives no pod a secret that it does not need', () => {
    const keysOf = ({ pod }: Workload) =>
      pod.volumes?.flatMap(
        ({ secret }) => (secret as { items?: { key: string }[] })?.items?.map(({ key }) => key) ?? [],
      );
    const shared = ['redis-url', 's3-access-key', 's3-secret-key'];
    expect(keysOf(byName('worker'))).toEqual([...shared, 'encryption-keys']);
    // Objects are copied as they are stored.
    expect(keysOf(byName('backup'))).toEqual(shared);
  });

  it('has the probes, and more time to stop than a process takes', () => {
    for (const { pod, containers } of workloads.filter(({ name }) => !ONE_SHOT.includes(name))) {
      const [container] = containers;
      expect(container?.livenessProbe).toMatchObject({ httpGet: { path: '/healthz' } });
      expect(container?.startupProbe).toMatchObject({ httpGet: { path: '/healthz' } });
      expect(container?.readinessProbe).toMatchObject({ httpGet: { path: '/readyz' } });
      const pause = container?.lifecycle?.preStop?.sleep?.seconds ?? 0;
      expect((pod.terminationGracePeriodSeconds ?? 0) - pause).toBeGreaterThan(
        Number(settings.SHUTDOWN_GRACE_MS) / 1000,
      );
      const spread = pod.topologySpreadConstraints as readonly { topologyKey: string }[];
      expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
        'kubernetes.io/hostname',
        'topology.kubernetes.io/zone',
      ]);
    }
  });

  it('has Services and budgets that select the pods they mean', () => {
    const selects = (selector: Record<string, string>, { labels }: Workload) =>
      Object.entries(selector).every(([label, value]) => labels[label] === value);
    const selected = (selector: Record<string, string>) =>
      workloads.filter((workload) => selects(selector, workload)).map(({ name }) => name);
    for (const service of ofKind('Service')) expect(selected(service.spec.selector)).toEqual(['api']);
    const budgets = ofKind('PodDisruptionBudget');
    expect(budgets.map(({ spec }) => selected(spec.selector.matchLabels))).toEqual([['api'], ['worker']]);
    for (const { spec } of budgets) expect(spec.maxUnavailable).toBe(1);
    const [ingress] = ofKind('Ingress');
    expect(ingress?.spec.tls[0].hosts).toEqual(ingress?.spec.rules.map(({ host }: { host: string }) => host));
  });

  it('keeps an audit log for each API, on a volume that outlives it', () => {
    const { manifest } = byName('api');
    expect(manifest.kind).toBe('StatefulSet');
    expect(manifest.spec.replicas).toBeGreaterThanOrEqual(2);
    expect(manifest.spec.volumeClaimTemplates[0].metadata.name).toBe('data');
    expect(manifest.spec.persistentVolumeClaimRetentionPolicy).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
  });

  it('lets nobody talk to anybody but for what is listed', () => {
    const policies = Object.fromEntries(ofKind('NetworkPolicy').map(({ metadata, spec }) => [metadata.name, spec]));
    expect(policies['default-deny']).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const ways = Object.entries(policies).flatMap(([name, { ingress = [], egress = [] }]) =>
      [...ingress, ...egress].flatMap(({ from, to, ports }) =>
        (from ?? to).map(({ namespaceSelector }: { namespaceSelector: { matchLabels: Record<string, string> } }) => {
          const namespace = namespaceSelector.matchLabels['kubernetes.io/metadata.name'];
          return `${name} ${from ? '<-' : '->'} ${namespace} ${ports.map((each: { port: number }) => each.port).join()}`;
        }),
      ),
    );
    expect(ways.sort()).toEqual([
      'api <- monitoring 5000',
      'api <- traefik 5000',
      'names -> kube-system 53,53',
      'redis-and-s3 -> redis 6379',
      'redis-and-s3 -> s3 9000',
      'worker <- monitoring 9464',
    ]);
  });

  it('scales workers by the depth of the queue and the age of its oldest job', () => {
    const [manifest, ...others] = ofKind('ScaledObject');
    expect(others).toEqual([]);
    const { spec } = scaledObjectSchema.parse(manifest);
    expect(spec.scaleTargetRef.name).toBe('worker');
    expect(byName('worker').manifest.spec).not.toHaveProperty('replicas');
    expect(spec.maxReplicaCount).toBeGreaterThan(spec.minReplicaCount);
    expect(spec.triggers.map(({ metadata }) => /rollcall_\w+/.exec(metadata.query)?.[0])).toEqual([
      'rollcall_queue_jobs',
      'rollcall_queue_oldest_waiting_seconds',
    ]);
    // KEDA's fallback wants one that counts for each replica.
    expect(spec.triggers.map(({ metricType = 'AverageValue' }) => metricType)).toContain('AverageValue');
  });

  it(overlay === 'gpu' ? 'gives each worker a GPU' : 'asks for no GPU', () => {
    const [container] = byName('worker').containers;
    const limits = container?.resources?.limits ?? {};
    const provider = container?.env?.find(({ name }) => name === 'EXECUTION_PROVIDER')?.value;
    const isGpu = overlay === 'gpu';
    expect(limits['nvidia.com/gpu']).toBe(isGpu ? '1' : undefined);
    expect(provider).toBe(isGpu ? 'cuda' : undefined);
    expect(container?.image.includes('rollcall-worker-cuda')).toBe(isGpu);
  });
});
