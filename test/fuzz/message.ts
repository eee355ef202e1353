/** One PDU or frame of a valid conversation, just before it goes out: what a mutation works on. */
export interface Message {
  readonly name: string;
  /** With additional header segments, or parameters. */
  header: Uint8Array;
  data: Uint8Array;
  readonly fields: readonly Field[];
  /** Makes the header say how long the data is. */
  readonly tellLength: (header: Uint8Array, length: number) => void;
}

/** An unsigned number, big-endian. */
export interface Field {
  readonly name: string;
  readonly part: 'header' | 'data';
  readonly at: number;
  readonly length: 1 | 2 | 3 | 4;
  /** It says how much of something there is, or where. */
  readonly isLength: boolean;
  /** Every message of the protocol has it. */
  readonly isCommon?: true;
}

/** Where a PDU says which unit it is for. */
export const LUN_FIELD = 'LUN bytes 0-1';

type Place = readonly [at: number, length: Field['length']];

/** Fields of a part of a message, by name. */
export function fieldsIn(
  part: Field['part'],
  values: Readonly<Record<string, Place>>,
  lengths: Readonly<Record<string, Place>> = {},
): Field[] {
  const of = (places: Readonly<Record<string, Place>>, isLength: boolean) =>
    Object.entries(places).map(([name, [at, length]]) => ({ name, part, at, length, isLength }));
  return [...of(values, false), ...of(lengths, true)];
}

export function common(field: Field): Field {
  return { ...field, isCommon: true };
}

export function readField(message: Message, { part, at, length }: Field): number {
  let value = 0;
  for (let index = 0; index < length; index += 1) value = value * 256 + (message[part][at + index] ?? 0);
  return value;
}

/** `value`: reduced to what the field can hold. */
export function writeField(message: Message, { part, at, length }: Field, value: number): void {
  let rest = value;
  for (let index = length - 1; index >= 0; index -= 1) {
    message[part][at + index] = ((rest % 256) + 256) % 256;
    rest = Math.floor(rest / 256);
  }
}
