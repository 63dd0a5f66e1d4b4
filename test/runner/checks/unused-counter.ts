/** A reporter for knip that says how much it has read: its own are silent where nothing is found, and where nothing was read. */
export default function countFiles({
  counters,
}: {
  readonly counters: { readonly processed: number }
}): void {
  console.log(`knip read ${counters.processed} files`)
}
