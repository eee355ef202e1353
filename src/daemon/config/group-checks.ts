import type { FileDraft, InitiatorGroupDraft } from './draft.ts';
import type { Report } from './mistake.ts';
import { suggestion } from './mistake.ts';
import { Uses } from './uses.ts';

export function checkGroups(file: FileDraft, report: Report): void {
  const names = new Uses('initiator group name', report);
  const initiators = new Uses('initiator', report);
  const units = file.units.flatMap((unit) => unit.name ?? []);
  const ports = file.systems.flatMap((system) => system.ports.flatMap((port) => port.name ?? []));
  for (const group of file.groups) {
    names.add(group.name, [...group.path, 'name'], 'give each initiator group a name of its own');
    for (const [place, initiator] of (group.initiators ?? []).entries()) {
      const path = [...group.path, 'initiators', place];
      initiators.add(initiator, path, 'an initiator is in one group: take it out of the other');
    }
    checkMap(group, units, report);
    for (const [place, port] of (group.ports ?? []).entries()) {
      if (ports.includes(port)) continue;
      report([...group.path, 'ports', place], `there is no port "${port}"${suggestion(port, ports)}`);
    }
  }
}

function checkMap(group: InitiatorGroupDraft, units: readonly string[], report: Report): void {
  const mapped = new Uses('unit', report);
  for (const [lun, unit] of Object.entries(group.luns ?? {})) {
    const path = [...group.path, 'luns', lun];
    mapped.add(unit, path, 'give each unit one LUN in a group’s map');
    if (!units.includes(unit)) report(path, `there is no unit "${unit}"${suggestion(unit, units)}`);
  }
}
