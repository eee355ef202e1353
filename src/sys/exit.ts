import type { KoffiFunc } from 'koffi';
import { libc } from './libc.ts';

const exit = libc.func('_exit', 'void', ['int']) as KoffiFunc<(code: number) => void>;

/**
 * _exit(2). Unlike process.exit, which waits for the threads of the pool, and so for ever for one whose disk does not answer. A thread
 * that no signal can wake keeps the process, and its locks, until the kernel lets go.
 */
export function exitAtOnce(code: number): never {
  exit(code);
  throw new Error('_exit has returned');
}
