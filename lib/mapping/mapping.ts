/** Mapping of foreign records to readings of one family. `mapping-file.ts` reads it from a file. */
import type { LinearPattern } from '../support/linear-pattern.ts'
import type { Family } from '../telemetry/families.ts'

/** Field of a record: its name, and the parts of the name if it is a dotted path. */
export interface Path {
  readonly name: string
  readonly steps: readonly string[]
}

export type Scalar = string | number | boolean

export interface Mapping {
  /** Name of the mapping in messages and ids. */
  readonly name: string
  readonly family: Family
  /** File and line of a mapping without a condition; absent for others. */
  readonly takesAllAt?: string
  readonly has: readonly Path[]
  readonly lacks: readonly Path[]
  readonly equals: readonly (readonly [path: Path, value: Scalar])[]
  /** CloudEvents type to which the mapping applies; undefined if it applies only to records that are not CloudEvents. */
  readonly eventType?: string
  /**
   * Fields from which the id of the reading is derived, or `position` to derive it from the position of the record. By default, the
   * id is derived from source and id of a CloudEvent, and from the position of any other record.
   */
  readonly id?: 'position' | readonly Path[]
  /** Possible sources of the event time, in order. The first source that exists in the record is used. */
  readonly times: readonly ('record' | TimeSource)[]
  readonly fields: readonly FieldSource[]
  readonly metric?: NamedMetric
}

export interface TimeSource {
  /** Fields that may contain the time, in order. The first field that exists in the record is used. */
  readonly from: readonly Path[]
  readonly pattern?: LinearPattern
  /** Time zone of times that do not specify one: an IANA name, or an offset such as `+01:00`. */
  readonly timeZone?: string
  readonly disambiguation?: 'earlier' | 'later'
  /** Unit of numeric times, which are counted from 1970. */
  readonly epoch?: Epoch
}

export type Epoch = 's' | 'ms' | 'us' | 'ns'

/** Source of the value of one field of the reading. */
export interface FieldSource {
  /** Name of the field in the reading, as a dotted path. */
  readonly target: string
  /** Type of the value. `labels` is an object of texts, which is used for `tags`. */
  readonly kind: 'text' | 'number' | 'labels'
  readonly isRequired: boolean
  readonly constant?: string | number
  readonly from: readonly Path[]
  readonly otherwise?: string | number
  readonly pattern?: LinearPattern
  readonly values?: ReadonlyMap<string, string | number>
  readonly as?: 'number' | 'decimal-comma' | 'text'
  /** Converts a number in the record to the unit of the reading. */
  readonly convert?: (value: number) => number
}

export interface NamedMetric {
  readonly name: Path
  readonly value: Path
  /** Sources of the value by the name in the record; absent if the name in the record is the name of the metric. */
  readonly byName?: ReadonlyMap<string, FieldSource>
}

export function parsePath(name: string): Path {
  return { name, steps: name.split('.') }
}

/**
 * Returns the value of a field; undefined if it is missing or null. If the name contains dots, a field with that exact name takes
 * precedence over the path.
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

/** Returns the first of these fields that exists in the record, and its value. */
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
