/** The headers of the PDUs that a simulated client sends. */
import { BHS_LENGTH } from '../../src/wire/iscsi/bhs.ts';
import { encodeDataOut } from '../../src/wire/iscsi/data-out.ts';
import { encodeLoginRequest, LoginStage } from '../../src/wire/iscsi/login-request.ts';
import { encodeLogoutRequest, LogoutReason } from '../../src/wire/iscsi/logout-request.ts';
import { encodeScsiCommand } from '../../src/wire/iscsi/scsi-command.ts';
import {
  encodeTaskManagementRequest,
  type TaskFunction,
} from '../../src/wire/iscsi/task-management-request.ts';
import { encodeText } from '../../src/wire/iscsi/text.ts';
import { encodeLun, LUN_LENGTH } from '../../src/wire/scsi/lun.ts';
import type { SentCommand } from './sent-command.ts';

export interface SessionTraits {
  readonly initialR2T: boolean;
  readonly immediateData: boolean;
  readonly firstBurst: number;
  readonly maxBurst: number;
  /** What this end takes in one PDU. */
  readonly segment: number;
}

/** What every request says of the session's counters. */
export interface Counters {
  readonly initiatorTaskTag: number;
  readonly cmdSN: number;
  readonly expStatSN: number;
}

export function loginText(pairs: Readonly<Record<string, string>>, traits: SessionTraits): Uint8Array {
  const yesNo = (yes: boolean): string => (yes ? 'Yes' : 'No');
  return encodeText(
    Object.entries({
      ...pairs,
      SessionType: 'Normal',
      InitialR2T: yesNo(traits.initialR2T),
      ImmediateData: yesNo(traits.immediateData),
      FirstBurstLength: String(traits.firstBurst),
      MaxBurstLength: String(traits.maxBurst),
      MaxRecvDataSegmentLength: String(traits.segment),
    }),
  );
}

/** What a command with so much write data sends without being asked: up to `burst`, `atOnce` of it in the command's own PDU. */
export function firstBurst(
  keys: ReadonlyMap<string, string>,
  length: number,
): { readonly burst: number; readonly atOnce: number; readonly final: boolean } {
  const burst = Math.min(length, Number(keys.get('FirstBurstLength') ?? 65_536));
  const atOnce = keys.get('ImmediateData') === 'Yes' ? Math.min(burst, segmentLimit(keys)) : 0;
  return { burst, atOnce, final: keys.get('InitialR2T') !== 'No' || atOnce === burst };
}

export function segmentLimit(keys: ReadonlyMap<string, string>): number {
  return Number(keys.get('MaxRecvDataSegmentLength') ?? 8192);
}

/** One request, from the operational stage to the full feature phase. */
export function loginHeader(isid: string, cmdSN: number, textLength: number): Uint8Array {
  const header = new Uint8Array(BHS_LENGTH);
  const stages = { currentStage: LoginStage.operational, nextStage: LoginStage.fullFeature };
  const fields = { transit: true, continues: false, versionMax: 0, versionMin: 0, tsih: 0, connectionId: 0 };
  const sequence = { initiatorTaskTag: 0, cmdSN, expStatSN: 0 };
  encodeLoginRequest({ ...fields, ...stages, ...sequence, isid, dataSegmentLength: textLength }, header);
  return header;
}

/** `atOnce`: bytes of immediate data. `final`: no unsolicited data follows. */
export function commandHeader(
  { request, tag, cmdSN }: SentCommand,
  expStatSN: number,
  atOnce: number,
  final: boolean,
): Uint8Array {
  const header = new Uint8Array(BHS_LENGTH);
  const { dataOut, dataInLength, cdb } = request;
  const pdu = {
    immediate: false,
    final,
    attributes: 1,
    read: dataInLength > 0,
    write: dataOut.length > 0,
    dataSegmentLength: atOnce,
    expectedDataTransferLength: dataOut.length + dataInLength,
    initiatorTaskTag: tag,
    cmdSN,
    expStatSN,
    lun: lunBytes(request.lun),
    cdb,
  };
  encodeScsiCommand(pdu, header);
  return header;
}

export function dataOutHeader(
  { request, tag }: SentCommand,
  expStatSN: number,
  place: {
    readonly targetTransferTag: number;
    readonly dataSN: number;
    readonly bufferOffset: number;
    readonly dataSegmentLength: number;
    readonly final: boolean;
  },
): Uint8Array {
  const header = new Uint8Array(BHS_LENGTH);
  const { targetTransferTag, dataSN, bufferOffset, dataSegmentLength, final } = place;
  const lun = lunBytes(request.lun);
  encodeDataOut(
    {
      final,
      dataSegmentLength,
      lun,
      initiatorTaskTag: tag,
      targetTransferTag,
      expStatSN,
      dataSN,
      bufferOffset,
    },
    header,
  );
  return header;
}

export function managementHeader(
  what: TaskFunction,
  lun: number,
  reference: { readonly referencedTaskTag: number; readonly refCmdSN: number },
  counters: Counters,
): Uint8Array {
  const header = new Uint8Array(BHS_LENGTH);
  const request = {
    immediate: true,
    function: what,
    lun: lunBytes(lun),
    ...reference,
    ...counters,
    expDataSN: 0,
  };
  encodeTaskManagementRequest(request, header);
  return header;
}

export function logoutHeader(counters: Counters): Uint8Array {
  const header = new Uint8Array(BHS_LENGTH);
  const reason = LogoutReason.closeSession;
  encodeLogoutRequest({ immediate: true, reason, connectionId: 0, ...counters }, header);
  return header;
}

function lunBytes(lun: number): Uint8Array {
  const bytes = new Uint8Array(LUN_LENGTH);
  encodeLun(lun, bytes, 0);
  return bytes;
}
