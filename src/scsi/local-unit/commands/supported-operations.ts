/** REPORT SUPPORTED OPERATION CODES and TASK MANAGEMENT FUNCTIONS: SPC-4 6.35, 6.36. */
import { u8, u16 } from '../../../wire/scsi/bytes.ts';
import { atCdbField, type Sense, sense } from '../../../wire/scsi/sense.ts';
import {
  encodeOneOperation,
  encodeOperationList,
  encodeTaskManagementFunctions,
  ReportingOptions,
} from '../../../wire/scsi/supported-operations.ts';
import type { CommandSpec } from '../../command-table.ts';
import { supportedCommands } from '../../supported-commands.ts';
import type { Reply } from '../reply-task.ts';

const RCTD = 0x80;
const REPD = 0x80;

export const reportSupportedOperationCodes: Reply = ({ identity }, cdb) => {
  const commands = supportedCommands(identity);
  const timeouts = (u8(cdb, 2) & RCTD) !== 0;
  const option = u8(cdb, 2) & 0x07;
  if (option === ReportingOptions.all) return encodeOperationList(commands, timeouts);
  const found = findOne(commands, option, u8(cdb, 3), u16(cdb, 4));
  return found === null || 'usage' in found ? encodeOneOperation(found, timeouts) : found;
};

/** The command that is asked for, null where it is not supported, or what is wrong with the question. */
function findOne(
  commands: readonly CommandSpec[],
  option: number,
  operationCode: number,
  serviceAction: number,
): CommandSpec | null | Sense {
  const sameCode = commands.filter((spec) => spec.operationCode === operationCode);
  const hasServiceActions = sameCode.some((spec) => spec.serviceAction !== null);
  const exact = sameCode.find((spec) => (spec.serviceAction ?? 0) === serviceAction) ?? null;
  switch (option) {
    case ReportingOptions.oneByCode:
      return hasServiceActions ? wrongOption() : (sameCode[0] ?? null);
    case ReportingOptions.oneByServiceAction:
      return sameCode.length > 0 && !hasServiceActions ? wrongOption() : exact;
    case ReportingOptions.oneByBoth:
      return exact;
    default:
      return wrongOption();
  }
}

/** REPORTING OPTIONS: byte 2, bits 2 to 0. */
function wrongOption(): Sense {
  return atCdbField(sense.invalidFieldInCdb(), 2, 2);
}

export const reportSupportedTaskManagementFunctions: Reply = (_unit, cdb) =>
  encodeTaskManagementFunctions((u8(cdb, 2) & REPD) !== 0);
