import { fileURLToPath } from 'node:url';

/** The folder of the built pages: `gate.html`, `admin.html`, and `assets/` with what they load. */
export const PAGES_FOLDER = fileURLToPath(new URL('./pages/', import.meta.url));
