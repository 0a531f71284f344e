import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageOf, ROOT, sourcesOf } from './support/sources.js';

const PICTURE = /^```mermaid\n%% rooms\n([\s\S]*?)^```$/m;

/** Every room with code in it, such as `apps/api`. */
function rooms(): string[] {
  return ['apps', 'packages'].flatMap((floor) =>
    readdirSync(join(ROOT, floor))
      .map((name) => `${floor}/${name}`)
      .filter((room) => existsSync(join(ROOT, room, 'src'))),
  );
}

/** The arrows that the code has: `apps/api --> packages/contracts`. */
function arrowsOfCode(): string[] {
  const owners = new Map(rooms().map((room) => [`@rollcall/${room.split('/')[1]}`, room]));
  return rooms().flatMap((room) => {
    const imported = sourcesOf(room).flatMap(({ imports }) => imports.map((name) => owners.get(packageOf(name))));
    const others = new Set(imported.filter((other) => other !== undefined && other !== room));
    return [...others].map((other) => `${room} --> ${other}`);
  });
}

/** The arrows that the picture has; a node's label is the room's name. */
function arrowsOfPicture(text: string): string[] {
  const labels = new Map([...text.matchAll(/(\w+)\[([^\]]+)\]/g)].map(([, id = '', label = '']) => [id, label]));
  return [...text.matchAll(/^ *(\w+)\[[^\]]+\] --> (.+)$/gm)].flatMap(([, from = '', targets = '']) =>
    targets.split(' & ').map((to) => `${labels.get(from)} --> ${labels.get(to.trim())}`),
  );
}

describe('the picture in docs/architecture.md', () => {
  const [, picture = ''] = PICTURE.exec(readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')) ?? [];

  it('shows every room', () => {
    for (const room of rooms()) expect(picture).toContain(`[${room}]`);
  });

  it('has an arrow for each import between rooms, and no other', () => {
    expect(arrowsOfPicture(picture).sort()).toEqual(arrowsOfCode().sort());
  });
});
