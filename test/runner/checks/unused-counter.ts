/**
 * A reporter for knip that reports the number of files read. Knip's own reporters print nothing without findings, even if nothing was read.
 */
export default function countFiles({
  counters,
}: {
  readonly counters: { readonly processed: number }
}): void {
  console.log(`knip read ${counters.processed} files`)
}
