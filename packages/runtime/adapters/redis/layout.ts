/**
 * Layout of a partition state in Redis. TypeScript and Lua use the same constants, so the layout is defined only here. The
 * constants are used by `id-packing.ts`, `failure-packing.ts` and `meta-hash.ts`, and by the functions of `lua/partition-state.lua`,
 * which are prepended to each script.
 */

/**
 * Binary entry of an id. It consists of the part of the id after the bucket's name, the digest of the event's content (8 bytes),
 * and the log clock when the event was applied (6 bytes).
 */
const ID = { bytes: 12, bucketBytes: 2, digestBytes: 8, clockBytes: 6 }
const KNOWN_BYTES = ID.digestBytes + ID.clockBytes
const ENTRY_BYTES = ID.bytes - ID.bucketBytes + KNOWN_BYTES

/**
 * Binary entry of a failure: id, digest, offset (6 bytes), partition (4), attempt with the flags for open and reopened failures
 * (4), time of the first failure (8), and log clock (6).
 */
const FAILURE = { idBytes: 16, digestBytes: 12, factBytes: 6 + 4 + 4 + 8 + 6 }

export const LAYOUT = {
  /** Last parts of the keys that exist once per partition state, except for meta and the outbox. */
  plain: ['states', 'timers', 'due', 'failures', 'context'],
  /** Fields of the hash `meta`, which also contains the counters, named `outcome/reason`, and the sequences, see `SEQUENCE`. */
  meta: [
    'epoch',
    'appliedOffset',
    'fired',
    'emitted',
    /** Size of all parked events, in bytes. */
    'parkedBytes',
    /** Number of entities that each producer group has added recently. */
    'newEntities',
    'clock',
    'last',
    'highest',
    'digest',
    /** Oldest generation of ids that still exists. */
    'oldest',
    'failureBytes',
    'forgotten',
    /** Append time since which all failures are remembered. */
    'failuresFrom',
    /** Number of fields in each part of the state, by which evictions are detected. */
    'states',
    'timers',
    'ids',
    /** Identifier of the code that made the last commit. */
    'code',
    /** Offset from which on all records were decided by this code. */
    'codeFrom',
    /** Origin of the emissions. */
    'origin',
    /** These two must remain the last fields, because `readMeta` in Lua expects them there. */
    /** Mark of the last commit, see `Change`. */
    'mark',
    /** A `Fence` as JSON. */
    'fence',
  ],
  /**
   * Ids are stored in generations of log time, `<ids>:<generation>`, which are removed as a whole. Within a generation, ids that
   * share their first bytes form a bucket, which is a single value with the newest id first; a separate field for each id would
   * take twice the memory. A producer can fill a bucket on purpose. Later ids of a full bucket are therefore stored in separate
   * fields of another hash, `<ids>:<generation>:more`.
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
   * The failures of each producer group are stored in numbered generations, `<failures>:<group>:<number>`,
   * and within a generation in buckets, the newest first.
   */
  failures: {
    ...FAILURE,
    entryBytes: FAILURE.idBytes + FAILURE.digestBytes + FAILURE.factBytes,
    buckets: 64,
    /**
     * Numbers of a group, stored as one text in this order: first and last generation, size in bytes, and log
     * clock of the last generation.
     */
    group: ['first', 'last', 'bytes', 'openedMs'],
    /**
     * Field of a generation that contains its numbers, stored as one text in this order: size in bytes,
     * number of failures, and log clock.
     */
    about: '',
    generation: ['bytes', 'count', 'lastMs'],
    /** Upper bounds for the memory that the server uses for each item, in bytes. */
    takes: { entry: 64, bucket: 64, generation: 512 },
  },
} as const

export type MetaField = (typeof LAYOUT.meta)[number]

/** Start of the fields of the hash `meta` with the highest decided sequence of an origin. The origin follows. */
export const SEQUENCE = 'sequence '

/** Returns the generation of ids to which a time of the log's clock belongs. `generationAt` in Lua does the same. */
export function computeGeneration(clockMs: number): number {
  return Math.floor(clockMs / LAYOUT.ids.generationMs)
}

/** Returns the key of the hash for ids that arrived after their bucket was full. Each of these ids has a separate field. */
export function beyondFull(idsKey: string): string {
  return idsKey + LAYOUT.ids.beyondFull
}

type Constant = string | number | readonly Constant[] | { readonly [name: string]: Constant }

/**
 * Replaces names of constants in a script, such as `LAYOUT.ids.bytes`, by their values.
 *
 * @throws Error if a constant does not exist
 */
export function withLayout(lua: string): string {
  return lua.replace(/\bLAYOUT((?:\.\w+)+)/g, (name, path: string) => {
    const constant = path.split('.').slice(1).reduce(getMember, LAYOUT)
    if (constant === undefined) throw new TypeError(`a script reads ${name}, which layout.ts does not have`)
    return toLua(constant)
  })
}

function getMember(constant: Constant | undefined, name: string): Constant | undefined {
  return (constant as Readonly<Record<string, Constant>> | undefined)?.[name]
}

function toLua(constant: Constant): string {
  if (typeof constant === 'number') return String(constant)
  // JSON escapes strings in the same way as Lua if they contain no control characters.
  if (typeof constant === 'string') return JSON.stringify(constant)
  if (!Array.isArray(constant)) throw new TypeError('a script reads single constants and lists of them')
  return `{ ${constant.map(toLua).join(', ')} }`
}
