import type { Path, Report } from './mistake.ts';

/** Values of one kind that must all differ. */
export class Uses {
  readonly #what: string;
  readonly #report: Report;
  readonly #seen = new Set<string | number>();

  /** `what`: as in 'the system name "alpha" is used twice'. */
  constructor(what: string, report: Report) {
    this.#what = what;
    this.#report = report;
  }

  /** Does nothing for a value that is missing. */
  add(value: string | number | undefined, path: Path, advice: string): void {
    if (value === undefined) return;
    if (this.#seen.has(value)) {
      this.#report(path, `the ${this.#what} ${JSON.stringify(value)} is used twice; ${advice}`);
    }
    this.#seen.add(value);
  }
}
