/** Checks whether a checkpoint belongs to the log that Kafka currently has. Pure. */
import type { Bounds } from '../../packages/runtime/adapters/kafka/offsets.ts'
import type { Checkpoint } from '../../packages/runtime/adapters/redis/checkpoint.ts'

/**
 * Bounds of the log, and properties of the record at a checkpoint's applied offset. `appendedAtMs` is undefined if the log does not
 * contain the record.
 */
interface AtAppliedOffset extends Bounds {
  readonly appendedAtMs: number | undefined
  /** Digest of the record. See `digestOf`. */
  readonly digest?: string
}

export type LogStatus = AtAppliedOffset | 'no-topic' | 'away'

export interface LogComparison {
  /** Reason why the checkpoint belongs to another log; absent if it belongs to this log. */
  readonly another?: string
  /** Warning for the operator. It does not prevent the import. */
  readonly warning?: string
}

/** Compares a checkpoint with the current log, before an import. */
export function compareLogs(
  {
    version: { appliedOffset },
    clock,
    appliedDigest,
  }: Pick<Checkpoint, 'version' | 'clock' | 'appliedDigest'>,
  log: LogStatus,
): LogComparison {
  if (log === 'away')
    return {
      warning: 'Kafka does not answer: it was not checked whether the checkpoint belongs to this log.',
    }
  if (log === 'no-topic') return { another: 'Kafka has no such topic or partition' }
  if (appliedOffset < 0) return lost(0, log.start)
  if (appliedOffset >= log.end)
    return {
      another: `the log ends at offset ${log.end}, before the checkpoint's applied offset ${appliedOffset}`,
    }
  if (appliedOffset < log.start) return lost(appliedOffset + 1, log.start)
  const expected = clock.lastAppendMs
  const isOther = appliedDigest !== undefined && log.digest !== undefined && log.digest !== appliedDigest
  if (log.appendedAtMs === expected)
    return isOther
      ? { another: `the record at the applied offset ${appliedOffset} is not the one that was processed` }
      : {}
  const found = log.appendedAtMs
  if (found === undefined)
    return { another: `the log has no record at the checkpoint's applied offset ${appliedOffset}` }
  return {
    another: `the record at the applied offset ${appliedOffset} was appended at ${time(found)}, and at ${
      expected === undefined ? 'no time at all' : time(expected)
    } by the checkpoint`,
  }
}

function lost(next: number, start: number): LogComparison {
  if (next >= start) return {}
  return {
    warning: `The log begins at offset ${start}: records at ${next} to ${start - 1} have expired and are not read again.`,
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
