import { DiskLimits } from '../limits.ts';

interface Closable {
  close(): Promise<void>;
}

/**
 * Opens one for each item, several at a time, and gives them in the order of the items. Rejects with none left open, and with the
 * error of the first item that has one.
 */
export async function openAll<Item, Opened extends Closable>(
  items: readonly Item[],
  open: (item: Item) => Promise<Opened>,
): Promise<Opened[]> {
  const outcomes: PromiseSettledResult<Opened>[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < items.length; index = next++) {
      const [outcome] = await Promise.allSettled([open(items[index] as Item)]);
      outcomes[index] = outcome;
    }
  };
  await Promise.all(Array.from({ length: DiskLimits.opensAtATime }, work));
  const opened = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed === undefined) return opened;
  await Promise.all(opened.map((one) => one.close()));
  throw failed.reason;
}
