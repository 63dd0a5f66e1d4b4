/** What came of a run. */
import type { Count } from './count/count.ts'
import type { FaultName } from './faults.ts'
import type { Options } from './options.ts'

/** A fault that has struck. */
export interface Struck {
  readonly name: FaultName
  /** How much had been sent when it struck. */
  readonly atRecord: number
  readonly lastedMs: number
  /** From its end until all that had been sent by then was decided; undefined where that did not come about. */
  readonly recoveredMs: number | undefined
}

export interface Result extends Count {
  readonly options: Options
  readonly struck: readonly Struck[]
  readonly acknowledged: number
  readonly refused: number
  /** Sendings that were repeated, because their acknowledgement had not come. */
  readonly repeated: number
  /** Whether, at the end, everything came to rest by itself. */
  readonly isQuiet: boolean
  readonly flowMs: number
  /** Where a run that failed is kept. */
  readonly kept?: string
}

export function told({ name, atRecord, lastedMs, recoveredMs }: Struck): string {
  const recovered =
    recoveredMs === undefined ? 'not recovered from' : `recovered from in ${seconds(recoveredMs)}`
  return `${name.padEnd(12)} at record ${atRecord}, for ${seconds(lastedMs)}, ${recovered}`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
