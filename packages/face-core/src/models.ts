import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that a script in `models/` wrote, pinned by its content. */
export interface ModelFile {
  readonly file: string;
  readonly sha256: string;
}

export const DETECTOR_MODEL: ModelFile = {
  file: 'yunet_2023mar.onnx',
  sha256: 'd7b8daabb30d55d91c324e273ed9e0dc3cc243ae2ad037d38de5cd393427ca58',
};

/** The arithmetic a network computes in. */
export type Precision = 'fp32' | 'int8';

export interface RecogniserModel extends ModelFile {
  /** Identifies the vector space of an embedding: embeddings of different ids must not be compared. */
  readonly id: string;
}

export const RECOGNISER_MODELS: Readonly<Record<Precision, RecogniserModel>> = {
  fp32: {
    id: 'sface-2021dec',
    file: 'sface_2021dec.onnx',
    sha256: '9e4bf5e805d774cf0d42c24a1c8786ca525000f4a75386478f8ebf64b0a9cbc5',
  },
  int8: {
    id: 'sface-2021dec-int8',
    file: 'sface_2021dec_int8.onnx',
    sha256: '2a95b88cd1b6736329ea53e0c644f7d2c02b30b53550ab32b52394d27465c668',
  },
};

/** A model file that cannot be used; `message` is one sentence that says which file and what to do. */
export class ModelFileError extends Error {
  override readonly name = 'ModelFileError';
}

/**
 * The model's bytes.
 * @throws {ModelFileError} when the file is missing, truncated or altered.
 */
export async function readModel(folder: string, { file, sha256 }: ModelFile): Promise<Uint8Array> {
  const path = join(folder, file);
  const mend = 'restore it with "git checkout -- models" or make it again as models/README.md says';
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new ModelFileError(`The model file ${path} cannot be read; ${mend}.`, { cause: error });
  }
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
    throw new ModelFileError(
      `The model file ${path} is truncated or altered (its sha256 is not the expected one); ${mend}.`,
    );
  }
  return bytes;
}
