/**
 * The layout of a partition state in Redis. Both languages read this table, so it is the only place that knows: `id-packing.ts`,
 * `failure-packing.ts` and `meta.ts` in TypeScript, and the functions of `lua/partition-state.lua`, which precede each script.
 */

/**
 * An entry of ids: the rest of the id behind the name of its bucket, and what is known of it: its digest (8 bytes) and the log
 * clock at which it was applied (6).
 */
const ID = { bytes: 12, bucketBytes: 2, digestBytes: 8, clockBytes: 6 }
const KNOWN_BYTES = ID.digestBytes + ID.clockBytes
const ENTRY_BYTES = ID.bytes - ID.bucketBytes + KNOWN_BYTES

/**
 * An entry of failures: id, digest, offset (6), partition (4), attempt and whether it is open or reopened (4), first failed (8), log clock (6),
 * hash of the entity (4).
 */
const FAILURE = { idBytes: 16, digestBytes: 12, factBytes: 6 + 4 + 4 + 8 + 6 + 4 }

export const LAYOUT = {
  /** The last parts of the keys that are one each, apart from meta and the outbox. */
  plain: ['states', 'timers', 'due', 'failures', 'context'],
  /** Fields of the hash `meta`. Beside them it has the counters, which are named `outcome/reason`. */
  meta: [
    'epoch',
    'appliedOffset',
    'fired',
    'emitted',
    /** Bytes of all parked events. */
    'parkedBytes',
    /** How many entities each group of producers has added of late. */
    'newEntities',
    'clock',
    'last',
    'highest',
    'digest',
    /** The oldest generation of ids that still exists. */
    'oldest',
    'failureBytes',
    'forgotten',
    /** Append time from which on all failures are remembered. */
    'failuresFrom',
    /** How many fields the parts have: what the server evicts is noticed by them. */
    'states',
    'timers',
    'ids',
    /** Number of growths of the topic, and its number of partitions since the last. */
    'generation',
    'partitions',
    /** Which code made the last commit. */
    'code',
    /** The first offset that it has decided here, without a break. */
    'codeFrom',
    /** A `Fence` as JSON. It stays the last one: `readMeta` in Lua finds it there. */
    'fence',
  ],
  /**
   * Ids are in generations of log time, `<ids>:<generation>`, which are removed as a whole, and within one in buckets: those
   * that share their first bytes are one value, the newest in front. A field for each id would take twice the memory. A
   * producer can fill a bucket on purpose, so later ids get a field each in another hash, `<ids>:<generation>:more`.
   */
  ids: {
    ...ID,
    knownBytes: KNOWN_BYTES,
    entryBytes: ENTRY_BYTES,
    fullBytes: 256 * ENTRY_BYTES,
    generationMs: 60 * 60_000,
    beyondFull: ':more',
  },
  /**
   * The failures of each group of producers are in numbered generations, `<failures>:<group>:<number>`, and within one in buckets,
   * the newest in front.
   */
  failures: {
    ...FAILURE,
    entryBytes: FAILURE.idBytes + FAILURE.digestBytes + FAILURE.factBytes,
    buckets: 64,
    /** The numbers of a group, in this order in one text: its first and last generation, what they take, log clock of the last. */
    group: ['first', 'last', 'bytes', 'openedMs'],
    /** Field of a generation in which its numbers are, in this order in one text: what it takes, its failures, log clock. */
    about: '',
    generation: ['bytes', 'count', 'lastMs'],
    /** Bytes that count for each, at least what the server needs. */
    takes: { entry: 64, bucket: 64, generation: 512 },
  },
  /** Changes since the last checkpoint, see `lua/changes.lua`. */
  changes: {
    idBytes: ID.bytes + KNOWN_BYTES,
    idsOfBlock: 500,
    /** Log time after which changes are no longer noted: by then they take as much room as a generation of ids. */
    longestMs: 60 * 60_000,
    /** Upper bounds for what one script reads of one moment, a few milliseconds of the server's time. */
    entitiesAtOnce: 1_000,
    idsAtOnce: 20_000,
    bytesAtOnce: 4 * 1024 * 1024,
  },
} as const

export type MetaField = (typeof LAYOUT.meta)[number]

/** Field of the hash `meta` with the growths of the topic as JSON. No batch needs them, so it is not among those of the layout. */
export const GROWTHS = 'growths'

/** The generation of ids at this time of the log's clock. `generationAt` in Lua is the same. */
export function generationOf(clockMs: number): number {
  return Math.floor(clockMs / LAYOUT.ids.generationMs)
}

/** The hash for ids that arrived after their bucket was full, each in a field of its own. */
export function beyondFull(idsKey: string): string {
  return idsKey + LAYOUT.ids.beyondFull
}

type Constant = string | number | readonly Constant[] | { readonly [name: string]: Constant }

/**
 * A script with the constants in place of their names, such as `LAYOUT.ids.bytes`.
 * @throws if there is no constant of that name
 */
export function withLayout(lua: string): string {
  return lua.replace(/\bLAYOUT((?:\.\w+)+)/g, (name, path: string) => {
    const constant = path.split('.').slice(1).reduce(innerOf, LAYOUT)
    if (constant === undefined) throw new TypeError(`a script reads ${name}, which layout.ts does not have`)
    return inLua(constant)
  })
}

function innerOf(constant: Constant | undefined, name: string): Constant | undefined {
  return (constant as Readonly<Record<string, Constant>> | undefined)?.[name]
}

function inLua(constant: Constant): string {
  if (typeof constant === 'number') return String(constant)
  // JSON escapes as Lua does, as long as there are no control characters.
  if (typeof constant === 'string') return JSON.stringify(constant)
  if (!Array.isArray(constant)) throw new TypeError('a script reads single constants and lists of them')
  return `{ ${constant.map(inLua).join(', ')} }`
}
