/** The entry of a load process: `node process.js PLAN`, with the plan as JSON (load-plan.ts). SIGTERM ends a load that has no end of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Load } from './load.ts';
import { LoadLine, type LoadPlan } from './load-plan.ts';

const plan: LoadPlan = JSON.parse(process.argv[2] ?? '');
const stopped = new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()));
const load = await Load.open(plan);
console.log(LoadLine.loggedIn);
if (plan.depth === 0) {
  await stopped;
} else {
  load.start();
  await sleep(plan.warmUpSeconds * 1000);
  load.count();
  console.log(LoadLine.counting);
  const end = plan.seconds === null ? stopped : sleep(plan.seconds * 1000);
  await Promise.race([end, load.allEnded]);
  console.log(`${LoadLine.result} ${JSON.stringify(load.end())}`);
}
// Sessions that are broken off end with their connections; the line above has been written by then.
process.exit(0);
