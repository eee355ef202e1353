/** What goes wrong, when, and for how long; and the end of it. */
import type { SimMedium } from './env/disk-file.ts';
import type { Simulation } from './simulation.ts';
import type { FaultRates } from './swarm.ts';
import type { SimProcess } from './world/process.ts';

type FaultKind = keyof FaultRates;

export class FaultPlan {
  readonly #sim: Simulation;
  #healed = false;
  readonly #hosts: readonly string[];

  constructor(sim: Simulation) {
    this.#sim = sim;
    this.#hosts = [...sim.systems, ...sim.clients].map(({ name }) => name);
  }

  start(): void {
    for (const [kind, rate] of Object.entries(this.#sim.swarm.faults))
      if (rate > 0) this.#next(kind as FaultKind, rate);
  }

  /** Everything works again from now on. */
  heal(): void {
    this.#healed = true;
    const { world, fabric, systems, clients } = this.#sim;
    world.say('faults', 'healed');
    for (const from of this.#hosts) for (const to of this.#hosts) fabric.mend(from, to);
    for (const stream of fabric.streams) {
      if (stream.stalledUntil <= world.now) continue;
      // What waits for the end of the stall goes now, and not when that would have been.
      stream.stalledUntil = 0;
      world.after(0, null, stream.transmit);
    }
    for (const system of systems) this.#repair(system);
    for (const client of clients) {
      if (client.life === null) client.start();
      else if (client.life.process.paused) world.resume(client.life.process, false);
    }
    for (const [one, other] of this.#pairsOfSystems()) fabric.setKeysDiffer(one, other, false);
    fabric.probeIdle();
  }

  #repair(system: Simulation['systems'][number]): void {
    const { world } = this.#sim;
    const media = [...system.media.values()];
    for (const { faults } of media) {
      faults.readError = faults.writeError = faults.noSpace = faults.flushError = faults.slowness = 0;
    }
    if (system.running?.process.paused === true) world.resume(system.running.process, false);
    // A store whose flush has failed takes nothing more until somebody has seen to it.
    if (media.some(({ flushFailed }) => flushFailed)) this.#sim.kill(system, true);
    if (system.running === null) this.#sim.start(system);
  }

  #next(kind: FaultKind, rate: number): void {
    const { world } = this.#sim;
    world.after((1000 / rate) * world.prng.between(0.1, 1.9), null, () => {
      if (this.#healed) return;
      this.#strike(kind);
      this.#next(kind, rate);
    });
  }

  #strike(kind: FaultKind): void {
    const { prng } = this.#sim.world;
    const duration = prng.pick([prng.between(20, 300), prng.between(300, 3_000), prng.between(1_000, 6_000)]);
    switch (kind) {
      case 'cut':
      case 'oneWayCut':
        return this.#cut(kind === 'cut', duration);
      case 'stall':
      case 'reset':
        return this.#trouble(kind, duration);
      case 'pauseSystem':
        return this.#pause(prng.pick(this.#sim.systems).running?.process ?? null, duration);
      case 'pauseClient':
        return this.#pause(prng.pick(this.#sim.clients).life?.process ?? null, duration);
      case 'kill':
      case 'powerCut':
        return this.#die(kind === 'kill', duration);
      case 'cleanStop':
        return this.#stop(duration);
      case 'slowDisk':
        return this.#disk(
          duration,
          (medium, on) => (medium.faults.slowness = on ? prng.between(10, 1_500) : 0),
        );
      case 'readError':
        return this.#disk(duration, (medium, on) => (medium.faults.readError = on ? 0.3 : 0));
      case 'writeError':
        return this.#disk(duration, (medium, on) => (medium.faults.writeError = on ? 0.3 : 0));
      case 'noSpace':
        return this.#disk(duration, (medium, on) => (medium.faults.noSpace = on ? 0.5 : 0));
      case 'flushError':
        return this.#disk(duration, (medium, on) => (medium.faults.flushError = on ? 0.5 : 0));
      case 'otherKeys':
        return this.#otherKeys(duration);
      case 'clientDeath':
        return this.#clientDies(duration);
      default:
        return kind satisfies never;
    }
  }

  #pair(): [string, string] {
    const { prng } = this.#sim.world;
    const one = prng.pick(this.#sim.systems).name;
    const hosts = this.#sim.swarm.linksOnly ? this.#sim.systems.map(({ name }) => name) : this.#hosts;
    const other = prng.pick(hosts.filter((host) => host !== one));
    return prng.chance(0.5) ? [one, other] : [other, one];
  }

  #cut(bothWays: boolean, duration: number): void {
    const { fabric, world } = this.#sim;
    const [from, to] = this.#pair();
    fabric.cut(from, to);
    if (bothWays) fabric.cut(to, from);
    world.after(duration, null, () => {
      fabric.mend(from, to);
      if (bothWays) fabric.mend(to, from);
    });
  }

  #trouble(kind: 'stall' | 'reset', duration: number): void {
    const { fabric, world } = this.#sim;
    const between = fabric.connectionsBetween(...this.#pair());
    if (between.length === 0) return;
    const stream = world.prng.pick(between);
    world.say('network', `${kind} ${stream.host} -> ${stream.peer.host}`);
    if (kind === 'reset') stream.resetBoth();
    // A shorter stall does not end a longer one: `heal` would take what waits for the longer one for moving.
    else stream.stalledUntil = Math.max(stream.stalledUntil, world.now + duration);
  }

  #pause(process: SimProcess | null, duration: number): void {
    const { world } = this.#sim;
    if (process === null || process.paused) return;
    world.pause(process);
    world.after(duration, null, () => {
      if (process.paused && process.alive) world.resume(process, world.prng.chance(0.5));
    });
  }

  #die(withPower: boolean, duration: number): void {
    const { world, systems } = this.#sim;
    const system = world.prng.pick(systems);
    if (system.running === null) return;
    this.#sim.kill(system, withPower);
    world.after(withPower ? Math.min(duration, 500) : duration, null, () => {
      if (system.running === null) this.#sim.start(system);
    });
  }

  #stop(duration: number): void {
    const { world, systems } = this.#sim;
    const system = world.prng.pick(systems);
    system.stop(() => {
      this.#sim.kill(system, true);
      world.after(this.#healed ? 0 : duration, null, () => {
        if (system.running === null) this.#sim.start(system);
      });
    });
  }

  #otherKeys(duration: number): void {
    const { fabric, world } = this.#sim;
    const [one, other] = world.prng.pick(this.#pairsOfSystems());
    fabric.setKeysDiffer(one, other, true);
    world.after(duration, null, () => fabric.setKeysDiffer(one, other, false));
  }

  #pairsOfSystems(): [string, string][] {
    const names = this.#sim.systems.map(({ name }) => name);
    return names.flatMap((one, index) =>
      names.slice(index + 1).map((other): [string, string] => [one, other]),
    );
  }

  /** It comes back as the same initiator, with the same sessions to make. */
  #clientDies(duration: number): void {
    const { world, clients } = this.#sim;
    const client = world.prng.pick(clients);
    client.die(world.prng.chance(0.5));
    world.after(duration, null, () => {
      if (client.life === null) client.start();
    });
  }

  #disk(duration: number, change: (medium: SimMedium, on: boolean) => void): void {
    const { world, systems } = this.#sim;
    const media = systems.flatMap((system) => [...system.media.values()]);
    const medium = world.prng.pick(media);
    change(medium, true);
    world.say('disk', JSON.stringify(medium.faults));
    world.after(duration, null, () => change(medium, false));
  }
}
