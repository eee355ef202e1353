import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commands } from '../../src/scsi/command-table.ts';
import { conflicts, ReservationClass, Standing } from '../../src/scsi/reservation-table.ts';

const { free, writeExclusive, exclusiveAccess, reservedByOther, reservedBySelf } = Standing;

/** Under what each class ends with RESERVATION CONFLICT; every other cell lets it through. */
const refused: Readonly<Record<keyof typeof ReservationClass, readonly Standing[]>> = {
  allowed: [],
  ready: [reservedByOther],
  reads: [exclusiveAccess, reservedByOther],
  writes: [writeExclusive, exclusiveAccess, reservedByOther],
  stops: [writeExclusive, exclusiveAccess, reservedByOther],
  manages: [reservedByOther, reservedBySelf],
  reserves: [writeExclusive, exclusiveAccess],
};

/** SPC-4 and SBC-3: what reads or tells of the unit is let through by write exclusive, what changes it is not. */
const classes: Readonly<Record<keyof typeof ReservationClass, RegExp>> = {
  allowed:
    /^(requestSense|inquiry|readCapacity1[06]|report(Luns|TargetPortGroups|Timestamp|IdentifyingInformation))$/,
  ready: /^testUnitReady$/,
  reads:
    /^(read(6|10|12|16)|modeSense|logSense|populateToken|receiveRodToken|verify|preFetch|readDefectData|getLbaStatus|reportSupported)/,
  writes:
    /^(write|orWrite|compareAndWrite|unmap|modeSelect|synchronizeCache|setIdentifying|extendedCopy|copyOperation|receiveCopy)/,
  stops: /^startStopUnit$/,
  manages:
    /^(readKeys|readReservation|reportCapabilities|readFullStatus|register|reserve$|release$|clear|preempt)/,
  reserves: /^(reserve|release)(6|10)$/,
};

describe('reservation table', () => {
  for (const name of Object.keys(ReservationClass) as (keyof typeof ReservationClass)[]) {
    for (const [standing, value] of Object.entries(Standing)) {
      test(`${name} under ${standing}`, () => {
        assert.equal(conflicts[ReservationClass[name]]?.[value], refused[name].includes(value));
      });
    }
  }

  test('nothing stands against a nexus that is free, and there is no other cell', () => {
    assert.ok(conflicts.every((row) => row[free] === false && row.length === Object.keys(Standing).length));
    assert.equal(conflicts.length, Object.keys(ReservationClass).length);
  });

  test('each command is in the class that the standards put it in', () => {
    for (const { name, reservation } of commands) {
      const fits = (Object.keys(classes) as (keyof typeof ReservationClass)[]).filter((one) =>
        classes[one].test(name),
      );
      assert.deepEqual(
        fits.map((one) => ReservationClass[one]),
        [reservation],
        name,
      );
    }
  });
});
