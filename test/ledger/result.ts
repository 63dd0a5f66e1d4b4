/** The result of a run. */
import { durationText } from '../../lib/support/duration.ts'
import type { Count } from './count/count.ts'
import type { FaultName } from './faults.ts'
import type { Options } from './options.ts'

/** A fault that was injected. */
export interface Struck {
  readonly name: FaultName
  /** How many records had been sent before the fault. */
  readonly atRecord: number
  readonly lastedMs: number
  /** Time from its end until all records of its segment were decided; undefined if that did not happen. */
  readonly recoveredMs: number | undefined
}

export interface Result extends Count {
  readonly options: Options
  readonly struck: readonly Struck[]
  readonly acknowledged: number
  readonly refused: number
  /** Number of requests that were repeated because their acknowledgement was lost. */
  readonly repeated: number
  /** Whether all records were decided and published at the end. */
  readonly isQuiet: boolean
  readonly flowMs: number
  /** The folder in which a failed run is kept. */
  readonly kept?: string
}

export function describeFault({ name, atRecord, lastedMs, recoveredMs }: Struck): string {
  const recovered =
    recoveredMs === undefined ? 'not recovered from' : `recovered from in ${durationText(recoveredMs)}`
  return `${name.padEnd(12)} at record ${atRecord}, for ${durationText(lastedMs)}, ${recovered}`
}
