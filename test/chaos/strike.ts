/** One fault from its start to its end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Relay } from '../support/relay.ts';
import type { Fault } from './plan.ts';
import type { Rig } from './rig.ts';

type RelayFault = Extract<Fault, { readonly kind: 'relay' }>;

/** Ends when it is healed; early, and not healed, where `signal` says so. */
export async function strike(rig: Rig, fault: Fault, signal: AbortSignal): Promise<void> {
  const pause = () => sleep(fault.seconds * 1000, undefined, { signal });
  switch (fault.kind) {
    case 'relay': {
      const relay = rig.relay(fault.relay);
      misbehave(relay, fault);
      await pause();
      return relay.heal();
    }
    case 'stop': {
      const system = rig.cluster.system(fault.system);
      system.freeze();
      await pause();
      return system.thaw();
    }
    case 'kill': {
      await rig.cluster.system(fault.system).kill();
      await pause();
      await rig.cluster.startSystem(fault.system);
      return;
    }
    default:
      throw new Error(`no such fault: ${JSON.stringify(fault satisfies never)}`);
  }
}

function misbehave(relay: Relay, { way, measure }: RelayFault): void {
  switch (way) {
    case 'stall':
      return relay.stall();
    case 'stallFromClient':
      return relay.stall('fromClient');
    case 'stallFromServer':
      return relay.stall('fromServer');
    case 'cut':
      return relay.cut();
    case 'reset':
      return relay.reset();
    case 'throttle':
      return relay.throttle(measure);
    case 'split':
      return relay.split(measure);
    default:
      throw new Error(`no such way: ${String(way satisfies never)}`);
  }
}
