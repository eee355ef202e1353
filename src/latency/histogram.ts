/**
 * Counts durations in buckets that are log-linear, as HdrHistogram's are: eight to a power of two, so that what is read out is at most
 * an eighth too much, and a nanosecond and a minute need no more room than two numbers do.
 */

/** Ticks of a microsecond: the width of the smallest bucket. */
const TICKS = 8;
/** Buckets to a power of two: 2 ** SUB_BITS. */
const SUB_BITS = 3;
const SUB_BUCKETS = 1 << SUB_BITS;
/** Durations from here on (2 ** 29 ticks are 67 s) share one bucket, of which only the longest is known. */
const OVERFLOW_BITS = 29;
const OVERFLOW = (OVERFLOW_BITS - SUB_BITS + 1) * SUB_BUCKETS;

/** Microseconds; all 0 where nothing was counted. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  /** So much as half of them took at the most, at most an eighth (and 125 ns) more than is true. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export class Histogram {
  /** Doubles: they count to 2 ** 53, where 32 bits are full within days. */
  readonly #counts = new Float64Array(OVERFLOW + 1);
  #count = 0;
  #sum = 0;
  #max = 0;

  /** 0 or more. Takes no memory. */
  record(microseconds: number): void {
    const index = indexOf(microseconds * TICKS);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#count += 1;
    this.#sum += microseconds;
    if (microseconds > this.#max) this.#max = microseconds;
  }

  distribution(): Distribution {
    return {
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count,
      p50: this.#quantile(0.5),
      p90: this.#quantile(0.9),
      p99: this.#quantile(0.99),
      p999: this.#quantile(0.999),
      max: this.#max,
    };
  }

  /** The end of the bucket in which the share `q` of all, the smallest first, is complete. */
  #quantile(q: number): number {
    let left = Math.ceil(q * this.#count);
    for (let index = 0; index < OVERFLOW; index += 1) {
      left -= this.#counts[index] ?? 0;
      if (left <= 0) return Math.min(endOf(index) / TICKS, this.#max);
    }
    return this.#max;
  }
}

function indexOf(ticks: number): number {
  if (ticks >= 2 ** OVERFLOW_BITS) return OVERFLOW;
  const whole = ticks | 0;
  const shift = Math.max(0, 31 - SUB_BITS - Math.clz32(whole));
  return shift * SUB_BUCKETS + (whole >> shift);
}

/** In ticks: what the bucket just does not hold. */
function endOf(index: number): number {
  if (index < 2 * SUB_BUCKETS) return index + 1;
  const shift = Math.floor(index / SUB_BUCKETS) - 1;
  return (index - shift * SUB_BUCKETS + 1) * 2 ** shift;
}
