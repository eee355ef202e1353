import { OpCode } from '../wire/scsi/opcodes.ts';

/** What a command waits for: at any moment one of these. */
export const Stage = { received: 0, queued: 1, forwarded: 2, stored: 3, answered: 4 } as const;
export type Stage = (typeof Stage)[keyof typeof Stage];
export type StageName = keyof typeof Stage;
export const stageNames = Object.keys(Stage) as StageName[];

/** Commands of initiators that were run or answered here, those that were forwarded to the owner, and those run here for partners. */
export const Path = { direct: 0, proxied: 1, served: 2 } as const;
export type Path = (typeof Path)[keyof typeof Path];
export type PathName = keyof typeof Path;
export const pathNames = Object.keys(Path) as PathName[];

/** READ (6, 10, 12, 16), WRITE (6, 10, 12, 16), and all others. */
export const Kind = { read: 0, write: 1, other: 2 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];
export type KindName = keyof typeof Kind;
export const kindNames = Object.keys(Kind) as KindName[];

const { read6, read10, read12, read16, write6, write10, write12, write16 } = OpCode;
const kinds = new Uint8Array(256).fill(Kind.other);
for (const code of [read6, read10, read12, read16]) kinds[code] = Kind.read;
for (const code of [write6, write10, write12, write16]) kinds[code] = Kind.write;

export function kindOf(cdb: Uint8Array): Kind {
  return (kinds[cdb[0] ?? 0] ?? Kind.other) as Kind;
}
