/** What no single value shows: names and numbers used twice, references, and what the file as a whole leaves out. */
import { resolve } from 'node:path';
import type { Address } from '../../env/network.ts';
import type { HostPort } from './address.ts';
import { collide, formatHostPort, isLoopback, isWildcard } from './address.ts';
import { DEFAULT_BLOCK, DEFAULT_PHYSICAL_BLOCK, interconnectAddress, storePathOf } from './defaults.ts';
import type { FileDraft, SystemDraft, UnitDraft } from './draft.ts';
import { MAX_UNIX_PATH } from './file-schema.ts';
import { checkGroups } from './group-checks.ts';
import type { Path, Report } from './mistake.ts';
import { suggestion } from './mistake.ts';
import { checkPorts } from './port-checks.ts';
import { Uses } from './uses.ts';

/** `folder`: where the file is. */
export function checkFile(file: FileDraft, folder: string, report: Report): void {
  if (file.systems.length === 0) {
    report(['system'], 'there is no system; write a [[system]] with a [[system.port]] below it');
  }
  checkSystems(file.systems, folder, report);
  checkSockets(file.systems, folder, report);
  checkSecrecy(file, report);
  checkPorts(file, report);
  checkListeners(file.systems, report);
  checkUnits(file, report);
  checkStores(file, folder, report);
  checkGroups(file, report);
}

function checkSystems(systems: readonly SystemDraft[], folder: string, report: Report): void {
  const names = new Uses('system name', report);
  const states = new Uses('state folder', report);
  const groups = new Uses('group', report);
  for (const [place, system] of systems.entries()) {
    names.add(system.name, [...system.path, 'name'], 'give each system a name of its own');
    const state = system.state === undefined ? undefined : resolve(folder, system.state);
    states.add(state, [...system.path, 'state'], 'give each system a folder of its own');
    const advice =
      system.group === undefined
        ? 'a system without group takes its place in the file: write group with another number'
        : 'write another number';
    groups.add(system.group ?? place + 1, [...system.path, 'group'], advice);
  }
}

function checkSockets(systems: readonly SystemDraft[], folder: string, report: Report): void {
  const paths = new Uses('interconnect socket', report);
  for (const system of systems) {
    for (const [place, written] of (system.interconnect ?? []).entries()) {
      const path = [...system.path, 'interconnect', place];
      const address = interconnectAddress(written, folder, system.name ?? '');
      if (address.transport === 'unix') checkSocketPath(address, path, paths, report);
    }
  }
}

/** Whoever can write to a link can write to every disk: so a link that leaves the host is authenticated, or is so by a word. */
function checkSecrecy(file: FileDraft, report: Report): void {
  for (const system of file.systems) {
    for (const [place, address] of (system.interconnect ?? []).entries()) {
      const path = [...system.path, 'interconnect', place];
      if (address.transport === 'tls' && file.cluster.keys === undefined) {
        report(path, 'a TLS link needs keys; write keys = "FOLDER" under [cluster], and run crosspath keys');
      }
      const { transport } = address;
      if (transport === 'unix' || transport === 'tls') continue;
      if (isLoopback(address.host) || system.insecure === true) continue;
      const where = formatHostPort(address);
      report(
        path,
        `${transport}://${where} leaves the host, and whoever reaches it can read and write every disk; write "tls://${where}", or insecure = true for system "${system.name ?? '?'}" where the network is yours alone`,
      );
    }
  }
}

function checkSocketPath(
  address: Address & { readonly transport: 'unix' },
  path: Path,
  uses: Uses,
  report: Report,
): void {
  uses.add(address.path, path, 'write another path');
  const length = new TextEncoder().encode(address.path).length;
  if (length <= MAX_UNIX_PATH) return;
  report(
    path,
    `the socket path ${address.path} has ${length} bytes, and Linux allows ${MAX_UNIX_PATH}; write a shorter one`,
  );
}

/** Everything that listens on TCP, whatever for: two of them cannot share an address. */
function checkListeners(systems: readonly SystemDraft[], report: Report): void {
  const seen: { address: HostPort; what: string }[] = [];
  const add = (address: HostPort | undefined, what: string, path: Path) => {
    if (address === undefined) return;
    const other = seen.find((earlier) => collide(earlier.address, address));
    seen.push({ address, what });
    if (other === undefined) return;
    const written = formatHostPort(address);
    const overlaps = isWildcard(address.host) || isWildcard(other.address.host) ? ' (every address)' : '';
    report(path, `${what} listens on ${written}${overlaps}, as does ${other.what}; write another port`);
  };
  for (const system of systems) {
    const its = `system "${system.name ?? '?'}"`;
    for (const [place, address] of (system.interconnect ?? []).entries()) {
      const tcp = address.transport === 'unix' ? undefined : address;
      add(tcp, `the interconnect of ${its}`, [...system.path, 'interconnect', place]);
    }
    add(system.admin, `the admin API of ${its}`, [...system.path, 'admin']);
    for (const port of system.ports) {
      const portal = port.kind === 'virtual' ? undefined : port.portal;
      add(portal, `port "${port.name ?? '?'}"`, [...port.path, 'portal']);
    }
  }
}

function checkUnits(file: FileDraft, report: Report): void {
  const names = new Uses('unit name', report);
  const luns = new Uses('lun', report);
  for (const unit of file.units) {
    names.add(unit.name, [...unit.path, 'name'], 'give each unit a name of its own');
    luns.add(unit.lun, [...unit.path, 'lun'], 'write a number that no other unit has');
    checkOwner(unit, file.systems, report);
    const block = unit.block ?? DEFAULT_BLOCK;
    if (block > (unit.physical_block ?? DEFAULT_PHYSICAL_BLOCK)) {
      report(
        [...unit.path, 'physical_block'],
        `a physical block is no shorter than a logical one, and that has ${block} bytes; write ${block}, or take this line out`,
      );
    }
    if (unit.low_space !== undefined && unit.store.device !== undefined) {
      report(
        [...unit.path, 'low_space'],
        'a device does not tell what is free on it; take this line out, or use a file',
      );
    }
    if (unit.size !== undefined && unit.size % block !== 0) {
      report(
        [...unit.path, 'size'],
        `a size of ${unit.size} bytes is not a whole number of blocks of ${block}; write ${Math.ceil(unit.size / block) * block}`,
      );
    }
  }
}

function checkOwner(unit: UnitDraft, systems: readonly SystemDraft[], report: Report): void {
  if (unit.owner === undefined) return;
  const path = [...unit.path, 'owner'];
  const owner = systems.find((system) => system.name === unit.owner);
  if (owner === undefined) {
    const names = systems.flatMap((system) => system.name ?? []);
    return report(path, `there is no system "${unit.owner}"${suggestion(unit.owner, names)}`);
  }
  const mayServe = (serves: string | undefined) => serves !== 'proxy';
  if (owner.ports.length === 0 || owner.ports.some((port) => mayServe(port.serves))) return;
  report(
    path,
    `no port of "${unit.owner}" serves its own units; give it a port with serves = "local" or "all"`,
  );
}

function checkStores(file: FileDraft, folder: string, report: Report): void {
  const stores = new Uses('store', report);
  for (const unit of file.units) {
    const owner = file.systems.find((system) => system.name === unit.owner);
    const path = storePathOf(unit, owner, folder) ?? undefined;
    stores.add(path, [...unit.path, 'store'], 'give each unit a store of its own');
  }
}
