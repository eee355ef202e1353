/** The commands that are answered where they arrive, in every access state: BEHAVIOURS.md, SPC-4 6.6, 6.33, 6.37, 6.39. */
import { ScsiLimits } from '../../limits.ts';
import { u8, u16, u32 } from '../../wire/scsi/bytes.ts';
import { encodeReportLuns, SelectReport } from '../../wire/scsi/report-luns.ts';
import { encodeTargetPortGroups, GroupsFormat } from '../../wire/scsi/report-target-port-groups.ts';
import { atCdbField, type Sense, sense } from '../../wire/scsi/sense.ts';
import { encodeDescriptorSense, encodeSense } from '../../wire/scsi/sense-data.ts';
import { AccessState, type AccessStates } from '../access-states.ts';
import type { HereCommandName } from '../command-table.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import type { Nexus } from '../nexus.ts';
import { inquiry } from './inquiry.ts';
import type { LunMap } from './lun-map.ts';

export interface HereContext {
  readonly nexus: Nexus;
  readonly map: LunMap;
  /** Null where the LUN is no unit's. */
  readonly unit: LogicalUnit | null;
  readonly accessStates: AccessStates;
}

export interface HereCommand {
  /** 'askUnit': the unit knows more. */
  answer(cdb: Uint8Array, context: HereContext): Uint8Array | Sense | 'askUnit';
  allocationLength(cdb: Uint8Array): number;
}

const DESC = 0x01;
const MIN_REPORT_LUNS_ALLOCATION = 16;

export const hereCommands: Record<HereCommandName, HereCommand> = {
  inquiry: {
    answer: (cdb, { unit, nexus, accessStates }) =>
      inquiry(cdb, unit?.identity ?? null, nexus.port, accessStates),
    allocationLength: (cdb) => u16(cdb, 3),
  },
  /**
   * SPC-4 6.39. What waits here for the nexus, or the way to the unit, is told here, in every access state; what waits at the
   * unit's owner only the unit can tell.
   */
  requestSense: {
    answer(cdb, context) {
      const told = toldHere(context);
      if (told === null) return 'askUnit';
      const encode = (u8(cdb, 1) & DESC) === 0 ? encodeSense : encodeDescriptorSense;
      return encode(told);
    },
    allocationLength: (cdb) => u8(cdb, 4),
  },
  reportLuns: {
    answer(cdb, { map }) {
      if (u32(cdb, 6) < MIN_REPORT_LUNS_ALLOCATION) return atCdbField(sense.invalidFieldInCdb(), 6);
      switch (u8(cdb, 2)) {
        case SelectReport.addressed:
        case SelectReport.all:
        case SelectReport.notSubsidiary:
          return encodeReportLuns(map.units.map(({ lun }) => lun));
        case SelectReport.wellKnown:
        case SelectReport.administrative:
          return encodeReportLuns([]);
        // 12h among them: it asks an administrative unit, and there is none.
        default:
          return atCdbField(sense.invalidFieldInCdb(), 2);
      }
    },
    allocationLength: (cdb) => u32(cdb, 6),
  },
  reportTargetPortGroups: {
    answer(cdb, { unit, nexus, accessStates }) {
      if (unit === null) return sense.unitNotSupported();
      const attention = unit.takeUnitAttention(nexus);
      if (attention !== null) return attention;
      const format = u8(cdb, 1) >> 5;
      if (format > GroupsFormat.extended) return atCdbField(sense.invalidFieldInCdb(), 1, 7);
      const groups = accessStates.groups(unit.identity);
      return encodeTargetPortGroups(groups, format, ScsiLimits.implicitTransitionSeconds);
    },
    allocationLength: (cdb) => u32(cdb, 6),
  },
};

/** Null where the unit may have something to tell. */
function toldHere({ unit, nexus, accessStates }: HereContext): Sense | null {
  if (unit === null) return sense.unitNotSupported();
  const attention = unit.takeUnitAttention(nexus);
  if (attention !== null) return attention;
  const group = accessStates.groups(unit.identity).find(({ groupId }) => groupId === nexus.port.groupId);
  switch (group?.state) {
    case AccessState.unavailable:
      return sense.notReadyUnavailable();
    case AccessState.transitioning:
      return sense.notReadyTransitioning();
    default:
      return null;
  }
}
