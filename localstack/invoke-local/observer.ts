/**
 * Stands in for `lib/adapters/lambda/observer.ts` in bundles that `serverless invoke local` makes (see `esbuild.cjs`): what
 * happens is written down for a person, not as logs, metrics and spans.
 */
import { LambdaObserver as ServerObserver } from '../../lib/adapters/lambda/observer.ts'
import type { Decision, Slot, Stretch, Waiting } from '../../lib/pipeline/ports.ts'
import { transcript } from './invocation.ts'

export class LambdaObserver extends ServerObserver {
  override traceTo(): void {}
  override begin(): void {}
  override took(): void {}
  override flush(): void {}

  override decided(slot: Slot, decisions: readonly Decision[]): void {
    transcript.decided(slot, decisions)
  }

  override redelivered(slot: Slot, count: number): void {
    transcript.note(slot, `        ${count} redelivered: decided before in this batch, and dropped`)
  }

  override waiting(slot: Slot, { fromOffset, reason, error }: Waiting): void {
    const why = error instanceof Error ? `: ${error.stack ?? error.message}` : ''
    transcript.note(slot, `${String(fromOffset).padStart(6)}  waits, with all after it: ${reason}${why}`)
  }

  override expired(): void {}
  override startsWithoutMark(): void {}
  override stretchMissing(_: Slot, __: Stretch): void {}

  override blind(slot: Slot, beforeOffset: number, ms: number): void {
    transcript.note(slot, `        before ${beforeOffset} the log saw nothing for ${ms / 1000} s`)
  }

  override strayed(slot: Slot, fromOffset: number, count: number): void {
    transcript.note(
      slot,
      `        from ${fromOffset} on, ${count} records are in another partition than their keys belong to`,
    )
  }

  override flooded(slot: Slot): void {
    transcript.note(
      slot,
      '        nearly all records fail unexpectedly: they would stay in Kafka until the code changes',
    )
  }
}
