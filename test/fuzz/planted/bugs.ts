/** Faults of the kinds that other targets have shipped, in what takes bytes from outside. */
import type { PlantedBug } from './plant.ts';

/** A check that is left out. */
function without(name: string, module: string, condition: string): PlantedBug {
  return { name, edits: [{ module, from: condition, to: 'if (false)' }] };
}

function changed(name: string, module: string, from: string, to: string): PlantedBug {
  return { name, edits: [{ module, from, to }] };
}

const CONNECTION = 'src/iscsi/connection/connection.js';
const TRANSFER = 'src/iscsi/transfer/data-out-transfer.js';
const UNIT_SERVER = 'src/cluster/unit-server/unit-server.js';

export const plantedBugs: readonly PlantedBug[] = [
  // Bounds.
  changed(
    'a range may go one block past the end of its unit',
    'src/scsi/local-unit/unit-task.js',
    'if (lba + blocks > blockCount)',
    'if (lba + blocks > blockCount + 1)',
  ),
  without(
    'UNMAP does not check its ranges',
    'src/scsi/local-unit/commands/unmap.js',
    'if (range.lba + range.blocks > blockCount)',
  ),
  {
    // Two checks keep it out: that of the length which every page of ours has would, too.
    name: 'a mode page may be longer than its list',
    edits: [
      { module: 'src/wire/scsi/mode-pages.js', from: 'if (end > bytes.length)', to: 'if (false)' },
      {
        module: 'src/scsi/local-unit/mode-parameters.js',
        from: 'mask === null || bytes.length !== now.length',
        to: 'mask === null || bytes.length > now.length',
      },
    ],
  },
  // Left out altogether it changes nothing: what stands behind the end of the payload is no string that is whole.
  changed(
    'an inventory may be shorter than its count',
    'src/wire/interconnect/inventory.js',
    'if (at + FIXED > payload.length || u32(payload, at + 8) > 0x1fffff)\n            return null;',
    'if (at + FIXED > payload.length || u32(payload, at + 8) > 0x1fffff)\n            break;',
  ),
  // Lengths and places that are trusted.
  without(
    'a data segment may be longer than was agreed on',
    CONNECTION,
    'if (length > this.maxReceiveSegmentLength)',
  ),
  without(
    'the buffer offset of Data-Out is trusted',
    TRANSFER,
    'if (!this.#isItsPlace(sequence, offset, length))',
  ),
  without(
    'more Data-Out than was asked for is taken',
    TRANSFER,
    'if (length > left || length > sequence.end - offset)',
  ),
  changed(
    'the transfer tag of Data-Out is trusted',
    TRANSFER,
    "if (sequence === null)\n            return 'an unknown",
    "if (false)\n            return 'an unknown",
  ),
  without(
    'a partner may send more data than its command says',
    'src/wire/interconnect/command.js',
    'if (into.unsolicitedLength > into.dataOutLength || into.dataInCredit > into.dataInLength)',
  ),
  without(
    "the place of a partner's write data is trusted",
    'src/cluster/unit-server/served-command.js',
    'if (offset !== this.#arrived || length === 0 || offset + length > this.#allowed)',
  ),
  without(
    'a partner may use an exchange twice',
    UNIT_SERVER,
    'if (!this.#exchanges.mayBegin(header.exchange))',
  ),
  // Sums.
  without('a header digest is not checked', CONNECTION, 'if (this.#headerDigest && !headerMatches(header))'),
  changed(
    'a data digest is not checked',
    CONNECTION,
    'if (digested && !dataMatches(this.#data, trailer))',
    'if (digested && trailer.length === 0)',
  ),
  without(
    'the checksum of a frame is not checked',
    'src/cluster/link/frame-stream.js',
    'if (!headerChecksumHolds(bytes, header.parametersLength))',
  ),
  // What nobody may see.
  changed(
    'an answer is as long as was asked for, whatever there is',
    'src/scsi/parameter-data.js',
    'this.#presented = Math.min(bytes.length, allocationLength);',
    'this.#presented = allocationLength;',
  ),
  changed(
    'the units of a group are shown to nobody else, but it sees all',
    'src/daemon/lun-maps.js',
    'luns: luns ?? usual',
    'luns: usual',
  ),
  {
    name: 'a copy finds units that its initiator does not see',
    edits: [
      {
        module: 'src/scsi/router/lun-map.js',
        from: 'this.units = units.toSorted((a, b) => a.lun - b.lun);',
        to: 'this.units = units.toSorted((a, b) => a.lun - b.lun);\n        (globalThis.everyUnit ??= []).push(...units);',
      },
      {
        module: 'src/scsi/copy/copy-plan.js',
        from: 'map.units.find(',
        to: 'globalThis.everyUnit.find(',
      },
    ],
  },
  // What is kept for ever, and what never ends.
  changed(
    'a buffer is kept where a connection ends in the middle of its data',
    'src/iscsi/session/session-connection.js',
    'this.#data?.release();\n        this.#data = null;\n        this.receiver?.receiver.lost();',
    'this.#data = null;\n        this.receiver?.receiver.lost();',
  ),
  changed(
    'a buffer is kept where immediate data has a wrong digest',
    'src/iscsi/session/recovering-connection.js',
    'this.#immediate?.release();\n        this.#immediate = null;\n        super.letGo();',
    'this.#immediate = null;\n        super.letGo();',
  ),
  changed(
    'the tasks of a link that has ended stay',
    UNIT_SERVER,
    'this.#waitingForBudget.length = 0;\n        this.#nexuses.lost();',
    'this.#waitingForBudget.length = 0;',
  ),
  changed(
    'a session stays when its connection ends in the middle of a PDU',
    CONNECTION,
    'this.#phase?.closed(reason);',
    'if (!this.#deframer.inPayload)\n            this.#phase?.closed(reason);',
  ),
  changed(
    'a text without its ending zero is read for ever',
    'src/wire/iscsi/text.js',
    "if (end < 0)\n            return mistake('a pair without its ending zero');",
    '',
  ),
];
