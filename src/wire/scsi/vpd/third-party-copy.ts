/** Third-party Copy, 8Fh (SPC-4 7.8.17): what the copy manager can do. */
import { CopyLimits } from '../../../limits.ts';
import { putU16, putU32 } from '../bytes.ts';
import { supportedDescriptorTypes } from '../copy/copy-results.ts';
import { ADDRESSED_UNIT } from '../copy/extended-copy.ts';
import { newVpdPage, VPD_HEADER_LENGTH, VpdPage } from './page.ts';

/** An operation code and those of its service actions that are supported, ascending. */
export interface CopyCommands {
  readonly operationCode: number;
  readonly serviceActions: readonly number[];
}

/** THIRD-PARTY COPY DESCRIPTOR TYPE. */
const Type = {
  supportedCommands: 0x0001,
  parameterData: 0x0004,
  supportedDescriptors: 0x0008,
  supportedCscdIds: 0x000c,
  generalCopyOperations: 0x8001,
} as const;
type Type = (typeof Type)[keyof typeof Type];

/** Bytes, as a power of two. */
const GRANULARITY = 9;

/** `commands`: ascending by operation code. */
export function encodeThirdPartyCopy(commands: readonly CopyCommands[]): Uint8Array {
  const descriptors = [
    supportedCommands(commands),
    parameterData(),
    descriptor(Type.supportedDescriptors, [supportedDescriptorTypes.length, ...supportedDescriptorTypes]),
    descriptor(Type.supportedCscdIds, [0, 2, ADDRESSED_UNIT >> 8, ADDRESSED_UNIT & 0xff]),
    generalCopyOperations(),
  ];
  const page = newVpdPage(
    VpdPage.thirdPartyCopy,
    descriptors.reduce((sum, bytes) => sum + bytes.length, 0),
  );
  let at = VPD_HEADER_LENGTH;
  for (const bytes of descriptors) {
    page.set(bytes, at);
    at += bytes.length;
  }
  return page;
}

/** Every length is a multiple of four: padded with zeroes. */
function descriptor(type: Type, parameters: readonly number[]): Uint8Array {
  const length = Math.ceil(parameters.length / 4) * 4;
  const bytes = new Uint8Array(4 + length);
  putU16(bytes, 0, type);
  putU16(bytes, 2, length);
  bytes.set(parameters, 4);
  return bytes;
}

function supportedCommands(commands: readonly CopyCommands[]): Uint8Array {
  const list = commands.flatMap(({ operationCode, serviceActions }) => [
    operationCode,
    serviceActions.length,
    ...serviceActions,
  ]);
  return descriptor(Type.supportedCommands, [list.length, ...list]);
}

function parameterData(): Uint8Array {
  const bytes = descriptor(Type.parameterData, new Array<number>(28).fill(0));
  putU16(bytes, 8, CopyLimits.maxCscdDescriptors);
  putU16(bytes, 10, CopyLimits.maxSegmentDescriptors);
  putU32(bytes, 12, CopyLimits.maxDescriptorListLength);
  return bytes;
}

function generalCopyOperations(): Uint8Array {
  const bytes = descriptor(Type.generalCopyOperations, new Array<number>(32).fill(0));
  putU32(bytes, 4, CopyLimits.copies);
  putU32(bytes, 8, CopyLimits.copies);
  putU32(bytes, 12, CopyLimits.maxSegmentLength);
  bytes[16] = GRANULARITY;
  return bytes;
}
