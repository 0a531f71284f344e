import {
  acceptedReplySchema,
  assessmentReplySchema,
  auditReplySchema,
  callbackEventSchema,
  comparisonReplySchema,
  employeeReplySchema,
  employeesReplySchema,
  enrolledPhotoSchema,
  enrolmentReplySchema,
  erasureReplySchema,
  faceQualitySchema,
  facialAreaSchema,
  identificationReplySchema,
  jobReplySchema,
  livenessReplySchema,
  notRecognizedReplySchema,
  originalErrorReplySchema,
  probeQualitySchema,
  problemSchema,
  qualityFindingSchema,
  readinessReplySchema,
  recognizedReplySchema,
  statusReplySchema,
  verificationReplySchema,
  verificationResultSchema,
} from '@rollcall/contracts';
import { z } from 'zod';

/** Every reply body, and what several of them have in common, by the name it has in the description. */
const SCHEMAS = {
  Accepted: acceptedReplySchema,
  Assessment: assessmentReplySchema,
  Audit: auditReplySchema,
  CallbackEvent: callbackEventSchema,
  Comparison: comparisonReplySchema,
  Employee: employeeReplySchema,
  Employees: employeesReplySchema,
  EnrolledPhoto: enrolledPhotoSchema,
  Enrolment: enrolmentReplySchema,
  Erasure: erasureReplySchema,
  FaceQuality: faceQualitySchema,
  FacialArea: facialAreaSchema,
  Identification: identificationReplySchema,
  Job: jobReplySchema,
  Liveness: livenessReplySchema,
  NotRecognized: notRecognizedReplySchema,
  OriginalError: originalErrorReplySchema,
  ProbeQuality: probeQualitySchema,
  Problem: problemSchema,
  QualityFinding: qualityFindingSchema,
  Readiness: readinessReplySchema,
  Recognized: recognizedReplySchema,
  Status: statusReplySchema,
  Verification: verificationReplySchema,
  VerificationResult: verificationResultSchema,
} as const;
export type SchemaName = keyof typeof SCHEMAS;

/** JSON Schemas that refer to each other by name. */
export function describeSchemas(): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    target: 'draft-2020-12',
    io: 'output',
    unrepresentable: 'any',
    // Fields may be added: a client must not refuse what it does not know.
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties;
    },
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema, $id, ...schema }]) => [id, schema]));
}
