/** docs/reference/scsi-commands.md, from the tables that the product runs by. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type CommandSpec, commands } from '../../../src/scsi/command-table.ts';
import { Conflict, ConflictClass, conflict } from '../../../src/scsi/conflict-table.ts';
import { conflicts, ReservationClass, Standing } from '../../../src/scsi/reservation-table.ts';
import { OpCode } from '../../../src/wire/scsi/opcodes.ts';
import { REPOSITORY } from '../../support/repository.ts';
import { sections } from './sections.ts';
import { bitsOf, hexadecimal, standardName } from './spelling.ts';

const FILE = path.join(REPOSITORY, 'docs', 'reference', 'scsi-commands.md');
const SERVICE_ACTION_BITS = 0x1f;

export function readReference(): Promise<string> {
  return readFile(FILE, 'utf8');
}

export function writeReference(): Promise<void> {
  return writeFile(FILE, commandReference());
}

export function commandReference(): string {
  return `# SCSI commands

Every command that a logical unit of Crosspath supports, from \`src/scsi/command-table.ts\`. \`npm run reference\` writes this page, and a test
fails where it is not what the table says. An initiator gets the same list from REPORT SUPPORTED OPERATION CODES. Another operation code is
answered with INVALID COMMAND OPERATION CODE (05/20/00), another service action and every CDB bit that is not listed here with INVALID FIELD IN
CDB (05/24/00). A command does the same through each port of each system. A unit that is fully provisioned has no UNMAP, and no bit 3 of byte 1 in
WRITE SAME (\`src/scsi/supported-commands.ts\`).

- *CDB bits*: what is evaluated or accepted beside the operation code and the service action. CONTROL, the last byte, has to be zero.
- *answered*: "here" by the system at which the command arrives, in every access state; "owner" by the system that owns the unit; "copyManager" where it arrives, once the owner has let it through.
- *order*: what it waits for in the task set, see [below](#order).
- *reservation*: what a reservation of another I_T nexus does to it, see [below](#reservations).

${table(
  [
    'command',
    'operation code',
    'service action',
    'CDB',
    'data',
    'CDB bits',
    'answered',
    'order',
    'reservation',
    'standard',
  ],
  commands.map(rowOf),
)}
## Order

What a command does behind an older one of the same task set, whatever nexus and path each came by (\`src/scsi/conflict-table.ts\`). "overlap": it waits if
their ranges share a block. Task attributes come on top.

${table(['newer ↓ older →', ...namesOf(ConflictClass)], namesOf(ConflictClass).map(orderRow))}
## Reservations

What becomes of a command whose I_T nexus is in the position of each column (\`src/scsi/reservation-table.ts\`): CONFLICT is the status RESERVATION CONFLICT.
"excluded": there is a persistent reservation of that kind, and the nexus neither holds it nor is admitted by a registration.

${table(['class', ...columns.map(([, head]) => head)], namesOf(ReservationClass).map(reservationRow))}
- *stops*: START STOP UNIT that starts the unit in the active power condition is allowed in every column but the fourth.
- *manages*: PERSISTENT RESERVE IN and OUT; what a registration or the reservation itself forbids, the command decides by its key.
- *reserves*: RESERVE and RELEASE; they end with RESERVATION CONFLICT while there is any registration. Under RESERVE of another nexus, RESERVE conflicts
  and RELEASE does nothing.
`;
}

function rowOf(spec: CommandSpec): string[] {
  const { name, operationCode, serviceAction, usage, direction, conflict, runsAt, reservation } = spec;
  const carrier = serviceAction === null ? '' : ` ${standardName(nameOf(OpCode, operationCode))}`;
  const bits = usage.slice(0, -1);
  if (serviceAction !== null) bits[1] = (bits[1] ?? 0) & ~SERVICE_ACTION_BITS;
  return [
    standardName(name),
    `${hexadecimal(operationCode)}${carrier}`,
    serviceAction === null ? '' : hexadecimal(serviceAction),
    `${usage.length}`,
    direction === 'none' ? '' : direction,
    bitsOf(bits, 1),
    runsAt,
    nameOf(ConflictClass, conflict),
    nameOf(ReservationClass, reservation),
    sections[name],
  ];
}

function orderRow(newer: keyof typeof ConflictClass): string[] {
  const older = conflict[ConflictClass[newer]] ?? [];
  return [newer, ...older.map((what) => nameOf(Conflict, what))];
}

const columns: readonly (readonly [keyof typeof Standing, string])[] = [
  ['free', 'nothing excludes it'],
  ['writeExclusive', 'excluded, Write Exclusive kinds'],
  ['exclusiveAccess', 'excluded, Exclusive Access kinds'],
  ['reservedByOther', 'RESERVE by another nexus'],
  ['reservedBySelf', 'RESERVE by its own'],
];

function reservationRow(name: keyof typeof ReservationClass): string[] {
  const cells = conflicts[ReservationClass[name]];
  return [name, ...columns.map(([standing]) => (cells?.[Standing[standing]] ? 'CONFLICT' : 'runs'))];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

function namesOf<Names extends object>(names: Names): (keyof Names & string)[] {
  return Object.keys(names) as (keyof Names & string)[];
}

function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  const found = Object.entries(names).find(([, one]) => one === value);
  if (found === undefined) throw new Error(`nothing is called ${value}`);
  return found[0];
}
