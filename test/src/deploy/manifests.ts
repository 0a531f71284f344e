import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { neededProgram } from '../support/programs.js';

export const KUBERNETES = fileURLToPath(new URL('../../../deploy/kubernetes/', import.meta.url));

export const kustomize = neededProgram(
  'kustomize',
  'KUSTOMIZE_BINARY',
  'No kustomize found: put it on the PATH, or its path into KUSTOMIZE_BINARY.',
);

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string }; readonly secretRef?: unknown }[];
  readonly securityContext?: unknown;
  readonly resources?: { readonly requests?: Record<string, string>; readonly limits?: Record<string, string> };
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly livenessProbe?: unknown;
  readonly readinessProbe?: unknown;
  readonly startupProbe?: unknown;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly subPath?: string }[];
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly terminationGracePeriodSeconds?: number;
  readonly volumes?: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
  readonly [field: string]: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: what each kind is like, the schemas check
export type Manifest = Readonly<Record<string, any>> & {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
};

/** What `kubectl apply -k` would send. */
export function render(overlay: string): Manifest[] {
  const text = execFileSync(kustomize.require(), ['build', `${KUBERNETES}overlays/${overlay}`], { encoding: 'utf8' });
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

export interface Workload {
  readonly name: string;
  readonly manifest: Manifest;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: PodSpec;
  readonly containers: readonly Container[];
}

/** Everything that makes pods. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return manifests.flatMap((manifest) => {
    const template = manifest.spec?.jobTemplate?.spec.template ?? manifest.spec?.template;
    if (!template) return [];
    const pod = template.spec as PodSpec;
    const containers = [...pod.containers, ...(pod.initContainers ?? [])];
    return [{ name: manifest.metadata.name, manifest, labels: template.metadata.labels, pod, containers }];
  });
}
