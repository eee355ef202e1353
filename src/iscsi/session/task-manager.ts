/** Task management functions of a session (RFC 7143 11.5, 11.6; SAM-5 7). */
import { IscsiLimits } from '../../limits.ts';
import { TaskManagementFunction, type TaskManagementResponse } from '../../scsi/logical-unit.ts';
import { inWindow, isBefore } from '../../wire/iscsi/serial-number.ts';
import { TaskFunction, type TaskManagementRequest } from '../../wire/iscsi/task-management-request.ts';
import { encodeTaskManagementResponse, TaskResponse } from '../../wire/iscsi/task-management-response.ts';
import { decodeLun } from '../../wire/scsi/lun.ts';
import type { AnswerPath } from '../transfer/answers.ts';
import { Standstill } from '../transfer/standstill.ts';
import type { TaskTable } from '../transfer/task-table.ts';
import type { LostConnections } from './lost-connections.ts';

type UnitResponse = TaskManagementResponse | 'noSuchUnit';

/** The connection that a function came by, and its answer goes to. */
export interface ManagerPath extends AnswerPath {
  /** Calls `then` when the initiator has what was sent to it by the session's other connections. */
  settleOthers(then: () => void): void;
}

export class TaskManager {
  readonly #tasks: TaskTable;
  /** Null below error recovery level 2. */
  readonly #lost: LostConnections | null;
  /** Of each function that a unit has not answered. */
  readonly #unanswered = new Set<Standstill>();

  constructor(tasks: TaskTable, lost: LostConnections | null) {
    this.#tasks = tasks;
    this.#lost = lost;
  }

  /** Once every `lookMilliseconds`: what has been waited for too long, or null. */
  look(): string | null {
    for (const standstill of this.#unanswered) {
      if (standstill.look(0) >= IscsiLimits.taskManagementMilliseconds)
        return 'task management without an answer';
    }
    return null;
  }

  request(path: ManagerPath, pdu: TaskManagementRequest): void {
    switch (pdu.function) {
      case TaskFunction.abortTask:
        return this.#place(path, pdu, () => this.#abortTask(path, pdu));
      case TaskFunction.abortTaskSet:
        return this.#place(path, pdu, () => this.#manageUnit(path, pdu, TaskManagementFunction.abortTaskSet));
      case TaskFunction.clearAca:
        return this.#place(path, pdu, () => this.#manageUnit(path, pdu, TaskManagementFunction.clearAca));
      case TaskFunction.clearTaskSet:
        return this.#place(path, pdu, () => this.#manageUnit(path, pdu, TaskManagementFunction.clearTaskSet));
      case TaskFunction.logicalUnitReset:
        return this.#place(path, pdu, () =>
          this.#manageUnit(path, pdu, TaskManagementFunction.logicalUnitReset),
        );
      case TaskFunction.targetWarmReset:
      case TaskFunction.targetColdReset:
        return this.#place(path, pdu, () => this.#resetTarget(path, pdu));
      case TaskFunction.taskReassign:
        return this.#place(path, pdu, () => this.#reassign(path, pdu));
      default:
        return this.#place(path, pdu, () => this.#answer(path, pdu, TaskResponse.functionRejected));
    }
  }

  /**
   * An immediate function acts on the commands that were sent before it, and so waits until they are here (11.5.1);
   * but ABORT TASK may be about the very command that does not come, and TASK REASSIGN is about one that is here.
   */
  #place(path: ManagerPath, pdu: TaskManagementRequest, deliver: () => void): void {
    const { numbering } = this.#tasks;
    if (pdu.immediate) {
      const { abortTask, taskReassign } = TaskFunction;
      if (pdu.function === abortTask || pdu.function === taskReassign) return deliver();
      const inOrder = inWindow(pdu.cmdSN, numbering.expCmdSN, numbering.maxCmdSN);
      return numbering.fence(inOrder ? pdu.cmdSN : numbering.expCmdSN, { path, deliver });
    }
    switch (numbering.place(pdu.cmdSN)) {
      case 'ignore':
        return;
      case 'later':
        return numbering.hold(pdu.cmdSN, { path, deliver });
      case 'now':
        deliver();
        numbering.deliverEarly();
    }
  }

  #reassign(path: ManagerPath, pdu: TaskManagementRequest): void {
    const answer = (response: TaskResponse) => this.#answer(path, pdu, response);
    if (this.#lost === null) answer(TaskResponse.reassignmentNotSupported);
    else this.#lost.reassign(path, pdu.referencedTaskTag, pdu.expDataSN, answer);
  }

  #abortTask(path: ManagerPath, pdu: TaskManagementRequest): void {
    const task = this.#tasks.get(pdu.referencedTaskTag);
    if (task === null) return this.#abortMissing(path, pdu);
    if (task.lun !== decodeLun(pdu.lun, 0)) return this.#answer(path, pdu, TaskResponse.taskDoesNotExist);
    if (task.isHeld || task.hasResult) {
      const held = task.isHeld;
      task.abandon();
      this.#answer(path, pdu, TaskResponse.functionComplete);
      if (held) this.#tasks.numbering.plug(task.cmdSN);
      return;
    }
    this.#manageUnit(path, pdu, TaskManagementFunction.abortTask);
  }

  /** 11.6.1: a command that was sent and has not come counts as aborted, and must not run when it comes. */
  #abortMissing(path: ManagerPath, pdu: TaskManagementRequest): void {
    const { numbering } = this.#tasks;
    const missing =
      inWindow(pdu.refCmdSN, numbering.expCmdSN, numbering.maxCmdSN) && isBefore(pdu.refCmdSN, pdu.cmdSN);
    this.#answer(path, pdu, missing ? TaskResponse.functionComplete : TaskResponse.taskDoesNotExist);
    if (missing) numbering.plug(pdu.refCmdSN);
  }

  #manageUnit(path: ManagerPath, pdu: TaskManagementRequest, what: TaskManagementFunction): void {
    const lun = decodeLun(pdu.lun, 0);
    const clears = what !== TaskManagementFunction.abortTask && what !== TaskManagementFunction.clearAca;
    const answered = this.#awaitAnswer(path, pdu, (response, answer) => {
      if (!clears) return answer();
      if (response === 'complete') this.#tasks.abandonAnswered(lun);
      // 4.2.3.3: no answer to a command that it cleared may come behind this one.
      path.settleOthers(answer);
    });
    this.#tasks.router.manage(this.#tasks.nexus, lun, what, pdu.referencedTaskTag, answered);
  }

  /**
   * TARGET WARM RESET: all units that the initiator sees are reset. A cold one is a power-on event too (11.5.1), which ends the
   * sessions of all initiators with the target: on this system, for the other ones have not been switched off.
   */
  #resetTarget(path: ManagerPath, pdu: TaskManagementRequest): void {
    const { router, nexus } = this.#tasks;
    const cold = pdu.function === TaskFunction.targetColdReset;
    const { initiatorName, port } = nexus;
    path.connection.log.warn({ initiator: initiatorName, target: port.targetName, cold }, 'target reset');
    const answered = this.#awaitAnswer(path, pdu, (response, answer) => {
      if (response === 'complete') this.#tasks.abandonAnswered(null);
      path.settleOthers(() => {
        answer();
        if (cold && response === 'complete') router.endSessions(nexus);
      });
    });
    router.resetUnits(nexus, answered);
  }

  /** To be called with what the unit, or all of them, answered: `then` has that sent. */
  #awaitAnswer(
    path: ManagerPath,
    pdu: TaskManagementRequest,
    then: (response: UnitResponse, answer: () => void) => void,
  ): (got: UnitResponse) => void {
    const standstill = new Standstill();
    this.#unanswered.add(standstill);
    return (response) => {
      this.#unanswered.delete(standstill);
      if (response === 'unknown') return this.#tasks.dropSession('task management without an answer');
      then(response, () => this.#answer(path, pdu, responseCode(response)));
    };
  }

  #answer(path: ManagerPath, pdu: TaskManagementRequest, response: number): void {
    const { numbering } = this.#tasks;
    if (!pdu.immediate) numbering.answered();
    const { expCmdSN, maxCmdSN } = numbering;
    const statSN = path.nextStatSN();
    const answer = { response, initiatorTaskTag: pdu.initiatorTaskTag, statSN, expCmdSN, maxCmdSN };
    encodeTaskManagementResponse(answer, path.connection.header);
    path.sendAnswer(null);
  }
}

function responseCode(response: Exclude<UnitResponse, 'unknown'>): number {
  switch (response) {
    case 'complete':
      return TaskResponse.functionComplete;
    case 'taskDoesNotExist':
      return TaskResponse.taskDoesNotExist;
    case 'noSuchUnit':
      return TaskResponse.lunDoesNotExist;
    case 'rejected':
      return TaskResponse.functionRejected;
    default:
      return response satisfies never;
  }
}
