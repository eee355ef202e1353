import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { edited, good, lineOf, mistakesOf } from './fixture.ts';

interface Case {
  readonly what: string;
  /** Replaced in the good file, by `by`. */
  readonly piece: string;
  readonly by: string;
  /** Stands on the line of the mistake. */
  readonly at: string;
  readonly says: RegExp;
}

const alphaPort = '  [[system.port]]\n  name = "alpha-proxy"';
const group = (luns: string, more = '') =>
  `[[initiator_group]]\nname = "g"\ninitiators = ["iqn.2004-01.com.example:h"]\nluns = ${luns}\n${more}`;

// biome-ignore format: one case a line.
const cases: readonly Case[] = [
  { what: 'unknown key', piece: 'lun = 1\n', by: 'lun = 1\nsizes = 4\n', at: 'sizes', says: /unknown key "sizes"; did you mean "size"/ },
  { what: 'unknown table', piece: '[[unit]]\nname = "vol-a"', by: '[[volume]]\nname = "vol-a"', at: '[[volume]]', says: /unknown key "volume"; write one of "cluster"/ },
  { what: 'single brackets', piece: 'lun = 2\n', by: 'lun = 2\n[initiator_group]\n', at: '[initiator_group]', says: /write \[\[initiator_group\]\]/ },
  { what: 'wrong type', piece: 'lun = 1\n', by: 'lun = "1"\n', at: 'lun = "1"', says: /whole number from 0 to 16383/ },
  { what: 'missing key', piece: 'owner = "alpha"\n', by: '', at: '[[unit]]\nname = "vol-a"', says: /owner is missing; write/ },
  { what: 'missing cluster name', piece: 'name = "demo"\n', by: '', at: '[cluster]', says: /name is missing/ },
  { what: 'name with capitals', piece: 'name = "vol-a"', by: 'name = "Vol-A"', at: '"Vol-A"', says: /lower-case letters, digits and "-"/ },
  { what: 'name with an underscore', piece: 'name = "demo"', by: 'name = "my_demo"', at: 'my_demo', says: /lower-case letters/ },
  { what: 'name too long', piece: 'name = "demo"', by: `name = "${'x'.repeat(64)}"`, at: 'xxx', says: /at most 63/ },
  { what: 'duplicate system', piece: 'name = "beta"', by: 'name = "alpha"', at: 'name = "alpha"', says: /system name "alpha" is used twice/ },
  { what: 'duplicate port', piece: '"beta-all"', by: '"alpha-local"', at: 'name = "alpha-local"', says: /port name "alpha-local" is used twice/ },
  { what: 'duplicate unit', piece: '"vol-b"', by: '"vol-a"', at: 'name = "vol-a"', says: /unit name "vol-a" is used twice/ },
  { what: 'duplicate lun', piece: 'lun = 2', by: 'lun = 1', at: 'lun = 1', says: /lun 1 is used twice/ },
  { what: 'duplicate group', piece: 'admin = "127.0.0.1:7802"', by: 'admin = "127.0.0.1:7802"\ngroup = 1', at: 'group', says: /group 1 is used twice/ },
  { what: 'polling for ever', piece: 'admin = "127.0.0.1:7802"', by: 'admin = "127.0.0.1:7802"\npoll_microseconds = 5000', at: 'poll_microseconds', says: /whole number from 0 to 1000/ },
  { what: 'an unknown way to call a disk', piece: 'admin = "127.0.0.1:7802"', by: 'admin = "127.0.0.1:7802"\ndisk_calls = "aio"', at: 'disk_calls', says: /write "io_uring" or "threads"/ },
  { what: 'duplicate relative id', piece: alphaPort, by: `${alphaPort}\nrelative_id = 1`, at: 'relative_id', says: /relative port id 1 is used twice/ },
  { what: 'a place that another port has written', piece: alphaPort, by: `${alphaPort}\nrelative_id = 3`, at: '[[system.port]]\n  name = "beta-local"', says: /write it for all ports, or for none/ },
  { what: 'duplicate state folder', piece: '"var/beta"', by: '"./var/alpha/"', at: './var/alpha/', says: /state folder "\/srv\/var\/alpha" is used twice/ },
  { what: 'duplicate portal', piece: '"127.0.0.1:3262"', by: '"127.0.0.1:3261"', at: 'portal = "127.0.0.1:3261"', says: /port "beta-all" listens on 127.0.0.1:3261, as does port "beta-local"/ },
  { what: 'a portal within every address', piece: '"127.0.0.1:3262"', by: '"0.0.0.0:3261"', at: '0.0.0.0', says: /every address/ },
  { what: 'duplicate admin address', piece: '7802', by: '7801', at: 'admin = "127.0.0.1:7801"', says: /the admin API of system "alpha"/ },
  { what: 'an admin address on a portal', piece: '7802', by: '3260', at: 'admin = "127.0.0.1:3260"', says: /as does port "alpha-local"/ },
  { what: 'duplicate target name and portal group tag', piece: 'serves = "local"\n  [[system.port]]\n  name = "beta-all"', by: 'serves = "all"\n  portal_group_tag = 4\n  [[system.port]]\n  name = "beta-all"', at: '[[system.port]]\n  name = "beta-all"', says: /share a target name: write another portal_group_tag/ },
  { what: 'unknown owner', piece: 'owner = "beta"', by: 'owner = "betta"', at: 'betta', says: /no system "betta"; did you mean "beta"/ },
  { what: '`on` of an unknown port', piece: 'on = "alpha-local"', by: 'on = "alpha-loca"', at: '"alpha-loca"', says: /has no port "alpha-loca"; did you mean "alpha-local"/ },
  { what: '`on` of another system', piece: 'on = "alpha-local"', by: 'on = "beta-local"', at: 'on =', says: /system "alpha" has no port "beta-local"/ },
  { what: '`on` of a virtual port', piece: 'on = "alpha-local"', by: 'on = "alpha-proxy"', at: 'on =', says: /is a virtual port itself/ },
  { what: 'virtual without `on`', piece: '  on = "alpha-local"\n', by: '', at: alphaPort, says: /write on = "alpha-local"/ },
  { what: 'virtual with a portal', piece: 'on = "alpha-local"', by: 'on = "alpha-local"\nportal = "127.0.0.1:9"', at: '"127.0.0.1:9"', says: /take this line out/ },
  { what: 'physical without a portal', piece: '  portal = "127.0.0.1:3261"\n', by: '', at: '[[system.port]]\n  name = "beta-local"', says: /write portal =/ },
  { what: 'physical with `on`', piece: 'portal = "127.0.0.1:3261"', by: 'portal = "127.0.0.1:3261"\non = "x"', at: 'on = "x"', says: /only a virtual port is on another/ },
  { what: 'a system without ports', piece: '[[unit]]\nname = "vol-a"', by: '[[system]]\nname = "c"\nstate = "c"\ninterconnect = ["unix:c"]\nadmin = "127.0.0.1:1"\n[[unit]]\nname = "vol-a"', at: '[[system]]\nname = "c"', says: /without ports/ },
  { what: 'a size in GB', piece: '"1GiB"', by: '"1GB"', at: '1GB', says: /whole KiB, MiB, GiB/ },
  { what: 'a size of nothing', piece: '"1GiB"', by: '0', at: 'size = 0', says: /like "1GiB"/ },
  { what: 'a size above 2^53', piece: '"1GiB"', by: '"8192PiB"', at: '8192PiB', says: /like "1GiB"/ },
  { what: 'half a block', piece: '"1GiB"', by: '1000', at: 'size = 1000', says: /whole number of blocks of 512; write 1024/ },
  { what: 'half a large block', piece: '"1GiB"', by: '512\nblock = 4096', at: 'size = 512', says: /blocks of 4096; write 4096/ },
  { what: 'a physical block below the logical one', piece: 'lun = 1\n', by: 'lun = 1\nblock = 4096\nphysical_block = 512\n', at: 'physical_block', says: /that has 4096 bytes; write 4096/ },
  { what: 'low_space of a device', piece: 'lun = 2\n', by: 'lun = 2\nlow_space = "1GiB"\n', at: 'low_space', says: /does not tell what is free/ },
  { what: 'read_only as a word', piece: 'lun = 1\n', by: 'lun = 1\nread_only = "yes"\n', at: 'read_only', says: /write true or false/ },
  { what: 'an odd block length', piece: 'lun = 1\n', by: 'lun = 1\nblock = 1024\n', at: 'block', says: /write 512 or 4096/ },
  { what: 'a lun out of range', piece: 'lun = 1\n', by: 'lun = 16384\n', at: '16384', says: /0 to 16383/ },
  { what: 'a host name for an address', piece: '"127.0.0.1:3260"', by: '"localhost:3260"', at: 'localhost', says: /write an IP address and a port/ },
  { what: 'port 0', piece: '"127.0.0.1:3260"', by: '"127.0.0.1:0"', at: '127.0.0.1:0"', says: /from 1 to 65535/ },
  { what: 'port 65536', piece: '"127.0.0.1:3260"', by: '"127.0.0.1:65536"', at: '65536', says: /from 1 to 65535/ },
  { what: 'IPv6 without brackets', piece: '"127.0.0.1:3260"', by: '"::1:3260"', at: '::1:3260', says: /\[::1\]:3260/ },
  { what: 'an interconnect beyond loopback', piece: 'tcp://127.0.0.1:7701', by: 'tcp://10.0.0.1:7701', at: '10.0.0.1', says: /write "tls:\/\/10\.0\.0\.1:7701", or insecure = true for system "alpha"/ },
  { what: 'a TLS interconnect without keys', piece: 'tcp://127.0.0.1:7701', by: 'tls://127.0.0.1:7701', at: 'tls://', says: /write keys = "FOLDER" under \[cluster\]/ },
  { what: 'a TLS address on a portal', piece: 'tcp://127.0.0.1:7701', by: 'tls://127.0.0.1:3260', at: 'portal = "127.0.0.1:3260"', says: /as does the interconnect of system "alpha"/ },
  { what: 'Fibre Channel beyond loopback', piece: 'tcp://127.0.0.1:7701', by: 'fcip://10.0.0.1:3225', at: '10.0.0.1', says: /insecure = true for system "alpha"/ },
  { what: 'no interconnect', piece: '["tcp://127.0.0.1:7701"]', by: '[]', at: 'interconnect = []', says: /at least one address/ },
  { what: 'an interconnect without transport', piece: 'tcp://127.0.0.1:7701', by: '127.0.0.1:7701', at: '127.0.0.1:7701', says: /tcp:\/\/ADDRESS:PORT/ },
  { what: 'a socket path that is too long', piece: 'unix:var/beta.sock', by: `unix:${'x'.repeat(120)}`, at: 'unix:', says: /Linux allows 107/ },
  { what: 'a unit that no port of its owner serves', piece: 'serves = "local"', by: 'serves = "proxy"', at: 'owner = "alpha"', says: /no port of "alpha" serves its own units/ },
  { what: 'two ports for all on one portal', piece: 'portal = "127.0.0.1:3262"\n  serves = "all"', by: 'portal = "127.0.0.1:3262"\n  serves = "all"\n[[system.port]]\nname = "v"\nkind = "virtual"\non = "beta-all"\nserves = "all"', at: 'serves = "all"', says: /under the same target name/ },
  { what: 'file and device at once', piece: '{ file = "vol-a.img" }', by: '{ file = "a", device = "/dev/x" }', at: '/dev/x', says: /one of the two/ },
  { what: 'a file past the page cache', piece: '{ file = "vol-a.img" }', by: '{ file = "vol-a.img", direct = true }', at: 'direct', says: /only a device is read and written past the page cache/ },
  { what: 'neither file nor device', piece: '{ file = "vol-a.img" }', by: '{}', at: 'store = {}', says: /write file = / },
  { what: 'a relative device', piece: '"/dev/sdz"', by: '"sdz"', at: 'sdz', says: /absolute path/ },
  { what: 'a store used twice', piece: '{ device = "/dev/sdz" }', by: '{ file = "../alpha/vol-a.img" }', at: '../alpha', says: /store "\/srv\/var\/alpha\/vol-a.img" is used twice/ },
  { what: 'a read set out of bounds', piece: 'name = "demo"', by: 'name = "demo"\nread_set = "2MiB"', at: 'read_set', says: /from 4KiB to 1MiB/ },
  { what: 'a read set of odd length', piece: 'name = "demo"', by: 'name = "demo"\nread_set = 5000', at: 'read_set', says: /multiple of 4KiB/ },
  { what: 'a group’s map to an unknown unit', piece: 'lun = 2\n', by: `lun = 2\n${group('{ "0" = "vol-c" }')}`, at: 'luns', says: /no unit "vol-c"; did you mean/ },
  { what: 'a group’s map with a bad LUN', piece: 'lun = 2\n', by: `lun = 2\n${group('{ "01" = "vol-a" }')}`, at: 'luns', says: /without leading zeroes/ },
  { what: 'a group’s map with a unit twice', piece: 'lun = 2\n', by: `lun = 2\n${group('{ "0" = "vol-a", "1" = "vol-a" }')}`, at: 'luns', says: /unit "vol-a" is used twice/ },
  { what: 'an unknown unit in a map of many lines', piece: 'lun = 2\n', by: 'lun = 2\n[[initiator_group]]\nname = "g"\ninitiators = ["*"]\n[initiator_group.luns]\n"0" = "vol-a"\n"1" = "vol-c"\n', at: '"1" = "vol-c"', says: /no unit "vol-c"; did you mean/ },
  { what: 'a bad initiator name', piece: 'lun = 2\n', by: 'lun = 2\n[[initiator_group]]\nname = "g"\ninitiators = ["host1"]\n', at: 'host1', says: /initiators\[0\] = "host1": write an iSCSI name/ },
  { what: 'a group without initiators', piece: 'lun = 2\n', by: 'lun = 2\n[[initiator_group]]\nname = "g"\ninitiators = []\n', at: 'initiators = []', says: /at least one name, or \["\*"\]/ },
  { what: 'a group without a list of initiators', piece: 'lun = 2\n', by: 'lun = 2\n[[initiator_group]]\nname = "g"\ninitiators = "*"\n', at: 'initiators = "*"', says: /write a list/ },
  { what: 'an initiator in two groups', piece: 'lun = 2\n', by: `lun = 2\n${group('{}')}[[initiator_group]]\nname = "h"\ninitiators = [\n"*",\n"iqn.2004-01.com.example:h"]\n`, at: '"iqn.2004-01.com.example:h"]', says: /initiator "iqn.2004-01.com.example:h" is used twice; an initiator is in one group/ },
  { what: 'a group name used twice', piece: 'lun = 2\n', by: `lun = 2\n${group('{}')}[[initiator_group]]\nname = "g"\ninitiators = ["*"]\n`, at: 'name = "g"', says: /initiator group name "g" is used twice/ },
  { what: 'a group with an unknown port', piece: 'lun = 2\n', by: `lun = 2\n${group('{}', 'ports = ["alpha-locl"]\n')}`, at: 'ports', says: /no port "alpha-locl"; did you mean "alpha-local"/ },
  { what: 'a group with no port at all', piece: 'lun = 2\n', by: `lun = 2\n${group('{}', 'ports = []\n')}`, at: 'ports', says: /at least one name of a port/ },
  { what: 'a group with a secret in place of a file', piece: 'lun = 2\n', by: `lun = 2\n${group('{}', 'secret = "twelve bytes"\n')}`, at: 'secret', says: /unknown key "secret"/ },
];

for (const { what, piece, by, at, says } of cases) {
  test(`refused with its line and advice: ${what}`, () => {
    // What a group cuts off its unit is put back, so that it is the one mistake.
    const text = by.includes('[initiator_group]') ? reordered(piece, by) : edited(piece, by);
    const line = lineOf(text, at);
    const hit = mistakesOf(text).find((mistake) => mistake.line === line && says.test(mistake.message));
    assert.ok(hit !== undefined, `line ${line} of ${JSON.stringify(mistakesOf(text), null, 1)}`);
  });
}

/** The tables that `by` adds behind `piece`, at the end of the file instead. */
function reordered(piece: string, by: string): string {
  return `${good}${by.slice(piece.length)}`;
}

test('portals and admin addresses beyond loopback are allowed where they are written', () => {
  assert.deepEqual(mistakesOf(edited('127.0.0.1:3260', '192.0.2.1:3260')), []);
  assert.deepEqual(mistakesOf(edited('127.0.0.1:7801', '[2001:db8::1]:7801')), []);
});

test('an interconnect beyond loopback is allowed where it is authenticated, or said to be insecure', () => {
  const plain = edited('["tcp://127.0.0.1:7701"]', '["tcp://192.0.2.1:7701"]\ninsecure = true');
  assert.deepEqual(mistakesOf(plain), []);
  const secure = edited('tcp://127.0.0.1:7701', 'tls://192.0.2.1:7701');
  assert.deepEqual(mistakesOf(secure.replace('name = "demo"', 'name = "demo"\nkeys = "keys"')), []);
});

test('a cluster has as many ports as REPORT TARGET PORT GROUPS can count', () => {
  const port = (index: number) =>
    `[[system.port]]\nname = "more-${index}"\nkind = "virtual"\non = "beta-local"\nserves = "proxy"\n`;
  const clusterOf = (ports: number) => {
    const more = Array.from({ length: ports - 4 }, (_, index) => port(index)).join('');
    return edited('[[unit]]\nname = "vol-a"', `${more}[[unit]]\nname = "vol-a"`);
  };
  assert.deepEqual(mistakesOf(clusterOf(255)), []);
  const text = clusterOf(256);
  const [mistake, ...others] = mistakesOf(text);
  assert.deepEqual(others, []);
  assert.equal(mistake?.line, lineOf(text, '[[system.port]]\nname = "more-251"'));
  assert.match(mistake?.message ?? '', /256 ports, and REPORT TARGET PORT GROUPS tells of 255/);
});
