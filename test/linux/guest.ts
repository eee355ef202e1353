import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Lines } from '../support/lines.ts';
import type { GuestImage } from './image.ts';

/** Software emulation is slow, and the machine may be busy. */
const BOOT_MILLISECONDS = 300_000;

/**
 * A Linux kernel in QEMU, without hardware acceleration. It reaches the host's loopback at 10.0.2.2. Its script
 * talks with the test in lines over the second serial port.
 */
export class Guest {
  readonly said: Lines;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #console: string;
  readonly #done = new Set<string>();

  private constructor(process: ChildProcessWithoutNullStreams, console: string) {
    this.#process = process;
    this.#console = console;
    this.said = new Lines(process.stdout);
    this.said.onLine = (line) => {
      const question = /^ask (.*)$/.exec(line)?.[1];
      if (question !== undefined && this.#done.has(question)) this.#answer(question);
    };
  }

  /** `script`: path of the Bash script to run; `console`: file that gets the kernel's messages. */
  static async boot(image: GuestImage, script: string, console: string): Promise<Guest> {
    const qemu = spawn('qemu-system-x86_64', [
      ...['-machine', 'pc', '-accel', 'tcg', '-cpu', 'Nehalem', '-smp', '2', '-m', '1536'],
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
      ...['-kernel', image.kernel, '-initrd', image.initrd],
      ...['-append', 'console=ttyS0 net.ifnames=0 panic=-1 loglevel=5'],
      ...['-fw_cfg', `name=opt/crosspath/script,file=${script}`],
      ...['-netdev', 'user,id=net', '-device', 'e1000,netdev=net'],
      ...['-serial', `file:${console}`, '-serial', 'stdio'],
    ]);
    const guest = new Guest(qemu, console);
    qemu.stderr.pipe(process.stderr);
    await guest.waitFor(/^booted$/, BOOT_MILLISECONDS);
    return guest;
  }

  /** The next line of the script that matches; the kernel's messages are in the error where it does not come. */
  async waitFor(pattern: RegExp, milliseconds: number): Promise<string> {
    try {
      return await this.said.waitFor(pattern, milliseconds);
    } catch (error) {
      const console = await readFile(this.#console, 'utf8').catch(() => '');
      throw new Error(`the guest's console ends so:\n${console.slice(-6000)}`, { cause: error });
    }
  }

  /**
   * What the script asked for is done. An emulated serial port loses bytes on a busy machine: then the script asks
   * again, and is answered again.
   */
  done(question: string): void {
    this.#done.add(question);
    this.#answer(question);
  }

  #answer(question: string): void {
    this.#process.stdin.write(`done ${question}\n`);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
  }
}
