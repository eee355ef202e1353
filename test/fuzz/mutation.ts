/** One thing that is changed in a valid conversation: a field, a length, the order, or where the bytes end. */
import fc from 'fast-check';
import { IscsiLimits } from '../../src/limits.ts';
import { type Field, LUN_FIELD, type Message, readField, writeField } from './message.ts';
import { editText, type TextEdit, textEdit } from './text-edit.ts';
import { hiddenLuns, UNIT_BLOCKS } from './victim-file.ts';

export type Change =
  | { readonly how: 'set'; readonly to: number }
  | { readonly how: 'add'; readonly to: number }
  | { readonly how: 'flip'; readonly to: number };

/** `turn`, `exchange`, `field` and `byte` are taken modulo what there is: `turn` as `placeOf` says. */
export type Mutation =
  | { readonly kind: 'none' }
  /** `own`: one that not every message has. */
  | {
      readonly kind: 'field' | 'length';
      readonly turn: number;
      readonly field: number;
      readonly own: boolean;
      readonly change: Change;
    }
  /** `inData`: of the data, where there is some. */
  | {
      readonly kind: 'byte';
      readonly turn: number;
      readonly byte: number;
      readonly inData: boolean;
      readonly change: Change;
    }
  /** Data cut short or made longer by so many bytes; whether the header tells. */
  | { readonly kind: 'resize'; readonly turn: number; readonly by: number; readonly told: boolean }
  | { readonly kind: 'text'; readonly turn: number; readonly edit: TextEdit }
  /** The LUN of a unit that others see. */
  | { readonly kind: 'unit'; readonly turn: number; readonly lun: number }
  /** A parameter list cut short or made longer by so many bytes, of which all that carries it tells, and it itself does not. */
  | { readonly kind: 'list length'; readonly exchange: number; readonly by: number }
  /** A field of a parameter list, however it is brought. */
  | {
      readonly kind: 'list field';
      readonly exchange: number;
      readonly field: number;
      readonly change: Change;
    }
  /** `repeat`: made anew, with numbers of its own. `echo`: the same bytes once more. */
  | { readonly kind: 'swap' | 'drop' | 'repeat' | 'echo'; readonly turn: number }
  /** The connection ends after so many thousandths of the message. */
  | { readonly kind: 'cut'; readonly turn: number; readonly thousandths: number };

const interesting = fc.constantFrom(
  0,
  1,
  2,
  7,
  0x7f,
  0x80,
  0xff,
  0x7fff,
  // As many as a unit has blocks.
  UNIT_BLOCKS,
  0xffff,
  0x7fffffff,
  0x80000000,
  0xffffffff,
);
/** One more is where bounds are missed. */
const steps = fc.constantFrom(1, 1, 1, 1, 1, 1, 1, -1, -1, -4, 3, 4, -512, 512);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ how: fc.constant('set' as const), to: fc.oneof(interesting, fc.nat(0xffffffff)) }),
  { arbitrary: fc.record({ how: fc.constant('add' as const), to: steps }), weight: 3 },
  fc.record({ how: fc.constant('flip' as const), to: fc.nat(31) }),
);
/** Three in four. */
const own = fc.nat(3).map((drawn) => drawn > 0);
/** A turn of all is meant from here on. */
const OF_ALL = 64;
const turn = fc.oneof(
  { arbitrary: fc.nat(OF_ALL - 1), weight: 3 },
  { arbitrary: fc.integer({ min: OF_ALL, max: 2 * OF_ALL - 1 }), weight: 1 },
);
/** More than a target takes in one PDU. */
const TOO_LONG = IscsiLimits.maxRecvDataSegmentLength + 4;

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { arbitrary: fc.constant({ kind: 'none' as const }), weight: 1 },
  {
    arbitrary: fc.record({ kind: fc.constant('field' as const), turn, field: fc.nat(63), own, change }),
    weight: 6,
  },
  {
    arbitrary: fc.record({ kind: fc.constant('length' as const), turn, field: fc.nat(15), own, change }),
    weight: 10,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('byte' as const),
      turn,
      byte: fc.nat(4095),
      inData: fc.boolean(),
      change,
    }),
    weight: 5,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('resize' as const),
      turn,
      by: fc.oneof(
        fc.constantFrom(-1, 1, 4, -512, 512, TOO_LONG, TOO_LONG),
        fc.integer({ min: -8192, max: 8192 }),
      ),
      told: fc.boolean(),
    }),
    weight: 3,
  },
  {
    arbitrary: turn.map((at) => ({ kind: 'resize' as const, turn: at, by: TOO_LONG, told: true })),
    weight: 2,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('list length' as const),
      exchange: fc.nat(7),
      by: fc.oneof(fc.constantFrom(-1, -4, -16, 1, 16), fc.integer({ min: -30, max: 30 })),
    }),
    weight: 8,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('list field' as const),
      exchange: fc.nat(7),
      field: fc.nat(63),
      change,
    }),
    weight: 8,
  },
  { arbitrary: fc.record({ kind: fc.constant('text' as const), turn, edit: textEdit }), weight: 3 },
  {
    arbitrary: fc.record({ kind: fc.constant('unit' as const), turn, lun: fc.constantFrom(...hiddenLuns) }),
    weight: 1,
  },
  {
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'swap' as const,
        'drop' as const,
        'repeat' as const,
        'echo' as const,
        'echo' as const,
      ),
      turn,
    }),
    weight: 7,
  },
  { arbitrary: fc.record({ kind: fc.constant('cut' as const), turn, thousandths: fc.nat(999) }), weight: 2 },
);

/** What a turn is, of a conversation of either protocol. */
interface AnyTurn {
  /** It is one of those with which every conversation begins. */
  readonly opens?: true;
}

/** The turn that is meant, mostly one behind the opening; -1 where none is. */
export function placeOf(turns: readonly AnyTurn[], mutation: Mutation): number {
  if (turns.length === 0 || !('turn' in mutation)) return -1;
  const opening = turns.filter(({ opens }) => opens).length;
  const ofAll = mutation.turn >= OF_ALL || opening === turns.length;
  return ofAll ? mutation.turn % turns.length : opening + (mutation.turn % (turns.length - opening));
}

/** The turns of a conversation in the order that the mutation makes of them. */
export function inOrder<Turn extends AnyTurn>(turns: readonly Turn[], mutation: Mutation): readonly Turn[] {
  const at = placeOf(turns, mutation);
  if (at < 0) return turns;
  const [before, here, behind] = [turns.slice(0, at), turns.slice(at, at + 1), turns.slice(at + 1)];
  if (mutation.kind === 'drop') return [...before, ...behind];
  if (mutation.kind === 'repeat') return [...before, ...here, ...here, ...behind];
  if (mutation.kind === 'swap') return [...before, ...behind.slice(0, 1), ...here, ...behind.slice(1)];
  return turns;
}

/** Changes the message in place, if the mutation is one of what a message says. Gives what it changed, for reports. */
export function mutate(message: Message, mutation: Mutation): string | null {
  switch (mutation.kind) {
    case 'field':
    case 'length': {
      const all = message.fields.filter(({ isLength }) => mutation.kind === 'field' || isLength);
      const own = all.filter(({ isCommon }) => isCommon !== true);
      const candidates = own.length > 0 && mutation.own ? own : all;
      const field = candidates[mutation.field % Math.max(1, candidates.length)];
      return field === undefined ? null : changeField(message, field, mutation.change);
    }
    case 'byte': {
      const { header, data } = message;
      const ofAll = mutation.byte % (header.length + data.length);
      const inData = mutation.inData && data.length > 0;
      const at = inData ? header.length + (mutation.byte % data.length) : ofAll;
      const part = at < header.length ? 'header' : 'data';
      const place = part === 'header' ? at : at - header.length;
      return changeField(
        message,
        { name: `byte ${at}`, part, at: place, length: 1, isLength: false },
        mutation.change,
      );
    }
    case 'resize':
      return resize(message, Math.max(0, message.data.length + mutation.by), mutation.told);
    case 'text':
      return resizeTo(message, editText(message.data, mutation.edit), true, mutation.edit.how);
    case 'unit': {
      const field = message.fields.find(({ name }) => name === LUN_FIELD);
      return field === undefined ? null : changeField(message, field, { how: 'set', to: mutation.lun });
    }
    default:
      return null;
  }
}

export function changeField(message: Message, field: Field, { how, to }: Change): string {
  const old = readField(message, field);
  const flipped = (old ^ (1 << (to % (field.length * 8)))) >>> 0;
  const value = how === 'set' ? to : how === 'add' ? old + to : flipped;
  writeField(message, field, value);
  return `${field.name} from ${old} to ${readField(message, field)}`;
}

function resize(message: Message, length: number, told: boolean): string {
  const data = new Uint8Array(length);
  data.set(message.data.subarray(0, length));
  return resizeTo(message, data, told, told ? 'told' : 'not told');
}

function resizeTo(message: Message, data: Uint8Array, told: boolean, how: string): string {
  const what = `data from ${message.data.length} to ${data.length} bytes, ${how}`;
  message.data = data;
  if (told) message.tellLength(message.header, data.length);
  return what;
}
