import type { FailedAttempt, FailureData } from '#runtime/consumer'

export const FAILURE: FailureData = {
  originalTopic: 'sluice.telemetry.readings.test',
  originalPartition: 3,
  originalOffset: 7,
  originalTimestamp: 1_772_370_000_000,
  originalKey: 'a2V5',
  originalValue: 'dmFsdWU=',
  originalHeaders: [{ name: 'h', value: 'dg==' }],
  error: 'data has no temperature',
  errorType: 'schema-violated',
  consumer: 'alerting',
  attempt: 1,
  firstFailedAt: '2026-03-01T13:00:00Z',
  failedAt: '2026-03-01T13:00:00Z',
  history: [],
  omitted: [],
  parks: false,
}

/** An attempt that has failed; with a time, people redrove it then. */
export function failed(attempt: number, redrivenAt?: string): FailedAttempt {
  const { failedAt, errorType, error } = FAILURE
  return {
    attempt,
    failedAt,
    errorType,
    error,
    ...(redrivenAt === undefined ? {} : { redrivenBy: 'ann', redrivenAt }),
  }
}

/** The failure after these attempts at the same record. */
export function after(
  history: readonly FailedAttempt[],
  failure: Partial<FailureData> = { errorType: 'not-accepted' },
): FailureData {
  return { ...FAILURE, attempt: history.length + 1, history, ...failure }
}
