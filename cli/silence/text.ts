import { getPhase, type Silence, type SilencePhase } from '../../lib/notification/silences.ts'

export interface SilenceReport extends Silence {
  readonly state: SilencePhase
}

export function toReport(silence: Silence, nowMs: number): SilenceReport {
  return { ...silence, state: getPhase(silence, nowMs) }
}
