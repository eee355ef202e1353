import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExchangeTable, ServedTable } from '../../../src/cluster/link/exchange-table.ts';

function open(table: ExchangeTable<string>, exchange: string): number {
  const number = table.reserve();
  if (number !== 0) table.open(number, exchange);
  return number;
}

describe('the exchanges that we began', () => {
  it('have numbers that are never 0 and name slot and turn', () => {
    const table = new ExchangeTable<string>(4);
    const first = open(table, 'a');
    const second = open(table, 'b');
    assert.deepEqual([first, second], [0x1_0000, 0x1_0001]);
    assert.equal(table.find(first), 'a');
    assert.equal(table.size, 2);
  });

  it('use a slot again with another turn, so that a late frame finds nothing', () => {
    const table = new ExchangeTable<string>(4);
    const first = open(table, 'a');
    table.close(first);
    const second = open(table, 'b');
    assert.equal(second, 0x2_0000);
    assert.equal(table.find(first), null);
    assert.equal(table.find(second), 'b');
  });

  it('are as many as the limit allows, and 0 says that there are', () => {
    const table = new ExchangeTable<string>(2);
    const first = open(table, 'a');
    open(table, 'b');
    assert.equal(open(table, 'c'), 0);
    table.close(first);
    assert.notEqual(open(table, 'c'), 0);
  });

  it('wrap their turn from 65535 to 1, never to 0', () => {
    const table = new ExchangeTable<string>(1);
    let number = 0;
    for (let turn = 0; turn < 0xffff; turn++) {
      number = open(table, 'a');
      table.close(number);
    }
    assert.equal(number, 0xffff_0000);
    assert.equal(open(table, 'a'), 0x1_0000);
  });

  it('cannot be closed twice', () => {
    const table = new ExchangeTable<string>(1);
    const number = open(table, 'a');
    table.close(number);
    assert.throws(() => table.close(number), /not open/);
  });
});

describe('the exchanges that the partner began', () => {
  it('may begin with a free slot, a turn of their own and a slot below the limit', () => {
    const table = new ServedTable<string>(2);
    assert.equal(table.mayBegin(0), false);
    assert.equal(table.mayBegin(0x0001), false, 'turn 0');
    assert.equal(table.mayBegin(0x1_0002), false, 'slot above the limit');
    assert.equal(table.mayBegin(0x1_0001), true);
    table.begin(0x1_0001, 'a');
    assert.equal(table.mayBegin(0x1_0001), false, 'running');
    assert.equal(table.mayBegin(0x2_0001), false, 'the slot runs another');
    table.end(0x1_0001);
    assert.equal(table.mayBegin(0x1_0001), false, 'ended just now');
    assert.equal(table.mayBegin(0x2_0001), true);
  });

  it('are known as ended until the slot has its next', () => {
    const table = new ServedTable<string>(2);
    table.begin(0x1_0000, 'a');
    assert.equal(table.find(0x1_0000), 'a');
    table.end(0x1_0000);
    assert.equal(table.find(0x1_0000), 'ended');
    table.begin(0x2_0000, 'b');
    assert.equal(table.find(0x1_0000), null);
    assert.equal(table.find(0x3_0000), null);
    assert.deepEqual(table.running(), ['b']);
    assert.equal(table.size, 1);
  });
});
