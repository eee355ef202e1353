import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { type Source, sourcesIn } from './sources.ts';

const core = sourcesIn('src');
const product = [...core, ...sourcesIn('client', 'cli')];
const simulator = sourcesIn('sim');
const all = [...product, ...simulator, ...sourcesIn('test', 'bench')];

/** A folder may import from itself and from those before it. */
const layers = [
  'src/wire',
  'src/env',
  'src/sys',
  'src/env/node',
  'src/buffers',
  'src/latency',
  'src/stores',
  'src/scsi',
  'src/iscsi',
  'src/cluster',
  'src/admin',
  'src/daemon',
];

/** What stands outside the layers, and the folders that it may import from: the simulator from all but the real environment. */
const besides: ReadonlyMap<string, readonly string[]> = new Map([
  ['client', ['src/wire', 'src/scsi', 'client']],
  ['cli', ['src/wire', 'src/admin', 'src/daemon', 'client', 'cli']],
  ['sim', [...layers.filter((folder) => folder !== 'src/env/node' && folder !== 'src/admin'), 'sim']],
]);

const LIMITS = 'src/limits.ts';

function layerOf(file: string): string | undefined {
  const within = [...layers, ...besides.keys()].filter((folder) => file.startsWith(`${folder}/`));
  return within.sort((a, b) => b.length - a.length)[0];
}

function mayImport(from: string): readonly string[] {
  return besides.get(from) ?? layers.slice(0, layers.indexOf(from) + 1);
}

test('imports point down the list of folders only', () => {
  const wrong = [...product, ...simulator].flatMap((source) => {
    const from = layerOf(source.file);
    if (from === undefined) return source.file === LIMITS ? [] : [`${source.file} is in no known folder`];
    return source.imports
      .filter((name) => name.endsWith('.ts') && name !== LIMITS)
      .filter((name) => !mayImport(from).includes(layerOf(name) ?? ''))
      .map((name) => `${source.file} imports ${name}`);
  });
  assert.deepEqual(wrong, []);
});

test('the wire formats import nothing from outside, and the limits import nothing at all', () => {
  const wrong = core
    .filter(({ file }) => file.startsWith('src/wire/') || file === LIMITS)
    .flatMap(({ file, imports }) =>
      imports
        .filter((name) => !name.startsWith('src/wire/') && (file === LIMITS || name !== LIMITS))
        .map((name) => `${file} imports ${name}`),
    );
  assert.deepEqual(wrong, []);
});

/** Adapters to the operating system. */
const adapters = ['src/env/node/', 'src/sys/'];
/** Runs before anything else does, and may wait for the state folder's files. (A key file, a few lines, for each link too.) */
const startUpFiles = /^src\/daemon\/[^/]+\.ts$/;
/** The entry of the process, and what tells of the process. */
const processFiles = ['src/daemon/main.ts', 'src/daemon/state-folder.ts', 'src/daemon/system-status.ts'];

const bannedModules =
  /^node:(net|timers|dgram|http|https|http2|tls|dns|os|child_process|process|perf_hooks)\b/;
const bannedCalls =
  /\b(setTimeout|setInterval|setImmediate|queueMicrotask|Date\.now|new Date|performance\.now|Math\.random|console\.\w+)/g;

const outside = core.filter(({ file }) => !adapters.some((folder) => file.startsWith(folder)));
/** Around the seeds, not in them: run processes, measure how long it takes, and print. */
const simulatorEntries = ['sim/main.ts', 'sim/planted/main.ts', 'sim/crew/'];
const simulated = simulator.filter(({ file }) => !simulatorEntries.some((entry) => file.startsWith(entry)));

test('time, chance, network and disk are touched by the adapters alone', () => {
  const wrong = [...outside, ...simulated].flatMap(({ file, imports, code }) => [
    ...imports.filter((name) => bannedModules.test(name)).map((name) => `${file} imports ${name}`),
    ...[...code.matchAll(bannedCalls)].map(([call]) => `${file} uses ${call}`),
  ]);
  assert.deepEqual(wrong, []);
});

test('files are touched at start-up alone, and the process by few', () => {
  const wrong = outside.flatMap(({ file, imports, code }) =>
    [
      ...imports.filter((name) => /^node:fs\b/.test(name) && !startUpFiles.test(file)),
      ...(processFiles.includes(file) ? [] : [...code.matchAll(/\bprocess\.\w+/g)].map(([use]) => use)),
    ].map((what) => `${file}: ${what}`),
  );
  assert.deepEqual(wrong, []);
});

/** The hot path: what a promise, an event emitter, a BigInt or a copy per PDU would make several times slower. */
const hot = /^src\/(wire|buffers|latency|scsi|iscsi|cluster)\//;
const slow = /\b(async|await|EventEmitter|BigInt|Buffer\.concat|\d+n)\b/g;

/** Begin to listen, and may wait for it. */
const startUp = ['src/cluster/interconnect.ts', 'src/iscsi/portal/portal.ts'];

test('the core has no promise, event emitter, BigInt or concatenation', () => {
  const wrong = core
    .filter(({ file }) => hot.test(file) && !startUp.includes(file))
    .flatMap(({ file, code }) => [...code.matchAll(slow)].map(([what]) => `${file} uses ${what}`));
  assert.deepEqual(wrong, []);
});

const escapes =
  /(:\s*any\b|\bas any\b|<any\b|\bany\[\]|^\s*(export )?(const |declare )*enum\s|\bnamespace\s)/m;
const silenced = /@ts-(ignore|nocheck|expect-error)|\bTODO\b|\bFIXME\b|\bXXX\b/;

test('nothing escapes the type checker, and nothing is left for later', () => {
  // This file has to name what it forbids.
  const others = all.filter(({ file }) => file !== 'test/architecture/house-rules.test.ts');
  const wrong = others.filter(({ code, text }) => escapes.test(code) || silenced.test(text));
  assert.deepEqual(
    wrong.map(({ file }) => file),
    [],
  );
});

const LONGEST = 300;
/** Cases are long and flat. */
const LONGEST_TEST = 400;
/** Longer than that for now. A length here may only go down. */
const longer: ReadonlyMap<string, number> = new Map([]);

test('a file fits on a few screens', () => {
  const wrong = all
    .map(({ file, text }) => ({ file, lines: text.split('\n').length - 1 }))
    .filter(
      ({ file, lines }) => lines > (longer.get(file) ?? (file.startsWith('test/') ? LONGEST_TEST : LONGEST)),
    );
  assert.deepEqual(wrong, []);
});

const exported = /^export (?:abstract )?(?:async )?(?:const|function\*?|class) (\w+)/gm;

/** Types are exempt: they are exported to name what an exported function takes and gives. */
test('what is exported is used by another file', () => {
  const users = new Map<string, Set<string>>();
  for (const { file, code } of all) {
    for (const word of new Set(code.match(/\w+/g))) users.set(word, (users.get(word) ?? new Set()).add(file));
  }
  const unused = [...product, ...simulator].flatMap((source) =>
    exportsOf(source)
      .filter((name) => (users.get(name)?.size ?? 0) < 2)
      .map((name) => `${source.file} exports ${name}`),
  );
  assert.deepEqual(unused, []);
});

function exportsOf({ code }: Source): string[] {
  return [...code.matchAll(exported)].map((match) => match[1] ?? '');
}
