/**
 * Which line of a TOML file a value stands on: the parser gives values without positions. The text has been parsed
 * already, so the scan relies on it being valid TOML 1.0 and only tells strings, arrays, inline tables and
 * comments apart.
 */
import type { Path } from './mistake.ts';

/** The line (1-based) of the value at `path`, or of the nearest table around it that has one. */
export type LineOf = (path: Path) => number;

export function findLines(text: string): LineOf {
  const lines = new Scan(text).run();
  return (path) => {
    for (let length = path.length; length > 0; length--) {
      const line = lines.get(keyOf(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 1;
  };
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}

class Scan {
  readonly #text: string;
  #at = 0;
  #line = 1;
  readonly #lines = new Map<string, number>();
  /** How many elements each array of tables has so far, by the array's path. */
  readonly #counts = new Map<string, number>();

  constructor(text: string) {
    this.#text = text;
  }

  run(): ReadonlyMap<string, number> {
    let table: Path = [];
    for (this.#skipSpace(); this.#at < this.#text.length; this.#skipSpace()) {
      if (this.#peek() === '[') table = this.#header();
      else this.#keyValue(table);
    }
    return this.#lines;
  }

  #header(): Path {
    const line = this.#line;
    const isArray = this.#text.startsWith('[[', this.#at);
    this.#advance(isArray ? 2 : 1);
    const keys = this.#keys(']');
    this.#advance(isArray ? 2 : 1);
    const path = this.#throughArrays(keys, isArray);
    if (isArray) this.#note(path.slice(0, -1), line);
    this.#note(path, line);
    return path;
  }

  /** The keys with the index of the newest element behind each array of tables; `isArray` begins a new one. */
  #throughArrays(keys: readonly string[], isArray: boolean): Path {
    let path: Path = [];
    for (const [place, name] of keys.entries()) {
      path = [...path, name];
      const isLast = place === keys.length - 1;
      const count = this.#counts.get(keyOf(path)) ?? 0;
      if (isLast && isArray) this.#counts.set(keyOf(path), count + 1);
      if (isLast && isArray) path = [...path, count];
      else if (count > 0) path = [...path, count - 1];
    }
    return path;
  }

  #keyValue(table: Path): void {
    const line = this.#line;
    const path = [...table, ...this.#keys('=')];
    this.#advance(1);
    this.#note(path, line);
    this.#skipSpace();
    this.#value(path);
  }

  /** Dotted keys up to `end`, which is not consumed. */
  #keys(end: string): string[] {
    const keys: string[] = [];
    for (this.#skipSpace(); this.#peek() !== end && this.#at < this.#text.length; this.#skipSpace()) {
      const next = this.#peek();
      if (next === '.') this.#advance(1);
      else if (next === '"' || next === "'") keys.push(this.#string());
      else keys.push(this.#bareUntil('.= \t]'));
    }
    return keys;
  }

  #value(path: Path): void {
    const next = this.#peek();
    if (next === '[') this.#array(path);
    else if (next === '{') this.#inlineTable(path);
    else if (next === '"' || next === "'") this.#string();
    else this.#bareUntil(',]}#\n');
  }

  #array(path: Path): void {
    this.#advance(1);
    let index = 0;
    for (this.#skipSpace(); this.#inside(']'); this.#skipSpace()) {
      if (this.#peek() === ',') {
        this.#advance(1);
        continue;
      }
      this.#note([...path, index], this.#line);
      this.#value([...path, index]);
      index++;
    }
    this.#advance(1);
  }

  #inlineTable(path: Path): void {
    this.#advance(1);
    for (this.#skipSpace(); this.#inside('}'); this.#skipSpace()) {
      if (this.#peek() === ',') this.#advance(1);
      else this.#keyValue(path);
    }
    this.#advance(1);
  }

  #inside(end: string): boolean {
    return this.#at < this.#text.length && this.#peek() !== end;
  }

  /** A string of any of the four kinds. Gives its raw content: escapes do not occur in the keys we know. */
  #string(): string {
    const quote = this.#peek();
    const isLong = this.#text.startsWith(quote.repeat(3), this.#at);
    const end = isLong ? quote.repeat(3) : quote;
    this.#advance(end.length);
    const start = this.#at;
    while (this.#at < this.#text.length && !this.#text.startsWith(end, this.#at)) {
      this.#advance(quote === '"' && this.#peek() === '\\' ? 2 : 1);
    }
    const content = this.#text.slice(start, this.#at);
    this.#advance(end.length);
    // A long string may end in up to two quotes of its own, right before the closing three.
    while (isLong && this.#peek() === quote) this.#advance(1);
    return content;
  }

  #bareUntil(ends: string): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !ends.includes(this.#peek())) this.#advance(1);
    return this.#text.slice(start, this.#at);
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length) {
      if (this.#peek() === '#') this.#bareUntil('\n');
      else if (' \t\r\n\ufeff'.includes(this.#peek())) this.#advance(1);
      else return;
    }
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #advance(count: number): void {
    for (let step = 0; step < count; step++) {
      if (this.#peek() === '\n') this.#line++;
      this.#at++;
    }
  }

  #note(path: Path, line: number): void {
    const key = keyOf(path);
    if (!this.#lines.has(key)) this.#lines.set(key, line);
  }
}
