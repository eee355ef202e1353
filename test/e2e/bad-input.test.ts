/** Issue 2, "Bad input": a clear error, and nothing lost. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Cluster } from '../support/cluster.ts';
import { qemuIo } from '../support/disk.ts';
import { converse } from '../support/raw-connection.ts';
import { linkOf } from '../support/status.ts';
import { tool } from '../support/tools.ts';

describe('a system that cannot start says why, and ends with 1', () => {
  let cluster: Cluster;
  beforeEach(async () => {
    cluster = await Cluster.make();
  });
  afterEach(() => cluster.end());

  /** Starts alpha, which must not get ready. Gives what it said. */
  async function refusal(): Promise<string> {
    await assert.rejects(cluster.startSystem('alpha'));
    const alpha = cluster.system('alpha');
    assert.equal(await alpha.ended(), 1);
    return alpha.said;
  }

  test('a portal that is in use', async () => {
    const { host, port } = cluster.port('alpha-proxy').portal;
    const other = net.createServer();
    await new Promise<void>((resolve) => other.listen(port, host, resolve));
    try {
      const said = await refusal();
      assert.match(said, /alpha-proxy/);
      assert.match(said, new RegExp(`${host}:${port}`));
      assert.match(said, /EADDRINUSE/);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  test('a store that is shorter than the configuration says: it is left as it is', async () => {
    const file = cluster.storePath('vol-a');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, 'precious');
    const said = await refusal();
    assert.match(said, /vol-a/);
    assert.match(said, /8\b/, 'the size that it has');
    assert.equal(await readFile(file, 'utf8'), 'precious');
  });

  test('a store that is a folder', async () => {
    const file = cluster.storePath('vol-a');
    await mkdir(file, { recursive: true });
    const said = await refusal();
    assert.match(said, /vol-a/);
  });

  test('a store that has gone after it was made is not quietly made anew', async () => {
    await cluster.startSystem('alpha');
    await cluster.system('alpha').stop();
    const file = cluster.storePath('vol-a');
    await rename(file, `${file}.elsewhere`);
    const said = await refusal();
    assert.match(said, /vol-a/);
    await assert.rejects(stat(file), { code: 'ENOENT' });
    await rename(`${file}.elsewhere`, file);
    await cluster.startSystem('alpha');
    await cluster.system('alpha').stop();
  });

  test('a state folder that another process uses', async () => {
    await cluster.startSystem('alpha');
    const first = cluster.system('alpha');
    try {
      const said = await refusal();
      assert.match(said, /another process/);
      assert(first.isRunning);
    } finally {
      await first.stop();
    }
  });
});

describe('bytes that are no iSCSI', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.end());

  const hostile: readonly [string, Buffer][] = [
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(4))],
    ['zeroes', Buffer.alloc(48)],
    ['all ones', Buffer.alloc(4096, 0xff)],
    ['a login that announces 16 MiB of data', header({ opcode: 0x43, dataLength: 0xffffff })],
    ['a login with additional header segments past its end', header({ opcode: 0x43, ahsLength: 255 })],
    ['a command before login', header({ opcode: 0x01, dataLength: 0 })],
    ['a NOP-Out before login', header({ opcode: 0x40, dataLength: 0 })],
  ];
  for (const port of ['alpha-local', 'alpha-proxy', 'alpha-all']) {
    for (const [what, bytes] of hostile) {
      test(`${what} to ${port} ends that connection alone`, async () => {
        const { portal } = cluster.port(port);
        // Padded so that a target which waits for the announced rest still gets more than one header.
        const answer = await converse(portal, Buffer.concat([bytes, Buffer.alloc(1024)]));
        if (answer.length > 0) assert.equal((answer[0] ?? 0) & 0x3f, 0x23, 'nothing but a Login Response');
      });
    }
  }

  test('and the portals still serve those who speak it', async () => {
    await qemuIo(cluster.disk('alpha-proxy', 2), 'write -P 0x51 0 1M', 'read -P 0x51 0 1M');
    await qemuIo(cluster.disk('alpha-all', 1), 'write -P 0x52 0 1M', 'read -P 0x52 0 1M');
  });

  test('garbage on the interconnect ends that connection, and the link between the systems lives on', async () => {
    const before = linkOf(await cluster.status(), 'alpha').generation;
    for (const [, bytes] of hostile)
      await converse(cluster.interconnect.target, Buffer.concat([bytes, Buffer.alloc(4096)]));
    const status = await cluster.untilLinked();
    assert.equal(linkOf(status, 'alpha').generation, before);
    await qemuIo(cluster.disk('alpha-proxy', 2), 'write -P 0x53 0 64k', 'read -P 0x53 0 64k');
  });
});

test('a frame that changed on its way ends the link, with its reason, and the next one works', async () => {
  const cluster = await Cluster.start();
  try {
    const before = linkOf(await cluster.status(), 'alpha').generation;
    // Nothing but probes is on the way: the byte is a frame's first.
    cluster.interconnect.corruptNext();
    const status = await cluster.until('there is another link', ({ links }) =>
      links.every(({ state, generation }) => state === 'up' && generation !== before),
    );
    const reasons = ['alpha', 'beta'].map((name) => linkOf(status, name).lastLoss ?? '');
    assert(
      reasons.some((reason) => /checksum/.test(reason)),
      reasons.join('; '),
    );
    await qemuIo(cluster.disk('alpha-proxy', 2), 'write -P 0x54 0 1M', 'read -P 0x54 0 1M');
  } finally {
    await cluster.end();
  }
});

test('a store on a file system that is read-only', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'crosspath-readonly-'));
  const file = path.join(folder, 'vol');
  await tool('mount', '-t', 'tmpfs', '-o', 'size=1M', 'tmpfs', folder);
  const cluster = await Cluster.make({
    units: [{ name: 'vol-a', owner: 'alpha', lun: 1, size: '64MiB', store: { file } }],
  });
  try {
    await writeFile(file, '');
    await truncate(file, 64 << 20);
    await tool('mount', '-o', 'remount,ro', folder);
    await assert.rejects(cluster.startSystem('alpha'));
    const alpha = cluster.system('alpha');
    assert.equal(await alpha.ended(), 1);
    assert.match(alpha.said, /vol-a.*read-only/);
  } finally {
    await cluster.end();
    await tool('umount', folder);
    await rm(folder, { recursive: true });
  }
});

test('a partner of another cluster is refused, and both say so', async () => {
  const cluster = await Cluster.make();
  try {
    await cluster.startSystem('alpha');
    const file = path.join(cluster.folder, 'beta.toml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('name = "e2e"', 'name = "another"'));
    await cluster.startSystem('beta');
    for (const name of ['alpha', 'beta'] as const)
      await cluster.system(name).log.waitFor(/another|e2e/, 10_000);
    const status = await cluster.status();
    assert.notEqual(linkOf(status, 'alpha').state, 'up');
  } finally {
    await cluster.end();
  }
});

interface HeaderFields {
  readonly opcode: number;
  readonly dataLength?: number;
  readonly ahsLength?: number;
}

/** A basic header segment (RFC 7143 11.2.1). */
function header({ opcode, dataLength = 0, ahsLength = 0 }: HeaderFields): Buffer {
  const bytes = Buffer.alloc(48);
  bytes[0] = opcode;
  bytes[1] = 0x87;
  bytes[4] = ahsLength;
  bytes.writeUIntBE(dataLength, 5, 3);
  return bytes;
}
