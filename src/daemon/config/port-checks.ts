import { ScsiLimits } from '../../limits.ts';
import { relativeIdOf, targetNameOf } from './defaults.ts';
import type { FileDraft, PortDraft, SystemDraft } from './draft.ts';
import type { Report } from './mistake.ts';
import { suggestion } from './mistake.ts';
import { Uses } from './uses.ts';

export function checkPorts(file: FileDraft, report: Report): void {
  const names = new Uses('port name', report);
  for (const system of file.systems) {
    for (const port of system.ports) {
      names.add(port.name, [...port.path, 'name'], 'give each port of the cluster a name of its own');
      if (port.kind === 'physical') checkPhysical(port, report);
      if (port.kind === 'virtual') checkVirtual(port, system, report);
    }
  }
  checkIdentities(file, report);
  const most = ScsiLimits.maxTargetPorts;
  const ports = file.systems.flatMap((system) => system.ports);
  const beyond = ports[most];
  if (beyond === undefined) return;
  report(
    beyond.path,
    `the cluster has ${ports.length} ports, and REPORT TARGET PORT GROUPS tells of ${most}; take ports out`,
  );
}

function checkPhysical(port: PortDraft, report: Report): void {
  if (port.on !== undefined) {
    report(
      [...port.path, 'on'],
      'only a virtual port is on another; take this line out, or write kind = "virtual"',
    );
  }
  if (port.portal === undefined) {
    report(port.path, 'a physical port needs a portal; write portal = "ADDRESS:PORT"');
  }
}

function checkVirtual(port: PortDraft, system: SystemDraft, report: Report): void {
  if (port.portal !== undefined) {
    report(
      [...port.path, 'portal'],
      'a virtual port has the portal of the port it is on; take this line out, or write kind = "physical"',
    );
  }
  const physical = system.ports.filter((other) => other.kind === 'physical');
  const names = physical.flatMap((other) => other.name ?? []);
  if (port.on === undefined) {
    const example = names[0] ?? 'NAME OF A PHYSICAL PORT';
    return report(port.path, `a virtual port shares a portal; write on = "${example}"`);
  }
  if (names.includes(port.on)) return checkShared(port, system, physical, report);
  const isVirtual = system.ports.some((other) => other.name === port.on);
  const wrong = isVirtual
    ? `"${port.on}" is a virtual port itself`
    : `system "${system.name ?? '?'}" has no port "${port.on}"`;
  report([...port.path, 'on'], `${wrong}${suggestion(port.on, names)}`);
}

/** A login names a target, not a portal group: what shares a portal must differ in its target name. */
function checkShared(
  port: PortDraft,
  system: SystemDraft,
  physical: readonly PortDraft[],
  report: Report,
): void {
  if (port.serves !== 'all') return;
  const sharing = [...physical.filter((other) => other.name === port.on), ...system.ports];
  const same = sharing.find(
    (other) => other !== port && other.serves === 'all' && (other.name === port.on || other.on === port.on),
  );
  if (same === undefined || system.ports.indexOf(same) > system.ports.indexOf(port)) return;
  report(
    [...port.path, 'serves'],
    `"${same.name ?? '?'}" serves all on the same portal under the same target name; write serves = "local" or "proxy", or give the port a portal of its own`,
  );
}

function checkIdentities(file: FileDraft, report: Report): void {
  const ids = new Uses('relative port id', report);
  const targets = new Uses('target name with portal group tag', report);
  let before = 0;
  for (const system of file.systems) {
    for (const [place, port] of system.ports.entries()) {
      const id = relativeIdOf(port.relative_id, before, place);
      const byPlace = 'a port without one takes its place in the file: write it for all ports, or for none';
      ids.add(
        id,
        [...port.path, 'relative_id'],
        port.relative_id === undefined ? byPlace : 'write another number',
      );
      if (port.name === undefined || port.serves === undefined) continue;
      const targetName = targetNameOf(file.cluster.name ?? '?', port.name, port.serves);
      if (port.serves !== 'all') continue;
      targets.add(
        `${targetName},${port.portal_group_tag ?? id}`,
        [...port.path, 'portal_group_tag'],
        'ports that serve all share a target name: write another portal_group_tag',
      );
    }
    before += system.ports.length;
  }
}
