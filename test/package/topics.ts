/** What a package must do about topics: they are there before anything reads or writes them. */
import assert from 'node:assert/strict'

/** What the function that manages topics does beside what every function does. */
export const TOPICS_ACTIONS = [
  'kafka-cluster:AlterTopic',
  'kafka-cluster:AlterTopicDynamicConfiguration',
  'kafka-cluster:Connect',
  'kafka-cluster:CreateTopic',
  'kafka-cluster:DescribeTopic',
  'kafka-cluster:DescribeTopicDynamicConfiguration',
  'kafka:GetBootstrapBrokers',
  'secretsmanager:CreateSecret',
  'ssm:PutParameter',
]

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
  const { ServiceToken, Environment, PackagedAt, Readers } = SluiceTopics.Properties
  assert.deepEqual(ServiceToken, { 'Fn::GetAtt': ['TopicsLambdaFunction', 'Arn'] })
  assert.equal(template.Resources.TopicsLambdaFunction?.Type, 'AWS::Lambda::Function')
  assert.equal(Environment, 'prod')
  assert.ok(Number(PackagedAt) >= madeAfterMs && Number(PackagedAt) <= Date.now(), PackagedAt)
  assert.ok(Readers.readings.includes('alerting') && Readers['retry-1h'].includes('redriver'))
  const waiting = (type: string) => {
    const all = Object.values(template.Resources).filter(({ Type }) => Type === type)
    assert.ok(all.length > 1, `there are triggers of type ${type}`)
    return all.every(({ DependsOn }) => [DependsOn].flat().includes('SluiceTopics'))
  }
  assert.ok(waiting('AWS::Lambda::EventSourceMapping') && waiting('AWS::Events::Rule'))
}
