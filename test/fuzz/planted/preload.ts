/** Loaded before all else into a process that is to have a bug; which one, its own address says. */
import { register } from 'node:module';

register('./hooks.js', import.meta.url, { data: new URL(import.meta.url).searchParams.get('bug') });
