/** Properties of a package for topics: they are created and changed before anything else. */
import assert from 'node:assert/strict'

interface Resource {
  readonly Type: string
  readonly DependsOn?: string | readonly string[]
  // biome-ignore lint/suspicious/noExplicitAny: a template is what it is
  readonly Properties: any
}

/** @param madeAfterMs when the package was begun, in milliseconds since the epoch */
export function assertTopicsResource(
  template: { readonly Resources: Readonly<Record<string, Resource>> },
  madeAfterMs: number,
): void {
  const { SluiceTopics } = template.Resources
  assert.equal(SluiceTopics?.Type, 'Custom::SluiceTopics')
  const { ServiceToken, Environment, PackagedAt, Names, Readers } = SluiceTopics.Properties
  assert.deepEqual(ServiceToken, { 'Fn::GetAtt': ['TopicsLambdaFunction', 'Arn'] })
  assert.equal(template.Resources.TopicsLambdaFunction?.Type, 'AWS::Lambda::Function')
  assert.equal(Environment, 'prod')
  assert.ok(Number(PackagedAt) >= madeAfterMs && Number(PackagedAt) <= Date.now(), PackagedAt)
  assert.equal(Names.readings, 'sluice.telemetry.readings.prod')
  assert.ok(Readers.readings.includes('alerting') && Readers['retry-1h'].includes('redriver'))
  const waiting = (type: string) => {
    const all = Object.entries(template.Resources).filter(([, { Type }]) => Type === type)
    assert.ok(all.length > 1, `there are resources of type ${type}`)
    return all.flatMap(([id, { DependsOn }]) => ([DependsOn].flat().includes('SluiceTopics') ? [] : [id]))
  }
  for (const type of ['AWS::Lambda::EventSourceMapping', 'AWS::Events::Rule', 'AWS::CloudWatch::Alarm'])
    assert.deepEqual(waiting(type), [], type)
  // The function of the topics precedes all other functions, roles and logs.
  assert.deepEqual(waiting('AWS::Lambda::Function'), ['TopicsLambdaFunction'])
  assert.deepEqual(waiting('AWS::IAM::Role'), ['TopicsRole'])
  assert.deepEqual(waiting('AWS::Logs::LogGroup'), ['TopicsLogGroup'])
}
