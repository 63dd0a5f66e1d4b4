import collections from '../../schemas/compiled-collections.js'

/** Adds the empty lists and maps that the event type requires but Protobuf does not transmit. Modifies the data in place. */
export function withEmptyCollections(type: string, data: unknown): unknown {
  for (const [path, empty] of Object.hasOwn(collections, type) ? (collections[type] ?? []) : [])
    complete(data, path, empty)
  return data
}

function complete(data: unknown, [name, ...rest]: readonly string[], empty: unknown): void {
  if (name === undefined || typeof data !== 'object' || data === null) return
  if (name === '*') for (const item of Object.values(data)) complete(item, rest, empty)
  else if (rest.length > 0) complete((data as Record<string, unknown>)[name], rest, empty)
  else if (!Object.hasOwn(data, name))
    (data as Record<string, unknown>)[name] = Array.isArray(empty) ? [] : {}
}
