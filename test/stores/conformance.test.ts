import type { TestContext } from 'node:test';
import type { Disk } from '../../src/env/disk.ts';
import { nodeEnv } from '../../src/env/node/node-env.ts';
import type { BlockStore } from '../../src/stores/block-store.ts';
import { openDeviceStore } from '../../src/stores/device/device-store.ts';
import { openFileStore } from '../../src/stores/file/file-store.ts';
import { checked } from '../../src/stores/layers/checked.ts';
import { delay } from '../../src/stores/layers/delay.ts';
import { faulty } from '../../src/stores/layers/faulty.ts';
import { MemoryStore } from '../../src/stores/memory/memory-store.ts';
import { eachQueue } from '../env/node/disk-queue/each-queue.ts';
import { describeBlockStore, STORE_BLOCK, STORE_BYTES } from './describe-block-store.ts';
import { type After, loopDevice, smallFileSystem, sparseFile, temporaryFolder } from './temporary.ts';

const size = { byteLength: STORE_BYTES, blockLength: STORE_BLOCK };

const fileStore = (disk: Disk, folder: string): Promise<BlockStore> =>
  openFileStore(disk, { path: `${folder}/unit.img`, ...size, create: true });

function deviceStore(disk: Disk, after: After, direct = false): Promise<BlockStore> {
  const medium = sparseFile(temporaryFolder(after), 'medium.img', STORE_BYTES);
  return openDeviceStore(disk, { path: loopDevice(after, medium), ...size, direct });
}

/** Undoes in reverse: a device is detached before its medium is removed. */
function reversed(t: TestContext): After {
  const undos: (() => void)[] = [];
  t.after(() => {
    for (const undo of undos.reverse()) undo();
  });
  return (undo) => undos.push(undo);
}

const later = { later: (run: () => void) => void setImmediate(run) };

describeBlockStore('memory', async () => new MemoryStore(size));
describeBlockStore('memory, later', async () => new MemoryStore({ ...size, ...later }));
for (const [calls, queue] of eachQueue()) {
  const { disk } = nodeEnv({ disks: queue });
  const onTmpfs = (t: TestContext) => fileStore(disk, smallFileSystem(reversed(t), 2 * STORE_BYTES));
  describeBlockStore(`file, ${calls}`, (t) => fileStore(disk, temporaryFolder(reversed(t))));
  describeBlockStore(`file on tmpfs, ${calls}`, onTmpfs);
  describeBlockStore(`device, ${calls}`, (t) => deviceStore(disk, reversed(t)));
  describeBlockStore(`device past the page cache, ${calls}`, (t) => deviceStore(disk, reversed(t), true));
  describeBlockStore(`checked file, ${calls}`, async (t) =>
    checked(await fileStore(disk, temporaryFolder(reversed(t)))),
  );
  describeBlockStore(`checked device, ${calls}`, async (t) => checked(await deviceStore(disk, reversed(t))));
}
describeBlockStore('checked memory', async () => checked(new MemoryStore({ ...size, ...later })));
describeBlockStore('delayed, faulty memory', async () =>
  delay(
    faulty(new MemoryStore(size), () => null),
    (_, run) => void setImmediate(run),
  ),
);
