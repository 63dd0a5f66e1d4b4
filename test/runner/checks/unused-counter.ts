/**
 * Reporter for knip that prints the number of files read. Knip's own reporters print nothing if there are no findings, even if no
 * file was read.
 */
export default function countFiles({
  counters,
}: {
  readonly counters: { readonly processed: number }
}): void {
  console.log(`knip read ${counters.processed} files`)
}
