/** Does the work for each item, so many at once, and begins none after the signal. Results are in order of ending. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  signal: AbortSignal,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const waiting = [...items]
  const results: Result[] = []
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined && !signal.aborted; item = waiting.shift())
      results.push(await work(item))
  }
  await Promise.all(Array.from({ length: width }, worker))
  return results
}
