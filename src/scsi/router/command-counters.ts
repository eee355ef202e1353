/** What went through one port to one unit, counted when the command arrives, with the lengths that the initiator expects. */
export class CommandCounters {
  /** To a unit of this system, and to one of another system. */
  commandsDirect = 0;
  commandsProxied = 0;
  bytesRead = 0;
  bytesWritten = 0;
}

export interface CountersOfUnit extends Readonly<CommandCounters> {
  readonly port: string;
  readonly unit: string;
}
