import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { DETECTOR_MODEL, RECOGNISER_MODELS } from '../../packages/face-core/src/models.js';
import { type Ended, runNode } from './support/run.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFileSync(`${ROOT}${file}`, 'utf8');

type Versions = Readonly<Record<string, string>>;

interface Manifest {
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly optionalDependencies?: Versions;
  readonly peerDependencies?: Versions;
  readonly overrides?: Versions;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
}

interface Locked extends Manifest {
  /** Only of what is in this repository. */
  readonly name?: string;
  readonly version?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

const manifestOf = (folder: string) => JSON.parse(read(`${folder}package.json`)) as Manifest;
const lock = (JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> }).packages;
const NODE_MODULES = 'node_modules/';
/** `node_modules/a/node_modules/@b/c` is the package `@b/c`. */
const nameOf = (path: string) => path.slice(path.lastIndexOf(NODE_MODULES) + NODE_MODULES.length);
const fromRegistry = Object.entries(lock).filter(([path, { link }]) => path.includes(NODE_MODULES) && !link);

describe('dependencies', () => {
  const folders = ['packages', 'apps'].flatMap((group) =>
    readdirSync(`${ROOT}${group}`).map((name) => `${group}/${name}/`),
  );

  it.each(['', 'test/', ...folders])('%spackage.json names exact versions', (folder) => {
    const { dependencies, devDependencies, optionalDependencies, peerDependencies, overrides } = manifestOf(folder);
    const wanted = { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies, ...overrides };
    const inexact = Object.entries(wanted).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version));
    expect(inexact).toEqual([]);
  });

  it('are locked with their hash, whatever registry they come from', () => {
    expect(fromRegistry.length).toBeGreaterThan(100);
    const unlocked = fromRegistry.filter(
      ([, { integrity, resolved }]) => !integrity?.startsWith('sha512-') || resolved,
    );
    expect(unlocked).toEqual([]);
    const links = Object.entries(lock).filter(([, { link }]) => link);
    expect(links.map(([path, { resolved = '' }]) => [path, lock[resolved]?.name])).toEqual(
      links.map(([path]) => [path, nameOf(path)]),
    );
  });

  it('run an install script only where package.json says so', () => {
    const { allowScripts = {} } = manifestOf('');
    const withScript = fromRegistry
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => nameOf(path));
    expect(withScript.filter((name) => allowScripts[name] === undefined)).toEqual([]);
  });
});

interface Component {
  readonly 'bom-ref': string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly { readonly license?: { readonly id: string }; readonly expression?: string }[];
}

interface Bom {
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

describe('the bill of materials', () => {
  let made: Ended;
  beforeAll(async () => {
    // biome-ignore lint/style/noProcessEnv: the child needs the PATH and nothing else of ours
    const { PATH = '', HOME = '' } = process.env;
    made = await runNode(`${ROOT}deploy/sbom.mjs`, [], { PATH, HOME });
  });
  const bom = () => JSON.parse(made.stdout) as Bom;

  it('has every production package, with the hash it is locked with and a licence', () => {
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(bom()).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      serialNumber: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/),
      version: 1,
      metadata: { component: { name: 'rollcall', type: 'application' } },
    });
    const listed = new Map(bom().components.map((component) => [component['bom-ref'], component]));
    const shipped = reachable('apps/cli');
    expect(shipped.length).toBeGreaterThan(100);
    for (const path of shipped) {
      const { name = nameOf(path), version, integrity } = lock[path] ?? {};
      const component = listed.get(`${name}@${version}`);
      expect(component, `${name}@${version}`).toMatchObject({ type: 'library', name, version, licenses: [{}] });
      const content = integrity && Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
      expect(component?.hashes).toEqual(content && [{ alg: 'SHA-512', content }]);
    }
  });

  // valibot, of the queue board, would like a typescript that it never loads; the lock file does not tell of that wish, or npm
  // would ship the compiler.
  it('leaves out what only builds and tests need', () => {
    const names = bom().components.map(({ name }) => name);
    for (const name of ['typescript', 'turbo', 'vitest', 'fast-check', '@rollcall/test'])
      expect(names).not.toContain(name);
    expect(made.stdout).not.toContain(ROOT);
  });

  it.each([DETECTOR_MODEL, ...Object.values(RECOGNISER_MODELS)])(
    'has $file as it is in the repository and as the code expects it',
    (model) => {
      const component = bom().components.find(({ name }) => name === model.file);
      expect(component).toMatchObject({
        type: 'machine-learning-model',
        hashes: [{ alg: 'SHA-256', content: model.sha256 }],
      });
      const licence = component?.licenses?.[0]?.license?.id;
      const row = read('models/README.md')
        .split('\n')
        .find((line) => line.startsWith(`| \`${model.file}\``));
      expect(row).toContain(`| [${licence}](LICENSES/${licence}.txt) |`);
    },
  );

  it('says what depends on what, of its own components only', () => {
    const { components, dependencies } = bom();
    const refs = components.map((component) => component['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    const known = new Set([...refs, 'rollcall@0.1.0']);
    const mentioned = dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]);
    expect(mentioned.filter((ref) => !known.has(ref))).toEqual([]);
    const needed = new Set(dependencies.flatMap(({ dependsOn }) => dependsOn));
    expect(refs.filter((ref) => !needed.has(ref))).toEqual([]);
  });
});

// Digests would pin the images' bytes too; whoever updates a tag can add them: name:tag@sha256:…
describe('the containers', () => {
  const dockerfile = instructions(read('deploy/Dockerfile'));
  const compose = read('docker-compose.yml');
  const services = [...(block(compose, 'services').matchAll(/^ {2}(\w+):$/gm) ?? [])].map(([, name = '']) => ({
    name,
    text: block(compose, `  ${name}`),
  }));
  const ours = services.filter(({ text }) => /^ {4}build:/m.test(text));
  const EXACT = /^[\w./-]+:(\d+\.\d+\.\d+[\w.-]*|RELEASE\.[\w-]+)(@sha256:[0-9a-f]{64})?$/;

  it('come from images with exact tags', () => {
    const stages = new Set(dockerfile.map(({ stage }) => stage));
    const bases = dockerfile.filter(({ word }) => word === 'FROM').map(({ rest }) => rest.split(' ')[0] ?? '');
    const images = [...compose.matchAll(/^\s+image: (.+)$/gm)].map(([, image = '']) => image);
    expect(images).toHaveLength(services.length - ours.length);
    const foreign = [...bases.filter((base) => !stages.has(base)), ...images];
    expect(foreign.filter((image) => !EXACT.test(image))).toEqual([]);
  });

  it('of ours are not run by root', () => {
    const targets = ours.map(({ text }) => /^ {6}target: (\w+)$/m.exec(text)?.[1] ?? '');
    expect(targets.sort()).toEqual(['api', 'worker']);
    expect(targets.map((target) => userOf(dockerfile, target))).toEqual(['node', 'node']);
  });

  it('of ours can change nothing but their data, and gain no rights', () => {
    const shared = block(compose, 'x-rollcall');
    for (const line of [
      '  read_only: true',
      '  cap_drop: [ALL]',
      '  security_opt: ["no-new-privileges:true"]',
      '    - data:/data',
    ]) {
      expect(shared.split('\n')).toContain(line);
    }
    expect(ours).toHaveLength(2);
    for (const { text } of ours) {
      expect(text).toContain('\n    <<: *rollcall\n');
      expect(text).not.toMatch(
        /^ {4}(read_only|cap_drop|cap_add|security_opt|privileged|user|volumes|network_mode|pid):/m,
      );
    }
    expect(compose).not.toMatch(/privileged: true|cap_add|docker\.sock/);
  });

  it('publish the API alone, and that on loopback', () => {
    const published = services.filter(({ text }) => /^ {4}ports:/m.test(text));
    expect(published.map(({ name }) => name)).toEqual(['api']);
    expect(
      block(published[0]?.text ?? '', '    ports')
        .trim()
        .split('\n'),
    ).toEqual([expect.stringMatching(/^- 127\.0\.0\.1:.+:5000$/)]);
  });
});

/** Paths in the lockfile of what `start` and what it depends on load, as Node looks for it. */
function reachable(start: string): string[] {
  const found = new Set<string>();
  const waiting = [start];
  for (const path of waiting) {
    if (found.has(path)) continue;
    found.add(path);
    const { dependencies, optionalDependencies } = lock[path] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const place = resolveFrom(path, name);
      if (place !== undefined) waiting.push(place);
      else expect(optionalDependencies, `${path} needs ${name}`).toHaveProperty([name]);
    }
  }
  return [...found];
}

function resolveFrom(path: string, name: string): string | undefined {
  for (let folder = path; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/'), 0))) {
    const place = `${folder === '' ? '' : `${folder}/`}${NODE_MODULES}${name}`;
    const locked = lock[place];
    if (locked) return locked.link ? locked.resolved : place;
    if (folder === '') return undefined;
  }
}

/** The lines of a YAML file that belong to a key, which is given with its indentation. */
function block(text: string, key: string): string {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`${key}:`));
  const indentation = key.length - key.trimStart().length;
  const length = lines.slice(start + 1).findIndex((line) => /\S/.test(line) && line.search(/\S/) <= indentation);
  return `\n${lines.slice(start + 1, length === -1 ? undefined : start + 1 + length).join('\n')}\n`;
}

interface Instruction {
  readonly stage: string;
  readonly word: string;
  readonly rest: string;
}

function instructions(text: string): Instruction[] {
  let stage = '';
  return [...text.replaceAll('\\\n', ' ').matchAll(/^([A-Z]+) +(.*)$/gm)].map(([, word = '', rest = '']) => {
    if (word === 'FROM') stage = rest.split(/ AS /)[1] ?? '';
    return { stage, word, rest };
  });
}

/** Who runs the last instruction of a stage. */
function userOf(dockerfile: readonly Instruction[], stage: string): string {
  const own = dockerfile.filter((instruction) => instruction.stage === stage);
  const user = own.findLast(({ word }) => word === 'USER');
  if (user) return user.rest;
  const base = own[0]?.rest.split(' ')[0];
  return base === undefined ? 'root' : userOf(dockerfile, base);
}
