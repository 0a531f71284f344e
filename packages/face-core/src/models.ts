import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that `models/prepare.py` wrote, pinned by its content. */
export interface ModelFile {
  readonly file: string;
  readonly sha256: string;
}

export const DETECTOR_MODEL: ModelFile = {
  file: 'yunet_2023mar.onnx',
  sha256: 'd7b8daabb30d55d91c324e273ed9e0dc3cc243ae2ad037d38de5cd393427ca58',
};

export const RECOGNISER_MODEL: ModelFile = {
  file: 'sface_2021dec.onnx',
  sha256: '9e4bf5e805d774cf0d42c24a1c8786ca525000f4a75386478f8ebf64b0a9cbc5',
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
  const mend = 'restore it with "git checkout -- models" or make it again with models/prepare.py';
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
