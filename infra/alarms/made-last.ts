/** Makes CloudFormation create alarms on missing data after the triggers. Pure. */
import type { Template } from '../topics-resource.ts'

/** Resource types of event sources. */
const TRIGGERS = new Set(['AWS::Events::Rule', 'AWS::Lambda::EventSourceMapping', 'AWS::Scheduler::Schedule'])

/**
 * Makes all alarms that treat missing data as breaching depend on all triggers. Otherwise they would fire during the first
 * deployment, before any function has run.
 *
 * @returns the logical ids of these alarms
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
