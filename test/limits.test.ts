/** What has to hold between the limits: whoever changes one sees here what else it is tied to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CopyLimits,
  DiskLimits,
  IscsiLimits,
  LinkLimits,
  ScsiLimits,
  StopLimits,
  StreamLimits,
} from '../src/limits.ts';

const relations: readonly (readonly [what: string, holds: boolean])[] = [
  [
    'the unit’s bounds come before the session’s on the whole command',
    ScsiLimits.waitingMilliseconds + ScsiLimits.longStoreCallMilliseconds < IscsiLimits.commandMilliseconds,
  ],
  [
    'a copy ends, with its last command, before the session gives it up',
    CopyLimits.copyMilliseconds + ScsiLimits.waitingMilliseconds + ScsiLimits.storeCallMilliseconds <
      IscsiLimits.commandMilliseconds,
  ],
  [
    'all descriptors that are allowed fit their list',
    CopyLimits.maxCscdDescriptors * 32 + CopyLimits.maxSegmentDescriptors * 28 <=
      CopyLimits.maxDescriptorListLength,
  ],
  ['a piece of a copy is a segment of a write', CopyLimits.pieceLength <= ScsiLimits.writeSegmentLength],
  [
    'a stop is over before systemd’s 90 s are',
    IscsiLimits.logoutMilliseconds +
      IscsiLimits.drainMilliseconds +
      StopLimits.interconnectMilliseconds +
      StopLimits.storesMilliseconds <
      90_000,
  ],
  [
    'a closing store has the time of a flush',
    ScsiLimits.longStoreCallMilliseconds < StopLimits.storesMilliseconds,
  ],
  ['a segment may be written on the loop', ScsiLimits.writeSegmentLength <= DiskLimits.loopWriteLength],
  ['a first burst is no longer than a burst', IscsiLimits.firstBurstLength <= IscsiLimits.maxBurstLength],
  [
    'a client has time to answer a ping',
    IscsiLimits.pingMilliseconds + 2 * IscsiLimits.lookMilliseconds < IscsiLimits.silenceMilliseconds,
  ],
  ['a ping falls on a look', IscsiLimits.pingMilliseconds % IscsiLimits.lookMilliseconds === 0],
  ['a read set fits a command’s credit', IscsiLimits.readSetLength <= IscsiLimits.dataInPerCommand],
  ['a segment fits a burst', IscsiLimits.maxRecvDataSegmentLength <= IscsiLimits.maxBurstLength],
  ['a command’s credit fits its session’s', IscsiLimits.dataInPerCommand <= IscsiLimits.dataInPerSession],
  [
    'a command that waits for an acknowledgement has asked for it',
    IscsiLimits.recoverableBurstLength + IscsiLimits.readSetLength <= IscsiLimits.dataInPerCommand,
  ],
  [
    'what clients acknowledge as they should stays below the bound',
    IscsiLimits.dataInPerSession +
      (IscsiLimits.commandWindow + IscsiLimits.immediateCommands) * IscsiLimits.recoverableBurstLength <=
      IscsiLimits.keptDataBytes,
  ],
  [
    'a write without a connection holds others up no longer than one whose client holds its data back',
    (IscsiLimits.time2WaitSeconds + IscsiLimits.time2RetainSeconds) * 1000 <= IscsiLimits.dataOutMilliseconds,
  ],
  ['a data segment fits a frame', IscsiLimits.maxRecvDataSegmentLength <= LinkLimits.payloadLength],
  ['callers in a handshake leave room for links', LinkLimits.maxGreetings < StreamLimits.maxTlsConnections],
  ['a read set fits a frame', LinkLimits.maxReadSetLength <= LinkLimits.payloadLength],
  [
    'every target port has its place in VPD page 88h: header, name, portal group tag',
    ScsiLimits.maxTargetPorts * (16 + IscsiLimits.maxNameBytes + 13) <= 0xffff,
  ],
  [
    'identifying information fits its place on disk, in hexadecimal',
    2 * (ScsiLimits.maxIdentifierBytes + ScsiLimits.maxIdentifyingTextBytes) + 64 <=
      ScsiLimits.savedIdentifyingInformationBytes,
  ],
  [
    'all registrations fit their place on disk',
    ScsiLimits.maxRegistrants * (2 * IscsiLimits.maxNameBytes + 66) <= ScsiLimits.savedReservationsBytes,
  ],
  [
    'probes come more often than silence is noticed',
    LinkLimits.probeMilliseconds * 2 < LinkLimits.silenceMilliseconds,
  ],
  [
    'a command ends at its owner, after its session was dropped too, before the owner is said to have forgotten it',
    IscsiLimits.commandMilliseconds + ScsiLimits.longStoreCallMilliseconds + 2 * ScsiLimits.lookMilliseconds <
      LinkLimits.exchangeMilliseconds,
  ],
  [
    'a link that stalls is slow before it is dead',
    LinkLimits.probeMilliseconds * LinkLimits.slowProbes < LinkLimits.silenceMilliseconds,
  ],
  [
    'probes are remembered for longer than silence lasts',
    LinkLimits.rememberedProbes * LinkLimits.probeMilliseconds > LinkLimits.silenceMilliseconds,
  ],
  [
    'a probe that is not answered when the next one is due is a late one',
    LinkLimits.slowMilliseconds < LinkLimits.probeMilliseconds,
  ],
  [
    'what is steady is not slow',
    LinkLimits.steadyFactor < LinkLimits.slowFactor &&
      LinkLimits.steadyMilliseconds < LinkLimits.slowMilliseconds,
  ],
];

for (const [what, holds] of relations) test(what, () => assert.ok(holds));
