import path from 'node:path';

/** The folder of the checkout. Tests run as dist/test/<folder>/<file>.js. */
export const REPOSITORY = path.resolve(import.meta.dirname, '..', '..', '..');
