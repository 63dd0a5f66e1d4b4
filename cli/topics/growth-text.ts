/** Texts of `sluice topics grow`. Pure. */
import type { ConsumerPlan } from '../../lib/operations/grow/plan.ts'

/** Effects of a growth, completed or planned, in the output of `--json`. */
export interface GrowthReport {
  readonly topic: string
  readonly from: number
  readonly to: number
  /** Outcome. `checked`: nothing was changed. */
  readonly outcome: 'checked' | 'grown' | 'aborted'
  /** Problems that prevent the growth; empty if there are none. */
  readonly wrong: readonly string[]
  readonly consumers: readonly PlanLine[]
}

export interface PlanLine {
  readonly consumer: string
  readonly entities: number
  readonly moving: number
  readonly staying: number
  readonly failures: number
  readonly copiedFailures: number
  readonly ids: number
  readonly idBytes: number
}

export function planLine({ growing: _, held: __, staying, ...plan }: ConsumerPlan): PlanLine {
  return { ...plan, staying: staying.length }
}

export function growthText({ topic, from, to, outcome, wrong, consumers }: GrowthReport): string {
  const lines = consumers.map(planText)
  if (outcome === 'aborted') return `${topic} has ${from} partitions, as before. Its consumers continue.\n`
  if (outcome === 'grown') return `${[`Grown: ${topic} has ${to} partitions.`, ...AFTERWARDS].join('\n')}\n`
  const verdict =
    wrong.length === 0
      ? 'All preconditions are met. Add --yes to grow the topic; this cannot be undone.'
      : `It cannot grow now:\n${wrong.map(line => `  ${line}`).join('\n')}`
  return `${[`${topic}: ${from} → ${to} partitions`, ...lines, verdict].join('\n')}\n`
}

function planText(plan: PlanLine): string {
  const { consumer, entities, moving, staying, failures, copiedFailures, ids, idBytes } = plan
  const parts = [
    `${moving} of ${entities} entities move`,
    ...(staying > 0 ? [`${staying} stay without a known partition`] : []),
    ...(failures > 0
      ? [`${failures} failures${copiedFailures > 0 ? `, ${copiedFailures} of them copied` : ''}`]
      : []),
    ...(ids > 0 ? [`${ids} ids, copies of ${Math.ceil(idBytes / 1024)} KiB`] : []),
  ]
  return `  ${consumer}: ${parts.join('; ')}`
}

const AFTERWARDS = [
  '  Start the producers again: running ones may still use the old number of partitions.',
  '  Records from before the growth stay where they are. So a consumer that loses its state needs a checkpoint of after it.',
]
