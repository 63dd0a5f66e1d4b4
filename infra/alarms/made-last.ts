/** Alarms for which no data is a fault are made when there can be data. Pure. */
import type { Template } from '../topics-resource.ts'

/** Event sources of a function. */
const TRIGGERS = new Set(['AWS::Events::Rule', 'AWS::Lambda::EventSourceMapping', 'AWS::Scheduler::Schedule'])

/**
 * Has every alarm that takes missing data for a fault wait for all triggers: made beside them, in the first deployment, it would begin
 * with a fault, because nothing has run yet.
 *
 * @returns the logical ids of the alarms that wait
 */
export function makeAlarmsLast({ Resources }: Template): string[] {
  const all = Object.entries(Resources)
  const triggers = all.filter(([, { Type }]) => TRIGGERS.has(Type)).map(([id]) => id)
  const waiting = all.filter(
    ([, { Type, Properties }]) =>
      Type === 'AWS::CloudWatch::Alarm' &&
      (Properties as { readonly TreatMissingData?: string }).TreatMissingData === 'breaching',
  )
  for (const [, alarm] of waiting) alarm.DependsOn = [...new Set([alarm.DependsOn ?? [], triggers].flat(2))]
  return waiting.map(([id]) => id)
}
