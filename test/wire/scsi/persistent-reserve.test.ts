import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  encodeReadFullStatus,
  encodeReadReservation,
  encodeReportCapabilities,
} from '../../../src/wire/scsi/persistent-reserve-in.ts';
import { decodeRegisterAndMove } from '../../../src/wire/scsi/persistent-reserve-out.ts';
import { decodeTransportIds, encodeTransportId } from '../../../src/wire/scsi/transport-id.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const text = (written: string, length: number) => Buffer.from(written.padEnd(length, '\0'));

describe('TransportID', () => {
  test('of an initiator port, and of an initiator device', () => {
    const port = encodeTransportId({ initiatorName: 'iqn.x:a', isid: '00023d000001' });
    assert.equal(hex(port), `4500001c${hex(text('iqn.x:a,i,0x00023d000001', 28))}`);
    const device = encodeTransportId({ initiatorName: 'iqn.x:a', isid: null });
    assert.equal(hex(device), `05000014${hex(text('iqn.x:a', 20))}`);
  });

  test('there and back, several behind each other', () => {
    const ids = ['iqn.x:a', `iqn.${'y'.repeat(219)}`].flatMap((initiatorName) => [
      { initiatorName, isid: '00023d000001' },
      { initiatorName, isid: null },
    ]);
    assert.deepEqual(decodeTransportIds(Buffer.concat(ids.map(encodeTransportId))), ids);
  });

  test('case is folded, and a short ISID is filled up', () => {
    const bytes = Buffer.concat([Buffer.from([0x45, 0, 0, 20]), text('IQN.X:A,i,0x3D', 20)]);
    assert.deepEqual(decodeTransportIds(bytes), [{ initiatorName: 'iqn.x:a', isid: '00000000003d' }]);
  });

  const broken: Readonly<Record<string, readonly [number[], string]>> = {
    'another protocol': [[0x46, 0, 0, 20], 'iqn.x:a,i,0x1'],
    'a reserved format': [[0x85, 0, 0, 20], 'iqn.x:a,i,0x1'],
    'a length under 20': [[0x45, 0, 0, 16], 'iqn.x:a,i,0x1'],
    'a length that is no multiple of four': [[0x45, 0, 0, 21], 'iqn.x:a,i,0x1'],
    'a length past the end': [[0x45, 0, 0, 24], 'iqn.x:a,i,0x1'],
    'no null behind the name': [[0x45, 0, 0, 20], 'iqn.x:aaaaaaa,i,0x12'],
    'no name': [[0x45, 0, 0, 20], ',i,0x1'],
    'no separator': [[0x45, 0, 0, 20], 'iqn.x:a'],
    'an ISID that is no number': [[0x45, 0, 0, 20], 'iqn.x:a,i,0xg'],
    'an ISID that is too long': [[0x45, 0, 0, 20], 'iqn,i,0x123456789abcd'],
    'a port where a device is said': [[0x05, 0, 0, 20], 'iqn.x:a,i,0x1'],
    'a name with a control character': [[0x45, 0, 0, 20], 'iqn\u0001a,i,0x1'],
    'a name with a comma': [[0x45, 0, 0, 20], 'iqn,a,i,0x1'],
    'a name over 223 bytes': [[0x45, 0, 0, 240], `${'q'.repeat(224)},i,0x1`],
    'a cut-off header': [[0x45, 0], ''],
  };
  for (const [what, [header, name]] of Object.entries(broken)) {
    test(`${what} is none`, () => {
      const body =
        header.length < 4 ? [] : text(name, header[3] === 24 ? 20 : (header[3] ?? 0)).subarray(0, header[3]);
      assert.equal(decodeTransportIds(Uint8Array.from([...header, ...body])), null);
    });
  }
});

describe('PERSISTENT RESERVE IN data', () => {
  test('READ RESERVATION', () => {
    assert.equal(hex(encodeReadReservation(5, null)), '0000000500000000');
    const descriptor = { key: '0102030405060708', type: 6 } as const;
    assert.equal(
      hex(encodeReadReservation(5, descriptor)),
      '0000000500000010' + '0102030405060708' + '0000000000060000',
    );
  });

  test('REPORT CAPABILITIES', () => {
    assert.equal(hex(encodeReportCapabilities(true, true)), '00080d91ea010000');
    assert.equal(hex(encodeReportCapabilities(false, false)), '00080c90ea010000');
  });

  test('READ FULL STATUS', () => {
    const initiatorPort = { initiatorName: 'iqn.x:a', isid: '00023d000001' };
    const bytes = encodeReadFullStatus(1, [
      { key: '0102030405060708', holds: 3, relativePort: 9, initiatorPort },
    ]);
    assert.equal(
      hex(bytes),
      '00000001' +
        '00000038' +
        '0102030405060708' +
        '00000000' +
        '0103' +
        '00000000' +
        '0009' +
        '00000020' +
        hex(encodeTransportId(initiatorPort)),
    );
  });
});

describe('REGISTER AND MOVE list', () => {
  const id = encodeTransportId({ initiatorName: 'iqn.x:a', isid: '00023d000001' });
  const list = (ids: Uint8Array, length = ids.length) =>
    Uint8Array.from([...new Array<number>(15).fill(0), 7, 0, 3, 0, 9, 0, 0, 0, length, ...ids]);

  test('says where to', () => {
    assert.deepEqual(decodeRegisterAndMove(list(id)), {
      key: '0000000000000000',
      serviceActionKey: '0000000000000007',
      unregister: true,
      activatePersistence: true,
      relativePort: 9,
      to: { initiatorName: 'iqn.x:a', isid: '00023d000001' },
    });
  });

  test('has one TransportID, and its length', () => {
    assert.equal(decodeRegisterAndMove(list(id, id.length + 4)), 'wrongLength');
    assert.equal(decodeRegisterAndMove(list(id).subarray(0, 23)), 'wrongLength');
    assert.equal(decodeRegisterAndMove(list(new Uint8Array(0))), 'invalid');
    assert.equal(decodeRegisterAndMove(list(Buffer.concat([id, id]))), 'invalid');
  });
});
