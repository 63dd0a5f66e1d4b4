/** Mapping of foreign records to readings of one family. `parse-mapping.ts` reads it from a file. */
import type { LinearPattern } from '../support/linear-pattern.ts'
import type { Family } from '../telemetry/families.ts'
import type { Path } from './record-path.ts'

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
  readonly id?: 'position' | readonly FieldSource[]
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
  /** Values that count as missing: numbers, and texts that are not numbers. */
  readonly absent?: ReadonlySet<string | number>
  /** Set if a value that is not a time counts as missing. */
  readonly orElse?: 'absent'
  /** Milliseconds that are added to the time. */
  readonly addMs?: number
}

export type Epoch = 's' | 'ms' | 'us' | 'ns'

/** Source of the value of one field of the reading, or of a part of its id. */
export interface FieldSource {
  /** Name of the field in the reading, as a dotted path. Name of the part of an id. */
  readonly target: string
  /** Type of the value. `labels` is an object of texts, which is used for `tags`; `scalar` is any text, number or truth value. */
  readonly kind: 'text' | 'number' | 'labels' | 'scalar'
  readonly isRequired: boolean
  readonly constant?: string | number
  readonly from: readonly Path[]
  readonly otherwise?: string | number
  /** Values that count as missing, as texts; numbers if the value is a number. */
  readonly absent?: ReadonlySet<string | number>
  /** Set if a value that cannot be read counts as missing. */
  readonly orElse?: 'absent'
  readonly pattern?: LinearPattern
  readonly values?: ReadonlyMap<string, string | number>
  readonly as?: 'number' | 'decimal-comma' | 'text'
  /** Converts a number in the record to the unit of the reading. */
  readonly convert?: (value: number) => number
  /** True if the mapping names the unit, so that `unit` of the record does not apply to the number. */
  readonly hasUnit?: true
}

export interface NamedMetric {
  readonly name: FieldSource
  /** Source of the value, for records in which the metric has its own name. */
  readonly value: FieldSource
  /** Sources of the value by the name in the record; absent if the name in the record is the name of the metric. */
  readonly byName?: ReadonlyMap<string, FieldSource>
}
