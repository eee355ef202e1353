/** LOG SENSE: SPC-4 6.6. No parameter is kept beyond the process, and none can be set. */
import { u8, u16 } from '../../../wire/scsi/bytes.ts';
import {
  encodeLogPage,
  encodeSupportedLogPages,
  LogPageCode,
  type LogParameter,
  LogSubpage,
  parameterPointer,
  provisioningParameters,
  startStopParameters,
} from '../../../wire/scsi/log-pages.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import { countsResources, THRESHOLD_SET_LENGTH } from '../../threshold-set.ts';
import { ParameterDataTask } from '../reply-task.ts';

/** START STOP UNIT stops nothing: no cycle has begun. */
const START_STOP_CYCLES = 0;

export class LogSenseTask extends ParameterDataTask {
  prepare(): Sense | null {
    const subpage = u8(this.command.cdb, 3);
    const isList = this.#code === LogPageCode.supportedPages;
    if (!isList && !this.#codes.includes(this.#code)) return sense.invalidFieldInCdb();
    const known = subpage === LogSubpage.none || (isList && subpage === LogSubpage.all);
    return known && !(isList && this.#pointer > 0) ? null : sense.invalidFieldInCdb();
  }

  protected run(): void {
    switch (this.#code) {
      case LogPageCode.logicalBlockProvisioning:
        return this.#provisioning();
      case LogPageCode.startStopCycleCounter:
        return this.#replyWith(startStopParameters(START_STOP_CYCLES));
      default: {
        const withSubpages = u8(this.command.cdb, 3) === LogSubpage.all;
        return this.reply(encodeSupportedLogPages(this.#codes, withSubpages), this.#allocationLength);
      }
    }
  }

  get #code(): number {
    return u8(this.command.cdb, 2) & 0x3f;
  }

  get #pointer(): number {
    return parameterPointer(this.command.cdb);
  }

  get #allocationLength(): number {
    return u16(this.command.cdb, 7);
  }

  /** Beside the list of them. */
  get #codes(): readonly number[] {
    const { logicalBlockProvisioning, startStopCycleCounter } = LogPageCode;
    return countsResources(this.unit.identity)
      ? [logicalBlockProvisioning, startStopCycleCounter]
      : [startStopCycleCounter];
  }

  #provisioning(): void {
    let parameters: readonly LogParameter[] = [];
    this.callStore(
      'read',
      (done) =>
        this.unit.store.space((error, space) => {
          if (space !== null) {
            const free = Math.floor(space.freeBytes / THRESHOLD_SET_LENGTH);
            parameters = provisioningParameters(free, Math.ceil(space.usedBytes / THRESHOLD_SET_LENGTH));
          }
          done(error);
        }),
      () => this.#replyWith(parameters),
    );
  }

  /** Those from PARAMETER POINTER on. */
  #replyWith(parameters: readonly LogParameter[]): void {
    const wanted = parameters.filter(({ code }) => code >= this.#pointer);
    if (wanted.length === 0 && this.#pointer > 0) return this.fail(sense.invalidFieldInCdb());
    this.reply(encodeLogPage(this.#code, wanted), this.#allocationLength);
  }
}
