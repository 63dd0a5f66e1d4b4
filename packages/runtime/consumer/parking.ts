/**
 * Limits for parking, which keeps the events of an entity in order while one of them is retried. Later events of the entity are
 * parked in the partition state until the retries have ended or a limit is reached. They are then applied in their original order.
 */
export interface Parking {
  /** Maximum number of parked events of one entity; 250 by default. */
  readonly most?: number
  /** Upper bound for the size of one entity's parked records in the store, in bytes; 256 KiB by default. */
  readonly bytes?: number
  /**
   * Upper bound for the size of the parked records of all entities of a partition in the store, in bytes; 32 MiB by default. It
   * limits the damage if a bug fails many records.
   */
  readonly partitionBytes?: number
  /** Maximum time for which an event is parked, in milliseconds of the log's clock; 15 minutes by default. */
  readonly forMs?: number
}

const DEFAULTS = {
  most: 250,
  bytes: 256 * 1024,
  partitionBytes: 32 * 1024 * 1024,
  forMs: 15 * 60_000,
} as const
/** Maximum value of `bytes`. The store keeps an entity as a single value, which is read and written as a whole. */
const MAX_BYTES = 1024 * 1024

/** Returns the limits of a process, with defaults; undefined if the process does not park events. */
export function resolveParking({ parking }: { readonly parking?: Parking }): Required<Parking> | undefined {
  return parking && { ...DEFAULTS, ...parking }
}

/**
 * Returns an error message for invalid limits, undefined for valid ones.
 *
 * @param firstRetryMs longest time until the first retry of an event, in milliseconds
 */
export function parkingError(process: { readonly parking?: Parking }, firstRetryMs = 0): string | undefined {
  const bounds = resolveParking(process)
  for (const [name, bound] of Object.entries(bounds ?? {}))
    if (!Number.isSafeInteger(bound) || bound < 1)
      return `parking.${name} is ${bound}: it must be a positive integer`
  if (bounds && bounds.forMs < firstRetryMs)
    return `parking.forMs is ${bounds.forMs}: it must be at least ${firstRetryMs}, because parking would otherwise end before the first retry of an event`
  if (bounds && bounds.bytes > MAX_BYTES)
    return `parking.bytes is ${bounds.bytes}: it must be at most ${MAX_BYTES}`
  return undefined
}
