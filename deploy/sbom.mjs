// What Rollcall ships, as CycloneDX JSON: the production packages of the lockfile, for every platform, and the models.
//   npm run --silent sbom > sbom.json
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NPM_TIMEOUT_MS = 60_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** It depends on all that is shipped; the tests, a workspace too, are not. */
const COMMAND_LINE = '@rollcall/cli';
const MODELS_USER = '@rollcall/face-core';

const MODELS = [
  { file: 'yunet_2023mar.onnx', version: '2023mar', licence: 'MIT', description: 'YuNet, the face detector' },
  { file: 'sface_2021dec.onnx', version: '2021dec', licence: 'Apache-2.0', description: 'SFace, the face embedder' },
  {
    file: 'sface_2021dec_int8.onnx',
    version: '2021dec-int8',
    licence: 'Apache-2.0',
    description: 'SFace, the face embedder, in 8-bit integers',
  },
];

const bom = shippedPackages();
const product = bom.metadata.component;
// npm names what is in this repository after its folder.
product.name = 'rollcall';
for (const component of bom.components) {
  component.name = component['bom-ref'].replace(/@[^@]*$/, '');
  if (component.name.startsWith('@rollcall/')) component.licenses = product.licenses;
}
const models = MODELS.map(modelComponent);
bom.components.push(...models);
addDependencies(product['bom-ref'], [`${COMMAND_LINE}@${product.version}`]);
addDependencies(
  `${MODELS_USER}@${product.version}`,
  models.map((model) => model['bom-ref']),
);
process.stdout.write(`${JSON.stringify(bom, null, 2)}\n`);

/** Its `--omit=dev` would also leave out packages that are needed for development as well. */
function shippedPackages() {
  const operands = ['--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only', '--loglevel=error'];
  const text = execFileSync('npm', ['sbom', `--workspace=${COMMAND_LINE}`, ...operands], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: MAX_BYTES,
    timeout: NPM_TIMEOUT_MS,
  });
  const all = JSON.parse(text);
  const isDevelopment = ({ properties }) => properties.some(({ name }) => name === 'cdx:npm:package:development');
  const omitted = new Set(all.components.filter(isDevelopment).map((component) => component['bom-ref']));
  return {
    ...all,
    components: all.components.filter((component) => !omitted.has(component['bom-ref'])),
    dependencies: all.dependencies
      .filter(({ ref }) => !omitted.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((needed) => !omitted.has(needed)) })),
  };
}

function addDependencies(ref, needed) {
  bom.dependencies.find((dependency) => dependency.ref === ref).dependsOn.push(...needed);
}

function modelComponent({ file, version, licence, description }) {
  const bytes = readFileSync(`${ROOT}models/${file}`);
  return {
    'bom-ref': `models/${file}`,
    type: 'machine-learning-model',
    name: file,
    version,
    scope: 'required',
    description,
    hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(bytes).digest('hex') }],
    licenses: [{ license: { id: licence } }],
  };
}
