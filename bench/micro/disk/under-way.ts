/** Calls back once, perhaps before `begin` has returned: with what went wrong, or null. */
export type Done = (error: string | null) => void;

/** Begins number `i`; `slot` (0 to depth - 1) is no other's until it is done. */
export type Begin = (i: number, slot: number, done: Done) => void;

/** `times` of them, `depth` under way at a time. Rejects at the first that fails. */
export function keepUnderWay(times: number, depth: number, begin: Begin): Promise<void> {
  return new Promise((resolve, reject) => {
    const free = Array.from({ length: depth }, (_, slot) => slot);
    const dones = free.map(
      (slot): Done =>
        (error) => {
          if (error !== null) return reject(new Error(error));
          free.push(slot);
          beginMore();
        },
    );
    let begun = 0;
    let isBeginning = false;
    // What is done at once must not begin the next from within itself: the stack is not that deep.
    const beginMore = () => {
      if (isBeginning) return;
      isBeginning = true;
      while (begun < times) {
        const slot = free.pop();
        const done = slot === undefined ? undefined : dones[slot];
        if (slot === undefined || done === undefined) break;
        begin(begun++, slot, done);
      }
      isBeginning = false;
      if (begun === times && free.length === depth) resolve();
    };
    beginMore();
  });
}
