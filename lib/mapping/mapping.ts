/** A mapping: how records of a foreign form become readings of one family. Made from a file by `mapping-file.ts`. */
import type { LinearPattern } from '../linear-pattern.ts'
import type { Family } from '../telemetry/families.ts'

/** A field of a record: its whole name, and the steps of the dotted path that it can also be. */
export interface Path {
  readonly name: string
  readonly steps: readonly string[]
}

export type Scalar = string | number | boolean

export interface Mapping {
  /** Name of the mapping, for messages and ids. */
  readonly name: string
  readonly family: Family
  readonly has: readonly Path[]
  readonly lacks: readonly Path[]
  readonly equals: readonly (readonly [path: Path, value: Scalar])[]
  /** The CloudEvents type that it takes; undefined if it takes only records that are no CloudEvents. */
  readonly eventType?: string
  /** The fields of the id; `position` is the place of the record; undefined: that of a CloudEvent, or else the position. */
  readonly id?: 'position' | readonly Path[]
  /** The first that the record has counts. */
  readonly times: readonly ('record' | TimeSource)[]
  readonly fields: readonly FieldSource[]
  readonly metric?: NamedMetric
}

export interface TimeSource {
  /** The first that the record has. */
  readonly from: readonly Path[]
  readonly pattern?: LinearPattern
  /** The zone of times without one: an IANA name, or an offset `±hh:mm`. */
  readonly timeZone?: string
  readonly disambiguation?: 'earlier' | 'later'
  /** The unit of numbers, which count from 1970. */
  readonly epoch?: Epoch
}

export type Epoch = 's' | 'ms' | 'us' | 'ns'

/** Source of a field of the reading. */
export interface FieldSource {
  /** The dotted path in the reading. */
  readonly target: string
  /** `labels` is an object of texts: `tags`. */
  readonly kind: 'text' | 'number' | 'labels'
  readonly isRequired: boolean
  readonly constant?: string | number
  readonly from: readonly Path[]
  readonly otherwise?: string | number
  readonly pattern?: LinearPattern
  readonly values?: ReadonlyMap<string, string | number>
  readonly as?: 'number' | 'text'
  /** Converts the number of the record to that of the reading. */
  readonly convert?: (value: number) => number
}

export interface NamedMetric {
  readonly name: Path
  readonly byName: ReadonlyMap<string, FieldSource>
}

export function pathOf(name: string): Path {
  return { name, steps: name.split('.') }
}

/**
 * The value of a field; undefined if the record has none, or null. A field whose name has dots is found by its whole name, which
 * comes before the path.
 */
export function valueAt(document: object, { name, steps }: Path): unknown {
  if (steps.length > 1 && Object.hasOwn(document, name)) return present((document as FieldsByName)[name])
  let found: unknown = document
  for (const step of steps) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined
    found = (found as FieldsByName)[step]
  }
  return present(found)
}

type FieldsByName = Readonly<Record<string, unknown>>

function present(value: unknown): unknown {
  return value === null ? undefined : value
}

/** The first of the fields that the record has, and its value. */
export function firstAt(
  document: object,
  paths: readonly Path[],
): { readonly path: Path; readonly value: unknown } | undefined {
  for (const path of paths) {
    const value = valueAt(document, path)
    if (value !== undefined) return { path, value }
  }
  return undefined
}
