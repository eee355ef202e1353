export type Cell = string | number | null;

/** Lines of columns as wide as their widest cell. Columns of numbers stand to the right; null is a dash. */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const columns = header.map((title, column) => {
    const cells = rows.map((row) => row[column] ?? null);
    const width = Math.max(title.length, ...cells.map((cell) => shown(cell).length));
    return { width, isNumeric: cells.some((cell) => typeof cell === 'number') };
  });
  const line = (cells: readonly Cell[]) =>
    columns
      .map(({ width, isNumeric }, column) => {
        const text = shown(cells[column] ?? null);
        return isNumeric ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [header, ...rows].map(line);
}

function shown(cell: Cell): string {
  return cell === null ? '-' : String(cell);
}
