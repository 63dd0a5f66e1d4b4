/** Whether a checkpoint belongs to the log that Kafka has now. Pure. */
import type { Bounds } from '../../lib/adapters/kafka/offsets.ts'
import type { LogClock, Version } from '../../lib/pipeline/ports.ts'

/** What the log has at a checkpoint's mark; `appendedAtMs` is undefined where there is no record. */
export type Standing = (Bounds & { readonly appendedAtMs: number | undefined }) | 'no-topic' | 'away'

export interface Judgement {
  /** Why it is none of this log. */
  readonly another?: string
  /** What an operator must know, though it is no reason to refuse. */
  readonly warning?: string
}

export function judge(
  { version: { mark }, clock }: { readonly version: Version; readonly clock: LogClock },
  log: Standing,
): Judgement {
  if (log === 'away')
    return { warning: 'Kafka does not answer: whether the checkpoint belongs to this log is not checked.' }
  if (log === 'no-topic') return { another: 'Kafka has no such topic or partition' }
  if (mark < 0) return lost(0, log.start)
  if (mark >= log.end)
    return { another: `the log ends at offset ${log.end}, before the checkpoint's mark ${mark}` }
  if (mark < log.start) return lost(mark + 1, log.start)
  const expected = clock.lastAppendMs
  if (log.appendedAtMs === expected) return {}
  const found = log.appendedAtMs
  if (found === undefined) return { another: `the log has no record at the checkpoint's mark ${mark}` }
  return {
    another: `the record at the mark ${mark} was appended at ${time(found)}, and at ${
      expected === undefined ? 'no time at all' : time(expected)
    } by the checkpoint`,
  }
}

function lost(next: number, start: number): Judgement {
  if (next >= start) return {}
  return {
    warning: `The log begins at offset ${start}: what was at ${next} to ${start - 1} has expired and is not read again.`,
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}
