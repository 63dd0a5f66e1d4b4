/** Family of readings: what follows from its file. */
import type { RawFamily } from './family-file.ts'
import type { NamedStrategy } from './key.ts'
import type { MetricKind } from './metric-kinds.ts'

export interface Family {
  readonly name: string
  /** CloudEvents `type` of readings of this family. */
  readonly type: string
  /** CloudEvents `dataschema` of readings: the id of their schema. */
  readonly dataschema: string
  readonly description: string
  /** Unit of each metric, by the name of the metric in `data`; empty for a metric without a unit. See `unit-table.ts`. */
  readonly metrics: Readonly<Record<string, string>>
  /** What the metrics are that are no gauges, see `metric-kinds.ts`. */
  readonly kinds: Readonly<Record<string, MetricKind>>
  /** Metrics that are whole numbers. */
  readonly integers: ReadonlySet<string>
  /** True if further numbers of `data` are metrics without a unit. */
  readonly others: boolean
  /** Smallest and largest possible value of a metric. Metrics that are not listed have no bounds. */
  readonly bounds: Readonly<Record<string, Bounds>>
  /** Text fields that are observed, by their name in `data`. A value lists the allowed texts, or is null if all texts are allowed. */
  readonly states: Readonly<Record<string, readonly string[] | null>>
  /** Fields that identify and describe the entity, by their path, such as `place.bed`. */
  readonly fields: ReadonlyMap<string, FamilyField>
  /** Functions that return the dimensions of a reading, by the name of the dimension in rules. */
  readonly dimensions: Readonly<Record<string, (data: ReadingData) => unknown>>
  /** Functions that read a dimension back from the `source` of an event. Dimensions that are not listed are not in it. */
  readonly inSource: Readonly<Record<string, (source: string) => string | undefined>>
  /** Returns the CloudEvents `source` of a reading. */
  readonly source: (data: ReadingData) => string
  readonly subject: (data: ReadingData) => string
  /** True if the entity is that of the event: `source` and `subject` are for readings that are made here. */
  readonly isOfEvent: boolean
  /** Dotted paths of the data fields from which source and subject are derived. */
  readonly entityFields: readonly string[]
  readonly keys: Readonly<Record<Exclude<NamedStrategy, 'random'>, (data: ReadingData) => string>>
  /** Key strategy that is used by default. */
  readonly keyedBy: NamedStrategy
  readonly activity: FamilyActivity
  /** Content of the family's file, from which its schemas are generated. */
  readonly file: RawFamily
}

type Bounds = readonly [least: number, most: number]

export interface FamilyField {
  readonly kind: 'text' | 'number'
  readonly isRequired: boolean
  readonly bounds: Bounds
}

/** Settings of the consumer `activity`. */
export interface FamilyActivity {
  /** Time without a reading after which an entity is reported as silent. */
  readonly silentAfterMs?: number
  /** State whose changes are reported. */
  readonly changesOf?: string
  /** Value of that state that starts a fall, the time until it is reported, and the values during which the time goes on. */
  readonly fall?: { readonly is: string; readonly lastsMs: number; readonly through: readonly string[] }
  /** Decrease of the metric `memory` that counts as a restart, unless the metric `cpu` was not below a bound before it. */
  readonly restart?: {
    readonly memory: string
    readonly falls: number
    readonly withinMs: number
    readonly cpu?: string
    readonly below?: number
  }
}

/** Data of a reading of any family. */
export type ReadingData = Readonly<Record<string, unknown>>
