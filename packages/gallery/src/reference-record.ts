import { createHash } from 'node:crypto';
import { type FaceLandmarks, type FacialArea, facialAreaSchema } from '@rollcall/contracts';
import { type AnalysedFace, EMBEDDING_LENGTH, type PhotoAnalysis, PREPROCESSING_VERSION } from '@rollcall/face-core';
import { z } from 'zod';

const EMBEDDING_BYTES = EMBEDDING_LENGTH * Float32Array.BYTES_PER_ELEMENT;

/** The face that a reference photo shows. */
export interface ReferenceFace {
  /** 128 numbers of length 1. */
  readonly embedding: Float32Array;
  readonly area: FacialArea;
}

/** What is kept beside a reference photo. */
export interface ReferenceRecord {
  /** The photo's etag when it was embedded: another one means that the photo may have changed. */
  readonly etag: string;
  /** Of the photo's bytes, in hexadecimal. */
  readonly sha256: string;
  /** Null when no face was found, so that the photo is not searched again. */
  readonly face: ReferenceFace | null;
}

/** The stored form. Written and read by different versions of the software, hence parsed. */
const storedSchema = z.object({
  model: z.string(),
  preprocessing: z.literal(PREPROCESSING_VERSION),
  etag: z.string(),
  sha256: z.string(),
  face: z.object({ embedding: z.base64(), area: facialAreaSchema }).nullable(),
});

/** @param modelId of the embedding's vector space; see `Engine.modelId`. */
export function encodeRecord({ etag, sha256, face }: ReferenceRecord, modelId: string): Uint8Array {
  const stored: z.infer<typeof storedSchema> = {
    model: modelId,
    preprocessing: PREPROCESSING_VERSION,
    etag,
    sha256,
    face: face && { embedding: embeddingToBase64(face.embedding), area: face.area },
  };
  return Buffer.from(JSON.stringify(stored));
}

/** Undefined when the bytes are no record of this model and preprocessing: then the photo must be embedded again. */
export function decodeRecord(bytes: Uint8Array, modelId: string): ReferenceRecord | undefined {
  try {
    const { model, etag, sha256, face } = storedSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    if (model !== modelId) return undefined;
    return { etag, sha256, face: face && { embedding: embeddingFromBase64(face.embedding), area: face.area } };
  } catch {
    return undefined;
  }
}

export function recordOf(bytes: Uint8Array, etag: string, analysis: PhotoAnalysis): ReferenceRecord {
  const face = analysis.kind === 'face' ? analysis.face : undefined;
  return {
    etag,
    sha256: contentHash(bytes),
    face: face ? { embedding: face.embedding, area: facialArea(face) } : null,
  };
}

export function contentHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A face as replies describe it: whole pixels, never outside the photo on the left or above. */
export function facialArea({ box, landmarks }: Pick<AnalysedFace, 'box' | 'landmarks'>): FacialArea {
  const { left_eye, right_eye } = faceLandmarks({ landmarks });
  return {
    x: Math.max(0, Math.round(box.x)),
    y: Math.max(0, Math.round(box.y)),
    w: Math.round(box.w),
    h: Math.round(box.h),
    left_eye,
    right_eye,
  };
}

/** The five points of a face, in whole pixels. */
export function faceLandmarks({ landmarks }: Pick<AnalysedFace, 'landmarks'>): FaceLandmarks {
  const [right_eye, left_eye, nose, mouth_right, mouth_left] = landmarks.map(([x, y]): [number, number] => [
    Math.round(x),
    Math.round(y),
  ]) as [Point, Point, Point, Point, Point];
  return { left_eye, right_eye, nose, mouth_left, mouth_right };
}

type Point = [number, number];

function embeddingToBase64(embedding: Float32Array): string {
  return Buffer.from(embedding.buffer, embedding.byteOffset, embedding.byteLength).toString('base64');
}

/** Little-endian floats, as on every platform that onnxruntime-node supports. */
function embeddingFromBase64(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.byteLength !== EMBEDDING_BYTES) throw new RangeError('wrong length of an embedding');
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
