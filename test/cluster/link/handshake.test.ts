import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeHello, makeHello, ProtocolVersions } from '../../../src/cluster/link/handshake.ts';
import { RefuseReason } from '../../../src/wire/interconnect/refuse.ts';

const alpha = { cluster: 'demo', name: 'alpha', incarnation: '0011223344556677' };
const beta = { cluster: 'demo', name: 'beta', incarnation: '8899aabbccddeeff' };
const partners = new Set(['beta']);
const hello = makeHello(beta, 'alpha', 0, false);

function refusal(wrong: Partial<typeof hello>): number {
  const verdict = judgeHello({ ...hello, ...wrong }, alpha, partners, 7, false, null);
  assert.equal(verdict.kind, 'refused');
  return verdict.kind === 'refused' ? verdict.reason : 0;
}

describe('the handshake', () => {
  it('agrees on a generation and on the partner’s credit', () => {
    const verdict = judgeHello(hello, alpha, partners, 7, false, null);
    assert.deepEqual(verdict, {
      kind: 'agreed',
      terms: {
        partner: 'beta',
        version: ProtocolVersions.highest,
        incarnation: beta.incarnation,
        generation: 7,
        checksums: false,
        unsolicitedCredit: hello.unsolicitedCredit,
        exchangeLimit: hello.exchangeLimit,
      },
    });
  });

  it('takes the generation from the WELCOME on the dialing side', () => {
    const welcome = makeHello(alpha, 'beta', 41, false);
    const verdict = judgeHello(welcome, beta, new Set(['alpha']), null, false, null);
    assert.equal(verdict.kind === 'agreed' && verdict.terms.generation, 41);
  });

  it('sums payloads where either side wants it', () => {
    for (const [ours, theirs, agreed] of [
      [false, false, false],
      [true, false, true],
      [false, true, true],
    ] as const) {
      const verdict = judgeHello({ ...hello, wantsChecksums: theirs }, alpha, partners, 7, ours, null);
      assert.equal(verdict.kind === 'agreed' && verdict.terms.checksums, agreed);
    }
  });

  it('refuses another cluster, a system it does not know, and one that meant somebody else', () => {
    assert.equal(refusal({ cluster: 'other' }), RefuseReason.otherCluster);
    assert.equal(refusal({ system: 'gamma' }), RefuseReason.unknownSystem);
    assert.equal(refusal({ partner: 'gamma' }), RefuseReason.notTheOneMeant);
  });

  it('refuses a range of versions without its own', () => {
    const next = ProtocolVersions.highest + 1;
    assert.equal(refusal({ lowestVersion: next, highestVersion: next + 3 }), RefuseReason.version);
    assert.equal(refusal({ lowestVersion: 0, highestVersion: 0 }), RefuseReason.version);
    const wider = { ...hello, lowestVersion: 0, highestVersion: 9 };
    assert.equal(judgeHello(wider, alpha, partners, 7, false, null).kind, 'agreed');
  });

  it('refuses what is no greeting, and numbers out of bounds', () => {
    assert.equal(judgeHello(null, alpha, partners, 7, false, null).kind, 'refused');
    assert.equal(refusal({ exchangeLimit: 0 }), RefuseReason.malformed);
    const noGeneration = makeHello(alpha, 'beta', 0, false);
    assert.equal(judgeHello(noGeneration, beta, new Set(['alpha']), null, false, null).kind, 'refused');
  });
});
