/** Content of a mapping file that has been validated against the schema. */
import type { Epoch, Scalar } from './mapping.ts'
import type { RawPath } from './record-path.ts'

export type OneOrMore<T> = T | readonly T[]

export interface RawTime {
  readonly from: OneOrMore<RawPath>
  readonly pattern?: string
  readonly timeZone?: string
  readonly disambiguation?: 'earlier' | 'later'
  readonly epoch?: Epoch
  readonly absent?: readonly Scalar[]
  readonly orElse?: 'absent'
  readonly add?: string
}

export interface RawField {
  readonly from?: OneOrMore<RawPath>
  readonly constant?: string | number
  readonly default?: string | number
  readonly pattern?: string
  readonly values?: Readonly<Record<string, string | number>>
  readonly as?: 'number' | 'decimal-comma' | 'text'
  readonly absent?: readonly Scalar[]
  readonly orElse?: 'absent'
  readonly scale?: number
  readonly offset?: number
  readonly unit?: string
}

/** Source of a value: the path of a field, or a description. */
export type RawSource = RawPath | RawField

export interface RawNamedMetric extends Pick<RawField, 'unit' | 'scale' | 'offset' | 'as'> {
  readonly metric: string
}

export interface RawMapping {
  readonly family: string
  readonly when?: {
    readonly has?: readonly RawPath[]
    readonly lacks?: readonly RawPath[]
    readonly equals?: Readonly<Record<string, Scalar>>
  }
  readonly id?: 'position' | readonly RawSource[]
  readonly time: OneOrMore<'record' | RawTime>
  readonly fields: Readonly<Record<string, RawSource>>
  readonly metric?: {
    readonly name: RawSource
    readonly value: RawSource
    readonly names?: Readonly<Record<string, string | RawNamedMetric>>
  }
}

/** Returns the description of a field. If the file contains only the path of the record's field, it is converted to a description. */
export function wholeField(field: RawSource): RawField {
  return isPath(field) ? { from: field } : field
}

function isPath(field: RawSource): field is RawPath {
  return typeof field === 'string' || PARTS.some(part => Object.hasOwn(field, part))
}

/** Keys of a path that does not lead into the value of the record. */
export const PARTS = ['key', 'topic', 'header'] as const

export function wholeMetric(metric: string | RawNamedMetric): RawNamedMetric {
  return typeof metric === 'string' ? { metric } : metric
}

export function toList<T>(value: OneOrMore<T> | undefined): readonly T[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value as T]
}
