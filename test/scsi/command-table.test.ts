import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commandOf, commands, usesOnlyKnownFields } from '../../src/scsi/command-table.ts';
import { ConflictClass } from '../../src/scsi/conflict-table.ts';
import { handlers } from '../../src/scsi/local-unit/handlers.ts';
import { hereCommands } from '../../src/scsi/router/here-commands.ts';
import { cdbLength } from '../../src/wire/scsi/cdb.ts';

describe('command table', () => {
  test('usage data is as long as the CDB, begins with the operation code, and holds the service action', () => {
    for (const { name, usage, operationCode, serviceAction } of commands) {
      assert.equal(usage.length, cdbLength(operationCode), name);
      assert.equal(usage[0], operationCode, name);
      if (serviceAction !== null) assert.equal((usage[1] ?? 0) & 0x1f, serviceAction, name);
      assert.equal(usage.at(-1), 0, `${name}: CONTROL`);
    }
  });

  test('is in order of operation code and service action, each once', () => {
    const keys = commands.map((spec) => spec.operationCode * 32 + (spec.serviceAction ?? 0));
    assert.deepEqual(
      keys,
      [...new Set(keys)].sort((a, b) => a - b),
    );
  });

  test('finds each command by its CDB, and accepts its own usage data', () => {
    for (const spec of commands) {
      assert.equal(commandOf(spec.usage), spec);
      assert.ok(usesOnlyKnownFields(spec, spec.usage));
      assert.ok(!usesOnlyKnownFields(spec, spec.usage.with(spec.usage.length - 1, 1)));
    }
    assert.equal(commandOf(Uint8Array.of(0xc0)), 'noOperation');
    assert.equal(commandOf(Uint8Array.of(0x9e, 0x1f)), 'noServiceAction');
  });

  test('every command is run here, by the owner, or by the copy manager when the owner has let it through', () => {
    for (const spec of commands) {
      assert.equal(handlers[spec.index] !== undefined, spec.runsAt !== 'here', spec.name);
      const isThirdPartyCopy = spec.operationCode === 0x83 || spec.operationCode === 0x84;
      const isCopyManagers = isThirdPartyCopy && spec.name !== 'populateToken';
      assert.equal(isCopyManagers, spec.runsAt === 'copyManager', spec.name);
      const isHere = spec.runsAt === 'here' || spec.runsAt === 'either';
      assert.equal(spec.name in hereCommands, isHere, spec.name);
    }
  });

  test('what changes blocks is a write or takes the whole unit', () => {
    for (const { name, conflict, runsAt } of commands) {
      // The copy manager writes with commands of its own.
      if (runsAt === 'copyManager') continue;
      const changes = /^(write|orWrite|compareAndWrite|unmap)/.test(name);
      assert.equal(changes && conflict < ConflictClass.write, false, name);
    }
  });
});
