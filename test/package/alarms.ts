/** The alarms and the dashboard of a packaged template. */
import assert from 'node:assert/strict'
import { MAX_CACHE_NODES } from '../../infra/alarms/cache-nodes.ts'
import { alarmsOf } from '../../infra/alarms/resources.ts'
import { deployed } from '../support/alarms.ts'

/** CloudFormation's own limits for a template that it reads from a bucket. */
const [MAX_RESOURCES, MAX_BYTES] = [500, 1_000_000]

// biome-ignore lint/suspicious/noExplicitAny: a template is what it is
type OfType = (type: string) => any[]

/** @param variables what it was packaged with */
export function assertAlarms(ofType: OfType, variables: Readonly<Record<string, string>>): void {
  const expected = alarmsOf(
    deployed({ ON_FAILURE_QUEUE_ARN: '', ALARM_TOPIC_ARN: '', ALARM_SOON_TOPIC_ARN: '', ...variables }),
  )
  const alarms = ofType('AWS::CloudWatch::Alarm')
  assert.deepEqual(alarms.map(({ AlarmName }) => AlarmName).sort(), expected.map(({ name }) => name).sort())
  const rules = JSON.stringify(ofType('AWS::CloudWatch::CompositeAlarm').map(({ AlarmRule }) => AlarmRule))
  assert.equal(
    rules.match(/ALARM\(/g)?.length,
    expected.length + 3,
    'each alarm has its cause, and three silence others',
  )
  const lambdas = new Set(ofType('AWS::Lambda::Function').map(({ FunctionName }) => FunctionName))
  const watched = alarms.flatMap(({ Dimensions = [] }) =>
    Dimensions.flatMap(({ Name, Value }: { Name: string; Value: string }) =>
      Name === 'FunctionName' ? Value : [],
    ),
  )
  assert.deepEqual(new Set(watched), lambdas, 'each function is watched, and no other')
  const [dashboard, ...more] = ofType('AWS::CloudWatch::Dashboard')
  assert.deepEqual([dashboard?.DashboardName, more], ['sluice-prod', []])
}

/** Alarms for which no data is a fault are made after everything that makes data. @param template the file as it is uploaded */
export function assertMadeLast(template: string): void {
  const all = Object.entries<Resource>(JSON.parse(template).Resources)
  const triggers = all.filter(([, { Type }]) => /::(EventSourceMapping|Rule)$/.test(Type)).map(([id]) => id)
  const silent = all.filter(([, { Properties }]) => Properties?.TreatMissingData === 'breaching')
  assert.ok(triggers.length > 10 && silent.length > 10)
  for (const [id, { DependsOn }] of silent)
    assert.deepEqual(
      triggers.filter(trigger => !DependsOn?.includes(trigger)),
      [],
      id,
    )
}

interface Resource {
  readonly Type: string
  readonly DependsOn?: readonly string[]
  readonly Properties?: { readonly TreatMissingData?: string }
}

/** Also with as many nodes of a cache as may have alarms. @param template the file as it is uploaded, without a cache that is watched */
export function assertFits(template: string): void {
  const { length } = Object.keys(JSON.parse(template).Resources)
  const most = length + 2 * MAX_CACHE_NODES
  assert.ok(length > 100 && most < MAX_RESOURCES, `${most} resources`)
  assert.ok(template.length < MAX_BYTES, `${template.length} bytes`)
}
