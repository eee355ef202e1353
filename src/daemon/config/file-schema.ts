/**
 * The keys of a configuration file, and what each may hold: the one description, from which parseConfig checks and
 * docs/configuration.md tells. Every message ends in what to write instead.
 */
import { z } from 'zod';
import { LinkLimits, StreamLimits } from '../../limits.ts';
import { parseHostPort } from './address.ts';
import { formatSize, parseSize } from './size.ts';

const MAX_NAME = 63;
/** sun_path has 108 bytes with its closing zero (unix(7)). */
export const MAX_UNIX_PATH = 107;
/** The flat space addressing method has 14 bits (SAM-5 4.7.7.3). */
const MAX_LUN = 16383;
/** Reads come back in whole blocks, and the largest block that we have is this long. */
const READ_SET_STEP = 4096;

const name = z
  .string('write a string in quotes')
  .max(MAX_NAME, `too long: at most ${MAX_NAME} characters`)
  .regex(
    /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
    'write lower-case letters, digits and "-" only, with a letter or digit at both ends',
  );

const reference = z.string('write the name as a string in quotes');

const hostPort = z.string(hostPortAdvice()).transform((written, context) => {
  const parsed = parseHostPort(written);
  if (parsed !== null) return parsed;
  context.addIssue(hostPortAdvice());
  return z.NEVER;
});

function hostPortAdvice(): string {
  return 'write an IP address and a port from 1 to 65535, like "127.0.0.1:3260" or "[::1]:3260"';
}

const transports = ['tls', 'tcp', 'fcip'] as const;
const interconnectAddress = z.string(interconnectAdvice()).transform((written, context) => {
  if (written.startsWith('unix:') && written.length > 5) {
    return { transport: 'unix' as const, path: written.slice(5) };
  }
  const transport = transports.find((candidate) => written.startsWith(`${candidate}://`));
  const parsed = transport === undefined ? null : parseHostPort(written.slice(transport.length + 3));
  if (transport !== undefined && parsed !== null) return { transport, ...parsed };
  context.addIssue(interconnectAdvice());
  return z.NEVER;
});

function interconnectAdvice(): string {
  return 'write "tls://ADDRESS:PORT", "unix:PATH", "tcp://ADDRESS:PORT", like "tcp://127.0.0.1:7701", or "fcip://ADDRESS:PORT"';
}

/** Before the whole file is known: paths as they are written, and nobody's yet. */
export type WrittenAddress = z.output<typeof interconnectAddress>;

const size = z
  .union([z.string(), z.number()], 'write a size, like "1GiB", "512MiB" or 1073741824')
  .transform((written, context) => {
    const bytes = parseSize(written);
    if (bytes !== null) return bytes;
    context.addIssue(
      'write a size in whole KiB, MiB, GiB or TiB, like "1GiB", "512MiB", or a number of bytes',
    );
    return z.NEVER;
  });

const readSet = size.refine(
  (bytes) =>
    bytes >= LinkLimits.minReadSetLength &&
    bytes <= LinkLimits.maxReadSetLength &&
    bytes % READ_SET_STEP === 0,
  `write a multiple of ${formatSize(READ_SET_STEP)} from ${formatSize(LinkLimits.minReadSetLength)} to ${formatSize(LinkLimits.maxReadSetLength)}`,
);

const identifier = wholeNumber(1, 65535);

function wholeNumber(least: number, most: number) {
  const advice = `write a whole number from ${least} to ${most}`;
  return z.int(advice).min(least, advice).max(most, advice);
}

/** Of a group: every initiator that no other group names. */
export const EVERYONE_ELSE = '*';

const initiatorName = z
  .string('write a string in quotes')
  .max(223, 'too long: at most 223 characters (RFC 7143 4.2.7.2)')
  .regex(
    /^(\*|iqn\.[0-9]{4}-[0-9]{2}\.[a-z0-9.:-]+|eui\.[0-9a-f]{16}|naa\.[0-9a-f]{16}([0-9a-f]{16})?)$/,
    'write an iSCSI name in lower case, like "iqn.2004-01.com.example:host1", "eui.…" or "naa.…"; or "*" for every initiator that no group names',
  );

const store = z.record(z.string(), z.unknown(), 'write { file = "NAME.img" } or { device = "/dev/NAME" }');

export const clusterShape = {
  name,
  read_set: readSet.optional(),
  keys: z.string('write the path of a folder').min(1, 'write the path of a folder').optional(),
};

export const systemShape = {
  name,
  state: z.string('write the path of a folder').min(1, 'write the path of a folder'),
  interconnect: z
    .array(interconnectAddress, 'write a list, like ["tcp://127.0.0.1:7701"]')
    .min(1, 'write at least one address, like ["tcp://127.0.0.1:7701"]'),
  insecure: z.boolean('write true or false').optional(),
  admin: hostPort,
  group: identifier.optional(),
  disk_calls: z.enum(['io_uring', 'threads'], 'write "io_uring" or "threads"').optional(),
  poll_microseconds: wholeNumber(0, StreamLimits.maxPollMicroseconds).optional(),
};

export const portShape = {
  name,
  kind: z.enum(['physical', 'virtual'], 'write "physical" or "virtual"'),
  portal: hostPort.optional(),
  on: reference.optional(),
  serves: z.enum(['local', 'proxy', 'all'], 'write "local", "proxy" or "all"'),
  portal_group_tag: identifier.optional(),
  relative_id: identifier.optional(),
};

export const unitShape = {
  name,
  owner: reference,
  lun: wholeNumber(0, MAX_LUN),
  size,
  block: z.literal([512, 4096], 'write 512 or 4096').optional(),
  physical_block: z.literal([512, 4096], 'write 512 or 4096').optional(),
  read_only: z.boolean('write true or false').optional(),
  low_space: size.optional(),
  store,
};

export const storeShape = {
  file: z.string('write the path of a file').min(1, 'write the path of a file').optional(),
  device: z
    .string('write the path of a block device, like "/dev/sdb"')
    .startsWith('/', 'write an absolute path, like "/dev/sdb"')
    .optional(),
  direct: z.boolean('write true or false').optional(),
};

const lunKey = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,4})$/)
  .refine((digits) => Number(digits) <= MAX_LUN);

export const initiatorGroupShape = {
  name,
  initiators: z
    .array(initiatorName, 'write a list, like ["iqn.2004-01.com.example:host1"], or ["*"]')
    .min(1, 'write at least one name, or ["*"] for every initiator that no group names'),
  luns: z
    .record(lunKey, reference, {
      error: (issue) =>
        issue.code === 'invalid_key'
          ? `write each LUN as a number from 0 to ${MAX_LUN} without leading zeroes, like { "0" = "vol-a" }`
          : 'write LUNs and the names of units, like { "0" = "vol-a" }',
    })
    .optional(),
  ports: z
    .array(reference, 'write a list of names of ports, like ["alpha-local"]')
    .min(1, 'write at least one name of a port, or take this line out')
    .optional(),
  chap: z.string('write the path of a file').min(1, 'write the path of a file').optional(),
};
