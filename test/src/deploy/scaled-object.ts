import { z } from 'zod';

/** A number as KEDA wants it: in quotes. */
const quoted = z.string().regex(/^\d+(\.\d+)?$/);

const policySchema = z.strictObject({
  type: z.enum(['Pods', 'Percent']),
  value: z.int().positive(),
  periodSeconds: z.int().min(1).max(1800),
});
const directionSchema = z.strictObject({
  stabilizationWindowSeconds: z.int().min(0).max(3600),
  policies: z.array(policySchema).min(1),
  selectPolicy: z.enum(['Max', 'Min', 'Disabled']).optional(),
});

/**
 * Those fields of KEDA's ScaledObject (keda.sh/v1alpha1, as its documentation of 2.18 has them) that our manifests use: no
 * schema of it can be had offline, so this is written by hand, and knows no other field.
 */
export const scaledObjectSchema = z.strictObject({
  apiVersion: z.literal('keda.sh/v1alpha1'),
  kind: z.literal('ScaledObject'),
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.strictObject({
    scaleTargetRef: z.strictObject({ name: z.string() }),
    minReplicaCount: z.int().min(1),
    maxReplicaCount: z.int().min(1),
    pollingInterval: z.int().positive(),
    fallback: z.strictObject({
      failureThreshold: z.int().positive(),
      replicas: z.int().positive(),
      behavior: z.enum(['static', 'currentReplicas', 'currentReplicasIfHigher', 'currentReplicasIfLower']),
    }),
    advanced: z.strictObject({
      horizontalPodAutoscalerConfig: z.strictObject({
        behavior: z.strictObject({ scaleUp: directionSchema, scaleDown: directionSchema }),
      }),
    }),
    triggers: z.array(
      z.strictObject({
        type: z.literal('prometheus'),
        name: z.string(),
        metricType: z.enum(['AverageValue', 'Value']).optional(),
        metadata: z.strictObject({
          serverAddress: z.url(),
          query: z.string(),
          threshold: quoted,
          ignoreNullValues: z.enum(['true', 'false']),
        }),
      }),
    ),
  }),
});
