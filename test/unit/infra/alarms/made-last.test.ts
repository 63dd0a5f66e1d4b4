import assert from 'node:assert/strict'
import { it } from 'node:test'
import { makeAlarmsLast } from '../../../../infra/alarms/made-last.ts'
import type { Template } from '../../../../infra/topics-resource.ts'

const alarm = (TreatMissingData: string) => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: { TreatMissingData },
})

it('given alarms, then those for which no data is a fault wait for all triggers, and no others', () => {
  const template: Template = {
    Resources: {
      Silent: { ...alarm('breaching'), DependsOn: 'SluiceTopics' },
      Quiet: alarm('notBreaching'),
      Same: alarm('ignore'),
      Function: { Type: 'AWS::Lambda::Function' },
      Mapping: { Type: 'AWS::Lambda::EventSourceMapping' },
      Rule: { Type: 'AWS::Events::Rule' },
    },
  }
  assert.deepEqual(makeAlarmsLast(template), ['Silent'])
  const waiting = Object.entries(template.Resources).flatMap(([id, { DependsOn }]) =>
    DependsOn ? [[id, DependsOn]] : [],
  )
  assert.deepEqual(waiting, [['Silent', ['SluiceTopics', 'Mapping', 'Rule']]])
})
