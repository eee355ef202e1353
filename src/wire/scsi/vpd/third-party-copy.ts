/** Third-party Copy, 8Fh (SPC-4 7.8.17): what the copy manager can do. */
import { CopyLimits } from '../../../limits.ts';
import { putU16, putU32, putU64 } from '../bytes.ts';
import { supportedDescriptorTypes } from '../copy/copy-results.ts';
import { ADDRESSED_UNIT } from '../copy/extended-copy.ts';
import { RodType } from '../copy/rod-token.ts';
import { newVpdPage, VPD_HEADER_LENGTH, VpdPage } from './page.ts';

/** An operation code and those of its service actions that are supported, ascending. */
export interface CopyCommands {
  readonly operationCode: number;
  readonly serviceActions: readonly number[];
}

/** THIRD-PARTY COPY DESCRIPTOR TYPE. */
const Type = {
  blockDeviceRodLimits: 0x0000,
  supportedCommands: 0x0001,
  parameterData: 0x0004,
  supportedDescriptors: 0x0008,
  supportedCscdIds: 0x000c,
  rodTokenFeatures: 0x0106,
  supportedRodTypes: 0x0108,
  generalCopyOperations: 0x8001,
} as const;
type Type = (typeof Type)[keyof typeof Type];

/** Bytes, as a power of two. */
const GRANULARITY = 9;

/** `commands`: ascending by operation code. `blockLength`: of the unit. */
export function encodeThirdPartyCopy(commands: readonly CopyCommands[], blockLength: number): Uint8Array {
  const descriptors = [
    blockDeviceRodLimits(blockLength),
    supportedCommands(commands),
    parameterData(),
    descriptor(Type.supportedDescriptors, [supportedDescriptorTypes.length, ...supportedDescriptorTypes]),
    descriptor(Type.supportedCscdIds, [0, 2, ADDRESSED_UNIT >> 8, ADDRESSED_UNIT & 0xff]),
    rodTokenFeatures(),
    supportedRodTypes(),
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

function blockDeviceRodLimits(blockLength: number): Uint8Array {
  const bytes = descriptor(Type.blockDeviceRodLimits, new Array<number>(32).fill(0));
  putU16(bytes, 10, CopyLimits.maxRangeDescriptors);
  putU32(bytes, 12, CopyLimits.maxTokenSeconds);
  putU32(bytes, 16, CopyLimits.defaultTokenSeconds);
  putU64(bytes, 20, CopyLimits.maxTokenBytes / blockLength);
  putU64(bytes, 28, CopyLimits.optimalTokenBytes / blockLength);
  return bytes;
}

/** Tokens are good at every copy manager of the cluster; each makes them of its own unit's blocks alone. */
const REMOTE_TOKENS = 0x04;
const BLOCK_FEATURES_LENGTH = 48;

function rodTokenFeatures(): Uint8Array {
  const bytes = descriptor(Type.rodTokenFeatures, new Array<number>(44 + BLOCK_FEATURES_LENGTH).fill(0));
  bytes[4] = REMOTE_TOKENS;
  putU32(bytes, 16, 1);
  putU32(bytes, 20, CopyLimits.maxTokenSeconds);
  putU32(bytes, 24, CopyLimits.maxTokenSeconds);
  putU16(bytes, 46, BLOCK_FEATURES_LENGTH);
  const at = 48;
  putU16(bytes, at + 2, BLOCK_FEATURES_LENGTH - 4);
  putU64(bytes, at + 8, CopyLimits.maxTokenBytes);
  putU64(bytes, at + 16, CopyLimits.optimalTokenBytes);
  putU64(bytes, at + 24, CopyLimits.optimalTokenBytes);
  putU64(bytes, at + 32, CopyLimits.optimalTokenBytes);
  return bytes;
}

const ROD_TYPE_LENGTH = 64;
const TOKEN_IN = 0x02;
const TOKEN_OUT = 0x01;

function supportedRodTypes(): Uint8Array {
  const types: readonly (readonly [number, number])[] = [
    [RodType.pointInTimeDefault, TOKEN_OUT],
    [RodType.pointInTimeChangeVulnerable, TOKEN_IN | TOKEN_OUT],
    [RodType.pointInTimeAny, TOKEN_OUT],
    [RodType.zero, TOKEN_IN],
  ];
  const length = types.length * ROD_TYPE_LENGTH;
  const bytes = descriptor(Type.supportedRodTypes, new Array<number>(4 + length).fill(0));
  putU16(bytes, 6, length);
  types.forEach(([type, flags], index) => {
    putU32(bytes, 8 + index * ROD_TYPE_LENGTH, type);
    bytes[8 + index * ROD_TYPE_LENGTH + 4] = flags;
  });
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
