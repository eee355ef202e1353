import { freshnessBugs } from './freshness-bugs.ts';
import { linkBugs } from './link-bugs.ts';
import type { PlantedBug } from './plant.ts';
import { reservationBugs } from './reservation-bugs.ts';
import { sessionBugs } from './session-bugs.ts';
import { storeBugs, unitBugs } from './unit-bugs.ts';

export const plantedBugs: readonly PlantedBug[] = [
  ...storeBugs,
  ...unitBugs,
  ...sessionBugs,
  ...linkBugs,
  ...freshnessBugs,
  ...reservationBugs,
];
