/** The alarms of a packaged template. */
import assert from 'node:assert/strict'
import { listAlarms } from '../../infra/alarms/resources.ts'
import { deployed } from '../support/alarms.ts'

/** CloudFormation's own limits for a template that it reads from a bucket. */
const [MAX_RESOURCES, MAX_BYTES] = [500, 1_000_000]

// biome-ignore lint/suspicious/noExplicitAny: a template is what it is
type OfType = (type: string) => any[]

/** @param variables what it was packaged with */
export function assertAlarms(ofType: OfType, variables: Readonly<Record<string, string>>): void {
  const expected = listAlarms(deployed({ ALARM_TOPIC_ARN: '', ...variables }))
  const alarms = ofType('AWS::CloudWatch::Alarm')
  assert.deepEqual(alarms.map(({ AlarmName }) => AlarmName).sort(), expected.map(({ name }) => name).sort())
  const lambdas = new Set(ofType('AWS::Lambda::Function').map(({ FunctionName }) => FunctionName))
  const watched = alarms.flatMap(({ Dimensions = [] }) =>
    Dimensions.flatMap(({ Name, Value }: { Name: string; Value: string }) =>
      Name === 'FunctionName' ? Value : [],
    ),
  )
  assert.deepEqual(new Set(watched), lambdas, 'each function is watched, and no other')
}

/** @param template the file as it is uploaded */
export function assertFits(template: string): void {
  const { length } = Object.keys(JSON.parse(template).Resources)
  assert.ok(length > 100 && length < MAX_RESOURCES, `${length} resources`)
  assert.ok(template.length < MAX_BYTES, `${template.length} bytes`)
}
