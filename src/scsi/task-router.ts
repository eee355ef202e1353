import type {
  Command,
  NexusLoss,
  Task,
  TaskManagementFunction,
  TaskManagementResponse,
} from './logical-unit.ts';
import type { Nexus } from './nexus.ts';
import type { Ping } from './presence.ts';
import type { TargetPort } from './target-port.ts';

/**
 * What a SCSI transport (the iSCSI front end) sees of the device server: nexuses, and commands directed to a
 * LUN. The implementation (router/) finds the logical unit in the initiator's own map, answers what is answered
 * where it arrives, and passes the rest to the unit, local or proxied.
 */
export interface TaskRouter {
  /** The initiator is there now. `ping` asks whether it still is. `end`: ends its session, what waits to be sent first. */
  openNexus(initiatorName: string, isid: string, port: TargetPort, ping: Ping, end?: () => void): Nexus;
  /** Aborts the nexus's tasks on every unit without an answer. The nexus must not be used after it. */
  closeNexus(nexus: Nexus, why: NexusLoss): void;
  /** `lun`: from wire/scsi/lun.ts; a negative one is no unit's. */
  execute(lun: number, command: Command): Task;
  /** Whether sense data of the unit at this LUN is in descriptor format (D_SENSE, SPC-4 7.5.8). */
  descriptorSense(nexus: Nexus, lun: number): boolean;
  manage(
    nexus: Nexus,
    lun: number,
    what: TaskManagementFunction,
    tag: number,
    done: (response: TaskManagementResponse | 'noSuchUnit') => void,
  ): void;
  /** LOGICAL UNIT RESET of every unit that the nexus sees. 'rejected': of one or more it could not be done. */
  resetUnits(nexus: Nexus, done: (response: TaskManagementResponse) => void): void;
  /** Ends the sessions of all initiators with the nexus's target on this system, its own too. */
  endSessions(nexus: Nexus): void;
}
