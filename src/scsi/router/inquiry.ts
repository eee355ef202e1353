/** INQUIRY (SPC-4 6.6), for units of this and of other systems alike, and where there is no unit. */
import { ScsiLimits } from '../../limits.ts';
import { u8 } from '../../wire/scsi/bytes.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';
import { encodeStandardInquiry, Peripheral } from '../../wire/scsi/standard-inquiry.ts';
import { encodeBlockDeviceCharacteristics } from '../../wire/scsi/vpd/block-device-characteristics.ts';
import { encodeBlockLimits } from '../../wire/scsi/vpd/block-limits.ts';
import { encodeDeviceIdentification } from '../../wire/scsi/vpd/device-identification.ts';
import { encodeExtendedInquiry } from '../../wire/scsi/vpd/extended-inquiry.ts';
import { encodeLogicalBlockProvisioning } from '../../wire/scsi/vpd/logical-block-provisioning.ts';
import { encodeManagementAddresses } from '../../wire/scsi/vpd/management-addresses.ts';
import { encodeModePagePolicy } from '../../wire/scsi/vpd/mode-page-policy.ts';
import { VpdPage } from '../../wire/scsi/vpd/page.ts';
import { encodeScsiPorts } from '../../wire/scsi/vpd/scsi-ports.ts';
import { encodeSupportedPages } from '../../wire/scsi/vpd/supported-pages.ts';
import { encodeThirdPartyCopy } from '../../wire/scsi/vpd/third-party-copy.ts';
import { encodeUnitSerialNumber } from '../../wire/scsi/vpd/unit-serial-number.ts';
import type { AccessStates } from '../access-states.ts';
import { copyCommands } from '../command-table.ts';
import type { TargetPort } from '../target-port.ts';
import { thresholdExponent } from '../threshold-set.ts';
import type { UnitIdentity } from '../unit-identity.ts';

const EVPD = 0x01;
/** What file systems and disks of today free at a time. */
const UNMAP_GRANULARITY_BYTES = 4096;

/** `unit`: null where the LUN is no unit's. `port`: where the command arrived. */
export function inquiry(
  cdb: Uint8Array,
  unit: UnitIdentity | null,
  port: TargetPort,
  accessStates: AccessStates,
): Uint8Array | Sense {
  const code = u8(cdb, 2);
  if ((u8(cdb, 1) & EVPD) !== 0) {
    return (unit === null ? null : vpdPage(code, unit, port, accessStates)) ?? sense.invalidFieldInCdb();
  }
  if (code !== 0) return sense.invalidFieldInCdb();
  return encodeStandardInquiry(unit === null ? Peripheral.noUnit : Peripheral.directAccessBlockDevice);
}

function vpdPage(
  code: number,
  unit: UnitIdentity,
  port: TargetPort,
  accessStates: AccessStates,
): Uint8Array | null {
  switch (code) {
    case VpdPage.supportedPages:
      return encodeSupportedPages();
    case VpdPage.unitSerialNumber:
      return encodeUnitSerialNumber(unit.serial);
    case VpdPage.deviceIdentification:
      return deviceIdentification(unit, port);
    case VpdPage.managementAddresses:
      return encodeManagementAddresses();
    case VpdPage.extendedInquiry:
      return encodeExtendedInquiry();
    case VpdPage.modePagePolicy:
      return encodeModePagePolicy();
    case VpdPage.scsiPorts:
      return encodeScsiPorts(accessStates.ports(unit));
    case VpdPage.thirdPartyCopy:
      return encodeThirdPartyCopy(copyCommands, unit.blockLength);
    case VpdPage.blockLimits:
      return blockLimits(unit);
    case VpdPage.blockDeviceCharacteristics:
      return encodeBlockDeviceCharacteristics();
    case VpdPage.logicalBlockProvisioning:
      return encodeLogicalBlockProvisioning(unit.thinlyProvisioned, thresholdExponent(unit));
    default:
      return null;
  }
}

function deviceIdentification(unit: UnitIdentity, port: TargetPort): Uint8Array {
  return encodeDeviceIdentification({
    naa: unit.naa,
    serial: unit.serial,
    targetName: port.targetName,
    portalGroupTag: port.portalGroupTag,
    relativePortId: port.relativeId,
    groupId: port.groupId,
  });
}

function blockLimits({ blockLength, physicalBlockLength, thinlyProvisioned }: UnitIdentity): Uint8Array {
  const unmap = {
    maxBlocks: ScsiLimits.maxUnmapBytes / blockLength,
    maxDescriptors: ScsiLimits.maxUnmapDescriptors,
    granularity: Math.max(physicalBlockLength, UNMAP_GRANULARITY_BYTES) / blockLength,
  };
  return encodeBlockLimits({
    maxCompareAndWriteBlocks: ScsiLimits.maxCompareAndWriteBlocks,
    transferGranularity: physicalBlockLength / blockLength,
    maxTransferBlocks: ScsiLimits.maxTransferLength / blockLength,
    optimalTransferBlocks: ScsiLimits.writeSegmentLength / blockLength,
    maxWriteSameBlocks: ScsiLimits.maxWriteSameBytes / blockLength,
    unmap: thinlyProvisioned ? unmap : null,
  });
}
