import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Relay } from './relay.ts';

describe('a relay', () => {
  let server: net.Server;
  let relay: Relay;
  const accepted: net.Socket[] = [];
  beforeEach(async () => {
    server = net.createServer((socket) => {
      accepted.push(socket);
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert(address !== null && typeof address === 'object');
    relay = await Relay.to({ host: '127.0.0.1', port: address.port });
  });
  afterEach(async () => {
    await relay.close();
    for (const socket of accepted.splice(0)) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  async function connect(): Promise<net.Socket> {
    const socket = net.connect({ host: '127.0.0.1', port: relay.port });
    await once(socket, 'connect');
    return socket;
  }

  async function echo(socket: net.Socket, text: string): Promise<void> {
    socket.write(text);
    const [answer] = await once(socket, 'data');
    assert.equal(String(answer), text);
  }

  test('passes bytes both ways', async () => {
    const socket = await connect();
    await echo(socket, 'there and back');
    assert.equal(relay.connections, 1);
    socket.destroy();
  });

  test('lets nothing through while it stalls, and all of it afterwards', async () => {
    const socket = await connect();
    await echo(socket, 'before');
    relay.stall();
    let early = true;
    const answered = once(socket, 'data').then(([answer]) => {
      assert(!early, 'nothing comes through a stalled relay');
      assert.equal(String(answer), 'held');
    });
    socket.write('held');
    // Whatever another connection of this process does by now, the stalled one has had its chance.
    await echo(net.connect({ ...relay.target }), 'around it');
    early = false;
    relay.heal();
    await answered;
    socket.destroy();
  });

  test('stalls by itself once so much has come from the target', async () => {
    const socket = await connect();
    relay.stallAfter(6);
    await echo(socket, 'before');
    let early = true;
    const answered = once(socket, 'data').then(() => assert(!early, 'nothing comes through a stalled relay'));
    socket.write('held');
    await echo(net.connect({ ...relay.target }), 'around it');
    early = false;
    relay.heal();
    await answered;
    socket.destroy();
  });

  test('lets what a client sends wait while it delays, and in order when it is healed', async () => {
    const socket = await connect();
    relay.delay(1000);
    let text = '';
    const all = new Promise<void>((resolve) => {
      socket.on('data', (answer) => {
        text += answer;
        if (text.length === 3) resolve();
      });
    });
    socket.write('1');
    await echo(net.connect({ ...relay.target }), 'around it');
    assert.equal(text, '');
    relay.heal();
    socket.write('23');
    await all;
    assert.equal(text, '123');
    socket.destroy();
  });

  test('resets both ends and refuses others, until it is healed', async () => {
    const socket = await connect();
    await echo(socket, 'before');
    relay.reset();
    await assert.rejects(once(socket, 'end'), { code: 'ECONNRESET' });
    const refused = net.connect({ host: '127.0.0.1', port: relay.port });
    await assert.rejects(once(refused, 'end'), { code: 'ECONNRESET' });
    relay.heal();
    const another = await connect();
    await echo(another, 'after');
    another.destroy();
  });

  test('withdraws: resets both ends, and nobody listens until it is healed', async () => {
    const socket = await connect();
    await echo(socket, 'before');
    relay.withdraw();
    const [error] = await once(socket, 'error');
    assert.equal(error.code, 'ECONNRESET');
    const [refusal] = await once(net.connect({ host: '127.0.0.1', port: relay.port }), 'error');
    assert.equal(refusal.code, 'ECONNREFUSED');
    relay.heal();
    const other = await connect();
    await echo(other, 'after');
    other.destroy();
  });

  test('cuts both ends and refuses others, until it is healed', async () => {
    const socket = await connect();
    await echo(socket, 'before');
    relay.cut();
    await once(socket, 'end');
    const refused = net.connect({ host: '127.0.0.1', port: relay.port });
    refused.resume();
    await once(refused, 'end');
    relay.heal();
    const another = await connect();
    await echo(another, 'after');
    another.destroy();
  });

  test('passes everything, in order, while it splits', async () => {
    const socket = await connect();
    await echo(socket, 'before');
    relay.split(3);
    let pieces = 0;
    accepted[0]?.on('data', () => {
      pieces += 1;
    });
    await collect(socket, 'in pieces of three at the most');
    assert(pieces > 1);
    relay.heal();
    await collect(socket, 'and as it comes again');
    socket.destroy();
  });

  test('passes a little at a time while it throttles, and all of the rest when it is healed', async () => {
    const socket = await connect();
    relay.throttle(1);
    socket.write('slow');
    const [first] = await once(socket, 'data');
    assert.equal(String(first), 's');
    const rest = collect(socket, '', 'low');
    relay.heal();
    await rest;
    socket.destroy();
  });

  test('stalls what comes from the target alone', async () => {
    const socket = await connect();
    await echo(socket, 'before');
    relay.stall('fromServer');
    const [peer] = accepted;
    assert(peer);
    const arrived = once(peer, 'data');
    let early = true;
    const answered = once(socket, 'data').then(() => assert(!early));
    socket.write('there, and not back');
    assert.equal(String((await arrived)[0]), 'there, and not back');
    await echo(net.connect({ ...relay.target }), 'around it');
    early = false;
    relay.heal();
    await answered;
    socket.destroy();
  });

  test('resets a connection too that one end has half closed', { timeout: 10_000 }, async () => {
    const socket = net.connect({ host: '127.0.0.1', port: relay.port, allowHalfOpen: true });
    await echo(socket, 'before');
    const [peer] = accepted;
    assert(peer);
    relay.stall('fromServer');
    const ended = once(peer, 'end');
    socket.end();
    await ended;
    const closed = [once(socket, 'close').catch(() => {}), once(peer, 'close')];
    relay.reset();
    await Promise.all(closed);
    assert.equal(relay.connections, 0);
  });

  /** Sends a text, and waits until all of it (or what is expected) has come back. */
  async function collect(socket: net.Socket, text: string, expected = text): Promise<void> {
    let come = '';
    const whole = new Promise<void>((resolve) => {
      const take = (chunk: Buffer) => {
        come += String(chunk);
        if (come.length < expected.length) return;
        socket.off('data', take);
        resolve();
      };
      socket.on('data', take);
    });
    socket.write(text);
    await whole;
    assert.equal(come, expected);
  }
});
