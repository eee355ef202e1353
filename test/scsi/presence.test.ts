import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Order } from '../../src/scsi/order.ts';
import { Presence } from '../../src/scsi/presence.ts';

function make() {
  const order = new Order();
  const answers: (() => void)[] = [];
  const presence = new Presence(order, 0, (answered) => answers.push(answered));
  return { order, answers, presence };
}

describe('the presence of an initiator', () => {
  it('is proven up to the moment at which the ping was sent that it has answered', () => {
    const { order, answers, presence } = make();
    const before = order.next();
    let told = 0;
    presence.prove(() => {
      told += 1;
    });
    const behind = order.next();
    assert.equal(presence.provenAt, 0);
    answers[0]?.();
    assert.equal(told, 1);
    assert.ok(presence.provenAt > before && presence.provenAt < behind);
  });

  it('is asked for once, however many wait for the answer', () => {
    const { answers, presence } = make();
    let told = 0;
    for (let each = 0; each < 5; each += 1) {
      presence.prove(() => {
        told += 1;
      });
    }
    assert.equal(answers.length, 1);
    answers[0]?.();
    assert.equal(told, 5);
    presence.prove(() => {});
    assert.equal(answers.length, 2);
  });

  it('may be asked for again by who was told that it is too old', () => {
    const { answers, presence } = make();
    let rounds = 0;
    const again = () => {
      rounds += 1;
      if (rounds < 3) presence.prove(again);
    };
    presence.prove(again);
    for (let next = answers.shift(); next !== undefined; next = answers.shift()) next();
    assert.equal(rounds, 3);
  });
});
