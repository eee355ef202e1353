/** What may be skipped, and what fails by the tool's fault: by the name of the test, with the reason. Everything else has to pass. */
import type { Outcome } from './iscsi-test-cu.ts';

const COPY = 'EXTENDED COPY and RECEIVE COPY RESULTS are not built';
const REMOVABLE = 'a unit of ours is not removable: there is nothing to eject, and no removal to prevent';
const SANITIZE = 'SANITIZE is not built: INVALID COMMAND OPERATION CODE says so';
const ATOMIC =
  'WRITE ATOMIC (16) is not built: no store of ours keeps a write of several blocks whole through a power loss';
const ZERO_BLOCKS =
  'the unit says WSNZ in its Block Limits page: a WRITE SAME of zero blocks is refused, not one of all to the end';
const TARGET_RESET =
  'TARGET WARM RESET and TARGET COLD RESET, which RFC 7143 leaves to the target, are answered with "function not supported"';

/** Tests that say nothing of the target: they are not run. */
export const notRun: ReadonlyMap<string, string> = new Map([
  [
    'iSCSITMF.LUNResetSimpleAsync',
    'libiscsi 1.19 frees the task and uses it in the logout behind it, so that the tool crashes or not by chance',
  ],
]);

/** Tests that the tool skips by itself. */
export const skips: ReadonlyMap<string, string> = new Map([
  ...named(
    COPY,
    'ExtendedCopy',
    'Simple',
    'ParamHdr',
    'DescrLimits',
    'DescrType',
    'ValidTgtDescr',
    'ValidSegDescr',
  ),
  ...named(COPY, 'ReceiveCopyResults', 'CopyStatus', 'OpParams'),
  ...named(
    REMOVABLE,
    'PreventAllow',
    'Simple',
    'Eject',
    'ITNexusLoss',
    'Logout',
    'WarmReset',
    'ColdReset',
    'LUNReset',
    '2ITNexuses',
  ),
  ...named(REMOVABLE, 'StartStopUnit', 'Simple'),
  ...named(
    'it wants a write-protected unit, and the one that it is given has to be written',
    'ReadOnly',
    'ReadOnlySBC',
  ),
  ...named(
    'the tool takes the refusal that it asks for here, INVALID FIELD IN CDB without a field pointer, for a command that is not there (status_is_invalid_opcode in its iscsi-support.c)',
    'ReportSupportedOpcodes',
    'OneCommand',
  ),
  ...named(TARGET_RESET, 'Reserve6', 'TargetColdReset', 'TargetWarmReset'),
  ...named(
    SANITIZE,
    'Sanitize',
    'BlockErase',
    'BlockEraseReserved',
    'CryptoErase',
    'CryptoEraseReserved',
    'ExitFailureMode',
    'InvalidServiceAction',
    'Overwrite',
    'OverwriteReserved',
    'Readonly',
    'Reservations',
    'Reset',
  ),
  ...named(ATOMIC, 'WriteAtomic16', 'Simple', 'BeyondEol', 'ZeroBlocks', 'WriteProtect', 'DpoFua', 'VPD'),
  ...named(ZERO_BLOCKS, 'WriteSame10', 'ZeroBlocks'),
  ...named(ZERO_BLOCKS, 'WriteSame16', 'ZeroBlocks'),
]);

function named(reason: string, suite: string, ...tests: readonly string[]): [string, string][] {
  return tests.map((test) => [`${suite}.${test}`, reason]);
}

export interface ToolFault {
  readonly why: string;
  /** PDUs as a relay in front of the portal recorded them, without what is beside the point. */
  readonly trace: string;
}

/** Tests whose failure is the tool's fault. */
export const toolFaults: ReadonlyMap<string, ToolFault> = new Map([
  [
    'GetLBAStatus.UnmapSingle',
    {
      why: `The second loop of \`test_get_lba_status_unmap_single.c\` unmaps the blocks below LBA i, asks with GET LBA STATUS for LBA **i + 1**, and fails where the first
descriptor does not begin at **i + lbppb** (logical blocks per physical block). The two are the same only where that is 1. Here it is 8. SBC-3 5.4.2: the first descriptor begins at the STARTING LOGICAL
BLOCK ADDRESS of the CDB, and so does ours. In its first loop, where the test asks for the LBA that it expects, every answer is right.`,
      trace: `UNMAP                      LBA 0, 8 blocks (i = 8 = lbppb)
SCSI Response              GOOD
GET LBA STATUS             STARTING LBA 9, ALLOCATION LENGTH 24   9e 12 00000000 00000009 00000018 00 00
Data-In, with the status   LBA 9, 255 blocks, mapped              00000014 00000000 00000000 00000009 000000ff 00 000000
                           the tool wants LBA 16`,
    },
  ],
  [
    'iSCSIdatasn.iSCSIDataSnInvalid',
    {
      why: `\`test_iscsi_datasn_invalid.c\` spoils the DataSN of Data-Out PDUs in four writes, each of which must fail. It does so by a hook on the PDUs, and sets \`use_immediate_data\` to NO
in its session so that there are Data-Out PDUs. The first wrong DataSN ends the session, as ErrorRecoveryLevel 0 has it. libiscsi then logs in again with a new context (\`lib/connect.c\`), whose
\`use_immediate_data\` is what \`lib/init.c\` begins with and the login has agreed on: YES. So the third write brings its one block as immediate data. It has no Data-Out PDU, nothing in it is wrong, and it
rightly ends with GOOD. The three writes that do have a wrong DataSN are rejected, or die with the session.`,
      trace: `session 1
1st  SCSI Command   WRITE (10) LBA 100, 1024 bytes, F 0, no immediate data
     Data-Out       DataSN 0, offset 0, 512 bytes
     Data-Out       DataSN 0, offset 512, 512 bytes, F 1       wrong
     Reject         09h invalid PDU field; the target closes
2nd  SCSI Command   WRITE (10) LBA 100, 512 bytes, F 0          sent into the closed connection
     Data-Out       DataSN 27                                   wrong
session 2: InitialR2T=No, ImmediateData=Yes agreed on
3rd  SCSI Command   WRITE (10) LBA 100, 512 bytes, F 1, 512 bytes of immediate data
     SCSI Response  GOOD                                        what the tool calls the failure
4th  SCSI Command   WRITE (10) LBA 100, 1024 bytes, F 0, no immediate data
     Data-Out       DataSN 1, offset 0, 512 bytes               wrong
     Reject         09h invalid PDU field; the target closes`,
    },
  ],
]);

/** Outcomes that no line here allows. */
export function unexpected(outcomes: readonly Outcome[]): Outcome[] {
  return outcomes.filter(({ name, verdict }) => {
    if (verdict === 'passed') return false;
    if (verdict === 'skipped') return !skips.has(name) && !notRun.has(name);
    return !(verdict === 'failed' && toolFaults.has(name));
  });
}

/** Lines here that allow what has not happened. */
export function stale(outcomes: readonly Outcome[]): string[] {
  const verdicts = new Map(outcomes.map(({ name, verdict }) => [name, verdict]));
  return [
    ...[...skips.keys(), ...notRun.keys()].filter((name) => verdicts.get(name) !== 'skipped'),
    ...[...toolFaults.keys()].filter((name) => verdicts.get(name) !== 'failed'),
  ];
}
