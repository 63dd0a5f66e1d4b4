/**
 * Replaces `packages/runtime/adapters/lambda/observer.ts` in bundles for `serverless invoke local` (see `esbuild.cjs`). Writes a readable
 * transcript instead of logs, metrics and spans.
 */
import { LambdaObserver as ServerObserver } from '../../packages/runtime/adapters/lambda/observer.ts'
import type {
  Decision,
  OffsetRange,
  StateKey,
  StoppedPartition,
} from '../../packages/runtime/pipeline/model.ts'
import { transcript } from './transcript.ts'

export class LambdaObserver extends ServerObserver {
  override traceTo(): void {}
  override begin(): void {}
  override took(): void {}
  override flush(): void {}

  override decided(stateKey: StateKey, decisions: readonly Decision[]): void {
    transcript.decided(stateKey, decisions)
  }

  override redelivered(stateKey: StateKey, count: number): void {
    transcript.note(stateKey, `        ${count} redelivered: already processed in this batch, dropped`)
  }

  override waiting(stateKey: StateKey, { fromOffset, reason, error }: StoppedPartition): void {
    const why = error instanceof Error ? `: ${error.stack ?? error.message}` : ''
    transcript.note(
      stateKey,
      `${String(fromOffset).padStart(6)}  deferred, with all later records: ${reason}${why}`,
    )
  }

  override expired(): void {}
  override startsWithoutAppliedOffset(): void {}
  override rangeReadBack(_: StateKey, __: OffsetRange): void {}

  override clockGap(stateKey: StateKey, beforeOffset: number, ms: number): void {
    transcript.note(stateKey, `        before ${beforeOffset} the log was silent for ${ms / 1000} s`)
  }

  override misrouted(stateKey: StateKey, fromOffset: number, count: number): void {
    transcript.note(
      stateKey,
      `        from ${fromOffset} on, ${count} records are in the wrong partition for their keys`,
    )
  }

  override breakerOpen(stateKey: StateKey): void {
    transcript.note(
      stateKey,
      '        nearly all records fail unexpectedly: they would stay in Kafka until the code changes',
    )
  }
}
