import { HOSTILE_FILES } from './corpus.js';
import { EXPECTATIONS } from './expectations.js';

/** Larger files are made when they are needed. */
const MAX_BYTES = 65_536;

/** What lies in test/fixtures/hostile: the small files that are the same wherever they are made, and their table. */
export async function committedFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const [name, { varies, make }] of Object.entries(HOSTILE_FILES)) {
    if (varies) continue;
    const bytes = await make();
    if (bytes.length <= MAX_BYTES) files.set(name, bytes);
  }
  files.set('README.md', Buffer.from(readme([...files.keys()])));
  return files;
}

function readme(committed: readonly string[]): string {
  const rows = Object.entries(HOSTILE_FILES).map(([name, { what, verdict }]) => {
    const { verification, recognition, enrolment } = EXPECTATIONS[verdict];
    const isHere = committed.includes(name) ? 'yes' : '';
    return [`\`${name}\``, what, isHere, said(verification), said(recognition), enrolment];
  });
  const columns = ['File', 'What it is', 'Here', '`POST /v1/verifications`', '`POST /recognize_face`', 'Enrolment'];
  const table = [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `# Hostile files

Files that someone could upload to break Rollcall, and the status that each is answered with. All are uploaded as \`.jpg\`,
because names are not believed. "Here" are the small ones; the others are made when the test runs, because they are large
or because a compressor's next version may write other bytes. Everything comes from [\`test/src/hostile\`](../../src/hostile),
from numbers and from \`../photos/person_a_1.jpg\`; after a change there, \`npm run hostile\` writes this folder again.

${table.join('\n')}
`;
}

function said([status, word]: readonly [number, (string | null)?]): string {
  return word ? `${status} ${word}` : String(status);
}
