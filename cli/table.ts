/** Cells in columns, numbers to the right. Pure. */
export function aligned(
  rows: readonly (readonly string[])[],
  isNumber: (column: number) => boolean = () => false,
): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0
      return isNumber(column) ? cell.padStart(width) : cell.padEnd(width)
    })
  return rows.map(row => line(row).join('  ').trimEnd()).join('\n')
}
