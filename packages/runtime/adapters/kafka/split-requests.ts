/** Limits of one request. An item larger than `bytes` is sent in a request by itself. */
export interface RequestLimits {
  readonly items?: number
  readonly bytes: number
}

/** Divides items into non-empty requests, in order. */
export function* splitIntoRequests<Item>(
  items: Iterable<Item>,
  measureBytes: (item: Item) => number,
  most: RequestLimits,
): Generator<readonly Item[], void, undefined> {
  const mostItems = most.items ?? Number.POSITIVE_INFINITY
  let request: Item[] = []
  let bytes = 0
  for (const item of items) {
    const size = measureBytes(item)
    if (request.length > 0 && (request.length >= mostItems || bytes + size > most.bytes)) {
      yield request
      request = []
      bytes = 0
    }
    request.push(item)
    bytes += size
  }
  if (request.length > 0) yield request
}
