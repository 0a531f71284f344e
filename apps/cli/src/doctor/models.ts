import { DETECTOR_MODEL, ModelFileError, RECOGNISER_MODELS, readModel } from '@rollcall/face-core';
import type { Config } from '@rollcall/platform';
import { type Check, codeOf, type Finding, failed, ok } from './check.js';

const NAME = 'models';

/** Whether the files that the workers load are those that were made. */
export function checkModels({ modelsDir, precision }: Pick<Config, 'modelsDir' | 'precision'>): Check {
  const models = [DETECTOR_MODEL, RECOGNISER_MODELS[precision]];
  const mend = 'Restore the file, or make it again as models/README.md says: git checkout -- models';
  return {
    name: NAME,
    mend,
    async run() {
      const faults = await Promise.all(models.map((model) => faultOf(modelsDir, model)));
      const seen = faults.filter((fault) => fault !== undefined).join('; ');
      const finding: Finding = seen
        ? failed(NAME, `${seen} (MODELS_DIR ${modelsDir})`, mend)
        : ok(NAME, `${models.map(({ file }) => file).join(', ')}: sha256 as it should be`);
      return [finding];
    },
  };
}

async function faultOf(folder: string, model: typeof DETECTOR_MODEL): Promise<string | undefined> {
  try {
    await readModel(folder, model);
    return undefined;
  } catch (error) {
    if (!(error instanceof ModelFileError)) throw error;
    const why = error.cause === undefined ? 'is truncated or altered' : `cannot be read (${codeOf(error.cause)})`;
    return `${model.file} ${why}`;
  }
}
