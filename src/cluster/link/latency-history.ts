/**
 * Whether a link is slow by its own history (docs/decisions/0004-slow-links.md). One number is kept of all that was
 * before: what a round trip usually takes. It falls at once and rises slowly, so it is that of the way and not of a load,
 * and what is far above it is not learnt.
 */
import { LinkLimits } from '../../limits.ts';

export class LatencyHistory {
  isSlow = false;
  /** Milliseconds, of what was observed last; null before anything was. */
  latest: number | null = null;
  /** Milliseconds; null before anything was observed. */
  usual: number | null = null;
  /** Observations in succession that contradict `isSlow`. */
  #against = 0;

  /** A round trip, or how long a probe has waited for its answer so far: true where `isSlow` has changed. */
  observe(milliseconds: number): boolean {
    this.latest = milliseconds;
    const { slowFactor, steadyFactor, slowMilliseconds, steadyMilliseconds } = LinkLimits;
    const isFar = milliseconds > this.#bound(slowFactor, slowMilliseconds);
    if (!isFar) this.#learn(milliseconds);
    const isNear = milliseconds <= this.#bound(steadyFactor, steadyMilliseconds);
    this.#against = (this.isSlow ? isNear : isFar) ? this.#against + 1 : 0;
    if (this.#against < (this.isSlow ? LinkLimits.steadyProbes : LinkLimits.slowProbes)) return false;
    this.#against = 0;
    this.isSlow = !this.isSlow;
    return true;
  }

  /** The floor keeps what is noise to a fast link from being an alarm. */
  #bound(factor: number, floor: number): number {
    return Math.max(floor, factor * (this.usual ?? 0));
  }

  #learn(milliseconds: number): void {
    const { usual } = this;
    if (usual === null || milliseconds < usual) this.usual = milliseconds;
    else this.usual = usual + (milliseconds - usual) / LinkLimits.usualRise;
  }
}
