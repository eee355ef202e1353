import { fileURLToPath } from 'node:url';

/** The command line's main file, which a system's process runs. */
export const systemEntry = fileURLToPath(new URL('../main.js', import.meta.url));
