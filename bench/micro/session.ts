/** iSCSI commands through a session, without a socket or a disk: from the bytes of the command to those of its data and status. */
import { type Commands, Initiator, MAX_DEPTH, type Target } from './initiator.ts';
import { BLOCK_COUNT, BLOCK_LENGTH, memoryUnit } from './memory-unit.ts';
import type { MicroBenchmark } from './micro.ts';
import { proxiedUnit } from './proxied-unit.ts';

export async function sessionBenchmarks(): Promise<MicroBenchmark[]> {
  const targets = {
    'router and local unit': memoryUnit(),
    'relay (router, proxied unit, link, owner)': await proxiedUnit(),
  };
  return Object.entries(targets).flatMap(([name, target]) => [
    benchmark(name, target, 4096, MAX_DEPTH),
    benchmark(name, target, 262_144, 8),
  ]);
}

function benchmark(name: string, target: Target, length: number, depth: number): MicroBenchmark {
  return {
    name: `iSCSI session, ${name}, read ${length} bytes, ${depth} at a time`,
    bytesPerOperation: length,
    run: commandsThrough(target, { writes: false, length }, depth),
  };
}

/** Logs in. The function that it gives has so many commands done, `depth` in each turn, and throws where one is not. */
export function commandsThrough(target: Target, commands: Commands, depth: number): (times: number) => void {
  const initiator = new Initiator(target, commands);
  const blocks = commands.length / BLOCK_LENGTH;
  let all = 0;
  return (times) => {
    for (let done = 0; done < times; done += depth)
      initiator.send((done * blocks) % (BLOCK_COUNT - depth * blocks), Math.min(depth, times - done));
    all += times;
    initiator.check(all);
  };
}
