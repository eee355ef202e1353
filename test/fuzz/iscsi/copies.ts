/** Third-party copies: what begins one, what asks how it went, and what reads where it wrote. */
import fc from 'fast-check';
import {
  copyInCdb,
  copyOutCdb,
  cscd,
  lid1List,
  lid4List,
  populateList,
  segment,
  tokenOutCdb,
  writeTokenList,
  zeroToken,
} from '../../support/copy-lists.ts';
import { blockCdb } from '../../support/scsi.ts';
import { fieldsIn } from '../message.ts';
import { anyRange, type Range } from '../ranges.ts';
import { BLOCK, identityOf, type UnitName } from '../victim-file.ts';
import type { Exchange, WriteWay } from './conversation.ts';
import type { ListCommand } from './parameter-lists.ts';

export type CopyExchange =
  | {
      readonly kind: 'copy';
      readonly way: WriteWay;
      readonly lid4: boolean;
      readonly list: ListCommand;
      readonly destination: Range;
    }
  | {
      readonly kind: 'token';
      readonly way: WriteWay;
      /** POPULATE TOKEN. */
      readonly list: ListCommand;
      readonly write: ListCommand;
      /** Written to the other unit that the port shows. */
      readonly elsewhere: boolean;
      readonly destination: Range;
    };

/** One command of an exchange. */
export type CopyStep = {
  /** At the other unit that the port shows. */
  readonly atOther?: boolean;
  /** Only behind the answer to the one before it. */
  readonly waits?: boolean;
} & ({ readonly list: ListCommand } | { readonly read: Exchange });

const IDENTIFIER = 1;
const LID1 = { code: 0, header: 16, status: 0, details: 4 } as const;
const LID4 = { code: 1, header: 48, status: 5 } as const;
const CSCD = 32;
const ALLOCATION = 1024;
const TOKEN_AT = 16;
/** Of a unit, for each range of a token. */
const AREA = 10_000;
const [POPULATE, WRITE_USING, INFORMATION] = [0x10, 0x11, 0x07] as const;

/** Some that the hostile client may not see: these must not exist for it. */
const named = fc.constantFrom<UnitName[]>(
  'victim-a',
  'victim-b',
  'victim-a',
  'victim-b',
  'victim-a',
  'victim-b',
  'secret-a',
  'secret-b',
  'vol-g',
);
const blocks = fc.integer({ min: 1, max: 64 });

interface Copy {
  readonly list: ListCommand;
  readonly lid4: boolean;
  readonly destination: Range;
}

const copy: fc.Arbitrary<Copy> = fc
  .record({
    lid4: fc.boolean(),
    from: named,
    to: fc.constantFrom<UnitName[]>('victim-a', 'victim-b'),
    ranges: fc.array(fc.tuple(anyRange(blocks), anyRange(blocks)), { minLength: 1, maxLength: 4 }),
    destinationCounts: fc.boolean(),
  })
  .map(({ lid4, from, to, ranges, destinationCounts }) => {
    const segments = ranges.map(([source, destination]) =>
      segment({
        blocks: source.blocks,
        sourceLba: source.lba,
        destinationLba: Math.min(destination.lba, 30_000),
        countsDestination: destinationCounts,
      }),
    );
    const shape = { cscds: [cscd(identityOf(from)), cscd(identityOf(to))], segments };
    const data = lid4
      ? lid4List({ ...shape, listIdentifier: IDENTIFIER })
      : lid1List({ ...shape, listIdentifier: IDENTIFIER });
    const name = `EXTENDED COPY (LID${lid4 ? 4 : 1})`;
    const cdb = copyOutCdb((lid4 ? LID4 : LID1).code, data.length);
    const first = ranges[0]?.[1].lba ?? 0;
    const destination = { lba: Math.min(first, 30_000), blocks: ranges[0]?.[0].blocks ?? 1 };
    return { lid4, destination, list: { name, cdb, data, fields: copyFields(lid4) } };
  });

/** Of the header, the first CSCD descriptor and the first segment. */
function copyFields(lid4: boolean): ListCommand['fields'] {
  const header = lid4 ? LID4.header : LID1.header;
  const segmentAt = header + 2 * CSCD;
  const ofHeader = lid4
    ? fieldsIn(
        'data',
        {
          format: [0, 1],
          flags: [1, 1],
          'header type': [16, 1],
          'G_SENSE, IMMED': [15, 1],
          identifier: [20, 4],
        },
        {
          'header length': [2, 2],
          'CSCD list length': [42, 2],
          'segment list length': [44, 2],
          'inline length': [46, 2],
        },
      )
    : fieldsIn(
        'data',
        { identifier: [0, 1], flags: [1, 1] },
        { 'CSCD list length': [2, 2], 'segment list length': [8, 4], 'inline length': [12, 4] },
      );
  return [
    ...ofHeader,
    ...fieldsIn(
      'data',
      {
        'CSCD type': [header, 1],
        'peripheral type': [header + 1, 1],
        'code set': [header + 4, 1],
        'designator type': [header + 5, 1],
        NAA: [header + 8, 4],
        'segment type': [segmentAt, 1],
        'segment flags': [segmentAt + 1, 1],
        'source LBA high': [segmentAt + 12, 4],
        'destination LBA high': [segmentAt + 20, 4],
      },
      {
        'designator length': [header + 7, 1],
        'block length': [header + 29, 3],
        'segment length': [segmentAt + 2, 2],
        'source CSCD': [segmentAt + 4, 2],
        'destination CSCD': [segmentAt + 6, 2],
        'source LBA low': [segmentAt + 16, 4],
        'destination LBA low': [segmentAt + 24, 4],
        'segment blocks': [segmentAt + 10, 2],
      },
    ),
  ];
}

/** No two of which meet. */
const ranges = fc
  .array(anyRange(blocks), { minLength: 1, maxLength: 3 })
  .map((all) =>
    all.map(({ lba, blocks: count }, place) => ({ lba: AREA * place + (lba % (AREA - 64)), blocks: count })),
  );

const populate = (of: readonly Range[], seconds: number, type: number): ListCommand => {
  const data = populateList(of, { seconds, type });
  const values = {
    flags: [2, 1],
    'inactivity timeout': [4, 4],
    'ROD type': [8, 4],
    'LBA high': [16, 4],
  } as const;
  const lengths = {
    'list length': [0, 2],
    'descriptor length': [14, 2],
    'LBA low': [20, 4],
    blocks: [24, 4],
  } as const;
  const cdb = tokenOutCdb(POPULATE, IDENTIFIER, data.length);
  return { name: 'POPULATE TOKEN', cdb, data, fields: fieldsIn('data', values, lengths) };
};

/** With the token that came last; with that of zeroes where none did. */
const writeUsing = (of: readonly Range[]): ListCommand => {
  const data = writeTokenList(zeroToken(), of);
  const values = {
    flags: [2, 1],
    'token type': [16, 4],
    'token identifier': [24, 4],
    'token NAA': [40, 4],
    'token secret': [272, 4],
    'LBA high': [536, 4],
  } as const;
  const lengths = {
    'LBA low': [540, 4],
    'list length': [0, 2],
    'offset high': [8, 4],
    'offset low': [12, 4],
    'token length': [22, 2],
    'descriptor length': [534, 2],
    blocks: [544, 4],
  } as const;
  const cdb = tokenOutCdb(WRITE_USING, IDENTIFIER, data.length);
  return {
    name: 'WRITE USING TOKEN',
    cdb,
    data,
    fields: fieldsIn('data', values, lengths),
    tokenAt: TOKEN_AT,
  };
};

interface Token {
  readonly list: ListCommand;
  readonly write: ListCommand;
  readonly destination: Range;
}

/** What is written is as much as was taken, further on. */
const token: fc.Arbitrary<Token> = fc
  .record({
    ranges,
    seconds: fc.constantFrom(0, 1, 600),
    type: fc.constantFrom(0, 0x0080_0000, 0x0080_ffff),
    apart: fc.constantFrom(64, 200),
  })
  .map(({ ranges: of, seconds, type, apart }) => {
    const to = of.map(({ lba, blocks: count }) => ({ lba: lba + apart, blocks: count }));
    const destination = to[0] ?? { lba: 0, blocks: 1 };
    return { list: populate(of, seconds, type), write: writeUsing(to), destination };
  });

export const populateToken = token.map((one) => one.list);

export const copyListCommand: fc.Arbitrary<ListCommand> = fc.oneof(
  copy.map(({ list }) => list),
  populateToken,
  token.map(({ write }) => write),
);

const way = fc.constantFrom<WriteWay>('immediate', 'unsolicited', 'solicited');

export const copyExchange: fc.Arbitrary<CopyExchange> = fc.oneof(
  fc.record({ way, copy }).map(({ way: how, copy: one }) => ({ kind: 'copy' as const, way: how, ...one })),
  fc
    .record({ way, token, elsewhere: fc.boolean() })
    .map(({ token: one, ...how }) => ({ kind: 'token' as const, ...how, ...one })),
);

/** An exchange as the commands that it is made of. */
export function copySteps(one: CopyExchange): CopyStep[] {
  if (one.kind === 'copy') {
    const { status } = one.lid4 ? LID4 : LID1;
    return [
      { list: one.list },
      { read: information(status), waits: true },
      ...(one.lid4 ? [] : [{ read: information(LID1.details), waits: true }]),
      ...[false, true].map((atOther) => ({ read: readOf(one.destination), waits: true, atOther })),
    ];
  }
  return [
    { list: one.list },
    { read: information(INFORMATION), waits: true },
    { list: one.write, waits: true, atOther: one.elsewhere },
    { read: information(INFORMATION), waits: true, atOther: one.elsewhere },
    { read: readOf(one.destination), waits: true, atOther: one.elsewhere },
  ];
}

function information(action: number): Exchange {
  const cdb = [...copyInCdb(action, IDENTIFIER, ALLOCATION)];
  return { kind: 'command', name: `THIRD-PARTY COPY IN ${action}`, cdb, length: ALLOCATION };
}

function readOf({ lba, blocks: count }: Range): Exchange {
  return { kind: 'command', name: 'READ', cdb: [...blockCdb(0x88, lba, count)], length: count * BLOCK };
}
