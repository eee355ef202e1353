import { checksum } from '../../src/sys/crc32c.ts';
import { crc32c } from '../../src/wire/crc32c.ts';
import type { MicroBenchmark } from './micro.ts';

const LENGTHS = [48, 512, 4096, 262144];

/** Headers and data, in JavaScript and by the faster way for the length. */
export function crc32cBenchmarks(): MicroBenchmark[] {
  const ways = { JavaScript: crc32c, checksum };
  return Object.entries(ways).flatMap(([name, way]) =>
    LENGTHS.map((length) => {
      const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
      return {
        name: `CRC32C, ${name}, ${length} bytes`,
        bytesPerOperation: length,
        run(times: number) {
          // Each sum is the next one's seed: no call can be left out.
          let sum = 0;
          for (let i = 0; i < times; i++) sum = way(bytes, sum);
          if (sum < 0) throw new Error('a checksum below zero');
        },
      };
    }),
  );
}
