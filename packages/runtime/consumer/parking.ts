/**
 * Order for an entity of which an event is retried: later events of it are parked in the partition state, until the retry has
 * ended or one of these bounds is reached. Then they are applied in their first order.
 */
export interface Parking {
  /** Upper bound for the parked events of one entity; 250 by default. */
  readonly most?: number
  /** Upper bound for the records of these events as they are stored, in bytes; 256 KiB by default. */
  readonly bytes?: number
  /**
   * Upper bound for the records that all entities of a partition park together, as `bytes` counts them; 32 MiB by default. It
   * limits what a bug can park that fails many records.
   */
  readonly partitionBytes?: number
  /** How long an event is parked at most, in milliseconds of the log's clock; 15 minutes by default. */
  readonly forMs?: number
}

const DEFAULTS = {
  most: 250,
  bytes: 256 * 1024,
  partitionBytes: 32 * 1024 * 1024,
  forMs: 15 * 60_000,
} as const
/** An entity is one value in the store, which is read and written as a whole. */
const MAX_BYTES = 1024 * 1024

/** The bounds that a process has declared; undefined if it does not park. */
export function parkingOf({ parking }: { readonly parking?: Parking }): Required<Parking> | undefined {
  return parking && { ...DEFAULTS, ...parking }
}

/**
 * Returns an error message for invalid bounds, undefined for valid ones.
 *
 * @param firstRetryMs within which time the first retry of an event can be back
 */
export function parkingError(process: { readonly parking?: Parking }, firstRetryMs = 0): string | undefined {
  const bounds = parkingOf(process)
  for (const [name, bound] of Object.entries(bounds ?? {}))
    if (!Number.isSafeInteger(bound) || bound < 1)
      return `parking.${name} ${bound}, which is not a whole number from 1 on`
  if (bounds && bounds.forMs < firstRetryMs)
    return `parking.forMs ${bounds.forMs}, and the first retry of an event can take ${firstRetryMs} ms: parking would end before the retry`
  if (bounds && bounds.bytes > MAX_BYTES)
    return `parking.bytes ${bounds.bytes}, and an entity may park ${MAX_BYTES} bytes`
  return undefined
}
