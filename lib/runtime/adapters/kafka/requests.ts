/** Upper bounds for one request. An item that is larger than `bytes` is in a request of its own. */
export interface RequestLimits {
  /** No bound by default. */
  readonly items?: number
  readonly bytes: number
}

/** The items in their order, cut into requests of which none is empty. */
export function* requestsOf<Item>(
  items: Iterable<Item>,
  bytesOf: (item: Item) => number,
  most: RequestLimits,
): Generator<readonly Item[], void, undefined> {
  const mostItems = most.items ?? Number.POSITIVE_INFINITY
  let request: Item[] = []
  let bytes = 0
  for (const item of items) {
    const size = bytesOf(item)
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
