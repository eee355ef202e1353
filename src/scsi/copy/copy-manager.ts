/**
 * The copy manager of a system (SPC-4 5.17.2): runs the third-party copy commands that arrive here, for units of any system of the
 * cluster, within what the initiator's LUN map shows (docs/decisions/0007-third-party-copy.md).
 */
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Clock } from '../../env/clock.ts';
import { CopyLimits } from '../../limits.ts';
import { u8, u32 } from '../../wire/scsi/bytes.ts';
import {
  encodeCopyStatusLid1,
  encodeCopyStatusLid4,
  encodeFailureDetails,
  encodeOperatingParameters,
  encodeRodTokenInformation,
} from '../../wire/scsi/copy/copy-results.ts';
import { ServiceAction } from '../../wire/scsi/opcodes.ts';
import { sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import type { CopyCommandName } from '../command-table.ts';
import { DiscardedData } from '../discarded-data.ts';
import {
  type Command,
  type LogicalUnit,
  type NexusLoss,
  type Task,
  TaskManagementFunction,
  type TaskManagementResponse,
} from '../logical-unit.ts';
import type { Nexus } from '../nexus.ts';
import type { LunMap } from '../router/lun-map.ts';
import type { AdmittedTask, AdmittedTaskOptions } from './admitted-task.ts';
import { CopyNexus } from './copy-nexus.ts';
import { CopyOutTask } from './copy-out-task.ts';
import { ExtendedCopyTask } from './extended-copy-task.ts';
import { PieceSlots } from './piece-slots.ts';
import { CancelTask, type CopyAnswer, ResultTask } from './result-task.ts';
import { WriteUsingTokenTask } from './write-using-token-task.ts';

/** A copy command, its unit, and what its initiator sees. */
export interface CopyRequest {
  readonly name: CopyCommandName;
  readonly command: Command;
  readonly unit: LogicalUnit;
  readonly lun: number;
  readonly map: LunMap;
}

interface Known {
  readonly nexus: CopyNexus;
  /** Copy commands that have not ended; and those of them that copy. */
  readonly tasks: Set<AdmittedTask>;
  copies: number;
}

const LID1_AT = 2;
const LID4_AT = 2;
const ALLOCATION_LENGTH_AT = 10;
/** A status, and a token with its header. */
const MAX_TOKEN_INFORMATION_LENGTH = 1024;

export class CopyManager {
  readonly #pool: BufferPool;
  readonly #clock: Clock;
  readonly #slots = new PieceSlots();
  /** The nexuses that have sent copy commands. */
  readonly #known = new Map<Nexus, Known>();
  #copies = 0;

  constructor(pool: BufferPool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  execute(request: CopyRequest): Task {
    const { command, unit, lun } = request;
    const known = this.#know(command.nexus);
    const isCopy = beginsCopy(request.name);
    if (isCopy && (known.copies >= CopyLimits.copiesPerNexus || this.#copies >= CopyLimits.copies)) {
      command.complete({ status: Status.taskSetFull, sense: null, presentedLength: 0 });
      return new DiscardedData(this.#pool);
    }
    const ended = (over: AdmittedTask) => {
      known.tasks.delete(over);
      if (isCopy) this.#count(known, -1);
    };
    const task = this.#taskOf(request, known.nexus, { command, unit, lun, pool: this.#pool, ended });
    known.tasks.add(task);
    if (isCopy) this.#count(known, 1);
    task.start();
    return task;
  }

  /**
   * Ends what runs here of the nexus's that the function means; `done` with how many there were, and with the least of the answers. What
   * clears a unit's tasks ends the copies that others have sent to it too. What has not been let through yet is its unit's.
   */
  manage(
    nexus: Nexus,
    { lun, unit }: Pick<CopyRequest, 'lun' | 'unit'>,
    what: TaskManagementFunction,
    tag: number,
    done: (ended: number, response: TaskManagementResponse) => void,
  ): void {
    const known = this.#known.get(nexus);
    const meant = [...(known?.tasks ?? [])].filter(
      (task) => task.isRunning && task.lun === lun && isMeant(task, what, tag),
    );
    const others = clears(what) ? this.#othersAt(unit, nexus) : [];
    let left = meant.length + others.length + 1;
    let least: TaskManagementResponse = 'complete';
    const one = (response: TaskManagementResponse) => {
      if (least !== 'unknown' && response !== 'complete') least = response;
      left -= 1;
      if (left > 0) return;
      if (what === TaskManagementFunction.logicalUnitReset) known?.nexus.listsOf(unit).forgetResults();
      done(meant.length, least);
    };
    for (const task of meant) task.abort(one);
    for (const task of others) task.cancel(() => one('complete'));
    one('complete');
  }

  closeNexus(nexus: Nexus, why: NexusLoss): void {
    const known = this.#known.get(nexus);
    if (known === undefined) return;
    this.#known.delete(nexus);
    for (const task of [...known.tasks]) if (task.isRunning) task.lose();
    known.nexus.lose(why);
  }

  /** Copies that other nexuses have sent to the unit, which clears its tasks: that of which it knows nothing. */
  #othersAt(unit: LogicalUnit, nexus: Nexus): CopyOutTask[] {
    return [...this.#known]
      .filter(([other]) => other !== nexus)
      .flatMap(([, { tasks }]) => [...tasks])
      .filter((task) => task instanceof CopyOutTask)
      .filter((task) => task.unit === unit && task.isRunning);
  }

  #count(known: Known, change: 1 | -1): void {
    known.copies += change;
    this.#copies += change;
  }

  #know(nexus: Nexus): Known {
    const known = this.#known.get(nexus) ?? { nexus: new CopyNexus(nexus), tasks: new Set(), copies: 0 };
    this.#known.set(nexus, known);
    return known;
  }

  #taskOf(request: CopyRequest, nexus: CopyNexus, options: AdmittedTaskOptions): AdmittedTask {
    const { name, map } = request;
    const lists = nexus.listsOf(request.unit);
    const { cdb } = request.command;
    const answer = (make: CopyAnswer) => new ResultTask(options, make, u32(cdb, ALLOCATION_LENGTH_AT));
    const parts = { clock: this.#clock, pool: this.#pool, slots: this.#slots };
    switch (name) {
      case 'extendedCopyLid1':
      case 'extendedCopyLid4':
        return new ExtendedCopyTask({ ...options, serviceAction: ServiceAction[name], map, nexus, parts });
      case 'writeUsingToken':
        return new WriteUsingTokenTask({ ...options, serviceAction: ServiceAction[name], map, nexus, parts });
      case 'copyOperationAbort':
        return new CancelTask(options, (done) => {
          const copy = lists.running(u32(cdb, LID4_AT));
          copy?.cancel(done);
          return copy !== null;
        });
      case 'receiveCopyOperatingParameters':
        return answer(encodeOperatingParameters);
      case 'receiveCopyStatusLid1':
        return answer(() => {
          const progress = lists.takeStatus(u8(cdb, LID1_AT));
          return progress === null ? sense.invalidFieldInCdb() : encodeCopyStatusLid1(progress);
        });
      case 'receiveCopyStatusLid4':
        return answer(() => {
          const progress = lists.progress(u32(cdb, LID4_AT));
          return progress === null ? sense.invalidFieldInCdb() : encodeCopyStatusLid4(progress);
        });
      case 'receiveRodTokenInformation':
        return new ResultTask(
          options,
          (told) => {
            // Of a POPULATE TOKEN the unit's owner tells; all other copies are ours.
            if (told.length > 0) return told;
            const progress = lists.progress(u32(cdb, LID4_AT));
            return progress === null ? sense.invalidFieldInCdb() : encodeRodTokenInformation(progress, null);
          },
          u32(cdb, ALLOCATION_LENGTH_AT),
          MAX_TOKEN_INFORMATION_LENGTH,
        );
      case 'receiveCopyFailureDetails':
        return answer(() => {
          const details = lists.takeDetails(u8(cdb, LID1_AT));
          if (details === null) return sense.invalidFieldInCdb();
          return encodeFailureDetails(details === 'told' ? null : details);
        });
      default:
        return name satisfies never;
    }
  }
}

function clears(what: TaskManagementFunction): boolean {
  return what === TaskManagementFunction.logicalUnitReset || what === TaskManagementFunction.clearTaskSet;
}

/** The others tell of copies, or end them: they have to be heard while as many run as may. */
function beginsCopy(name: CopyCommandName): boolean {
  return name === 'extendedCopyLid1' || name === 'extendedCopyLid4' || name === 'writeUsingToken';
}

function isMeant(task: AdmittedTask, what: TaskManagementFunction, tag: number): boolean {
  if (what === TaskManagementFunction.abortTask) return task.command.tag === tag;
  return what !== TaskManagementFunction.clearAca;
}
