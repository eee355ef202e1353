import type { TestContext } from 'node:test';
import { nodeEnv } from '../../src/env/node/node-env.ts';
import type { BlockStore } from '../../src/stores/block-store.ts';
import { openDeviceStore } from '../../src/stores/device/device-store.ts';
import { openFileStore } from '../../src/stores/file/file-store.ts';
import { checked } from '../../src/stores/layers/checked.ts';
import { delay } from '../../src/stores/layers/delay.ts';
import { faulty } from '../../src/stores/layers/faulty.ts';
import { MemoryStore } from '../../src/stores/memory/memory-store.ts';
import { describeBlockStore, STORE_BLOCK, STORE_BYTES } from './describe-block-store.ts';
import { type After, loopDevice, smallFileSystem, sparseFile, temporaryFolder } from './temporary.ts';

const size = { byteLength: STORE_BYTES, blockLength: STORE_BLOCK };
const { disk } = nodeEnv();

const fileStore = (folder: string): Promise<BlockStore> =>
  openFileStore(disk, { path: `${folder}/unit.img`, ...size, create: true });

function deviceStore(after: After): Promise<BlockStore> {
  const medium = sparseFile(temporaryFolder(after), 'medium.img', STORE_BYTES);
  return openDeviceStore(disk, { path: loopDevice(after, medium), ...size });
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
describeBlockStore('file', (t) => fileStore(temporaryFolder(reversed(t))));
describeBlockStore('file on tmpfs', (t) => fileStore(smallFileSystem(reversed(t), 2 * STORE_BYTES)));
describeBlockStore('device', (t) => deviceStore(reversed(t)));
describeBlockStore('checked memory', async () => checked(new MemoryStore({ ...size, ...later })));
describeBlockStore('checked file', async (t) => checked(await fileStore(temporaryFolder(reversed(t)))));
describeBlockStore('checked device', async (t) => checked(await deviceStore(reversed(t))));
describeBlockStore('delayed, faulty memory', async () =>
  delay(
    faulty(new MemoryStore(size), () => null),
    (_, run) => void setImmediate(run),
  ),
);
