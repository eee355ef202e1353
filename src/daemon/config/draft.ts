/**
 * Reads the tables of a parsed file key by key, so that one wrong value hides no other: what is right is kept, what
 * is wrong is reported and left out.
 */
import type { z } from 'zod';
import {
  clusterShape,
  initiatorGroupShape,
  portShape,
  storeShape,
  systemShape,
  unitShape,
} from './file-schema.ts';
import type { Path, Report } from './mistake.ts';
import { suggestion } from './mistake.ts';

type Shape = Readonly<Record<string, z.ZodType>>;
/** The keys of a table that were there and right. */
type Draft<S extends Shape> = { readonly [K in keyof S]?: z.output<S[K]> | undefined };
type At = { readonly path: Path };

export type ClusterDraft = Draft<typeof clusterShape> & At;
export type PortDraft = Draft<typeof portShape> & At;
export type SystemDraft = Draft<typeof systemShape> & At & { readonly ports: readonly PortDraft[] };
export type UnitDraft = Omit<Draft<typeof unitShape>, 'store'> &
  At & { readonly store: Draft<typeof storeShape> };
export type InitiatorGroupDraft = Draft<typeof initiatorGroupShape> & At;

export interface FileDraft {
  readonly cluster: ClusterDraft;
  readonly systems: readonly SystemDraft[];
  readonly units: readonly UnitDraft[];
  readonly groups: readonly InitiatorGroupDraft[];
}

type Table = Readonly<Record<string, unknown>>;

const topKeys = ['cluster', 'system', 'unit', 'initiator_group'];

export function readDraft(file: Table, report: Report): FileDraft {
  reportUnknown(file, topKeys, [], report);
  return {
    cluster: readCluster(file.cluster, report),
    systems: tablesOf(file, 'system', [], report).map(([raw, path]) => ({
      ...readTable(systemShape, raw, path, report, ['port']),
      path,
      ports: readPorts(raw, path, report),
    })),
    units: tablesOf(file, 'unit', [], report).map(([raw, path]) => readUnit(raw, path, report)),
    groups: tablesOf(file, 'initiator_group', [], report).map(([raw, path]) => ({
      ...readTable(initiatorGroupShape, raw, path, report),
      path,
    })),
  };
}

function readCluster(raw: unknown, report: Report): ClusterDraft {
  const path = ['cluster'];
  if (isTable(raw)) return { ...readTable(clusterShape, raw, path, report), path };
  report(path, 'there is no [cluster] table; write [cluster] and under it name = "NAME"');
  return { path };
}

function readPorts(system: Table, path: Path, report: Report): PortDraft[] {
  const ports = tablesOf(system, 'port', path, report);
  if (ports.length === 0 && system.port === undefined) {
    report(path, 'a system without ports; write a [[system.port]] below it');
  }
  return ports.map(([raw, at]) => ({ ...readTable(portShape, raw, at, report), path: at }));
}

function readUnit(raw: Table, path: Path, report: Report): UnitDraft {
  const { store, ...unit } = readTable(unitShape, raw, path, report);
  const at = [...path, 'store'];
  const draft = store === undefined ? {} : readTable(storeShape, store, at, report);
  const given = Object.keys(store ?? {}).filter((key) => key === 'file' || key === 'device').length;
  if (store !== undefined && given === 0) report(at, 'write file = "NAME.img" or device = "/dev/NAME" in it');
  if (draft.file !== undefined && draft.direct !== undefined)
    report([...at, 'direct'], 'only a device is read and written past the page cache; take this out');
  if (given === 2) report(at, 'a store is a file or a device: write one of the two');
  return { ...unit, path, store: draft };
}

/** The elements of an array of tables, each with its path. */
function tablesOf(parent: Table, key: string, path: Path, report: Report): [Table, Path][] {
  const value = parent[key];
  if (value === undefined) return [];
  const header = [...path, key].filter((part) => typeof part === 'string').join('.');
  if (!Array.isArray(value) || !value.every(isTable)) {
    report([...path, key], `not a list of tables; write [[${header}]] with double brackets`);
    return [];
  }
  return value.map((element: Table, index) => [element, [...path, key, index]]);
}

function readTable<S extends Shape>(
  shape: S,
  raw: Table,
  path: Path,
  report: Report,
  others: readonly string[] = [],
): Draft<S> {
  reportUnknown(raw, [...Object.keys(shape), ...others], path, report);
  const draft: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(shape)) {
    const parsed = schema.safeParse(raw[key]);
    if (parsed.success) draft[key] = parsed.data;
    else if (raw[key] === undefined) report(path, `${key} is missing${adviceOf(parsed.error)}`);
    else reportIssues(parsed.error, raw[key], [...path, key], report);
  }
  return draft as Draft<S>;
}

function adviceOf(error: z.ZodError): string {
  const first = error.issues[0];
  return first === undefined ? '' : `; ${first.message}`;
}

function reportIssues(error: z.ZodError, value: unknown, path: Path, report: Report): void {
  for (const issue of error.issues) {
    const inside = issue.path.filter((part) => typeof part !== 'symbol');
    const wrong = inside.reduce((outer, part) => valueIn(outer, part), value);
    report([...path, ...inside], `${nameOf([...path, ...inside])} = ${written(wrong)}: ${issue.message}`);
  }
}

function valueIn(outer: unknown, part: string | number): unknown {
  return typeof outer === 'object' && outer !== null ? Reflect.get(outer, part) : undefined;
}

/** The last key of the path, with the index of a list's element: 'interconnect[1]'. */
function nameOf(path: Path): string {
  const last = path.at(-1) ?? '';
  return typeof last === 'number' ? `${path.at(-2)}[${last}]` : last;
}

function written(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function reportUnknown(raw: Table, known: readonly string[], path: Path, report: Report): void {
  for (const key of Object.keys(raw)) {
    if (!known.includes(key)) report([...path, key], `unknown key "${key}"${suggestion(key, known)}`);
  }
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
