/** What the function with the console must be in a package; it is deployed only where it is asked for. */
import assert from 'node:assert/strict'
import { consumersOf, readFunctions } from '../../infra/functions.ts'
import { SIGNALS } from '../../lib/app/topics.ts'
import type { Files } from './bundles.ts'
import {
  actionsOf,
  assertNarrow,
  CLUSTER,
  PRODUCER_ACTIONS,
  type Statement,
  topicsFor,
} from './permissions.ts'

const READING = [
  'kafka-cluster:DescribeCluster',
  'kafka-cluster:DescribeClusterDynamicConfiguration',
  'kafka-cluster:DescribeGroup',
  'kafka-cluster:DescribeTopicDynamicConfiguration',
  'kafka-cluster:ReadData',
  'secretsmanager:GetSecretValue',
]

const { writes = [] } = readFunctions().find(({ name }) => name === 'console') ?? {}

/** It reads every topic and group of the environment, and writes what a change by an operator needs. */
export function assertConsoleRole(statements: readonly Statement[]): void {
  assert.ok(writes.length > 0)
  assert.deepEqual(topicsFor('kafka-cluster:ReadData', statements), SIGNALS)
  assert.deepEqual(topicsFor('kafka-cluster:WriteData', statements), writes)
  const groups = statements.filter(({ Action }) => Action.includes('kafka-cluster:DescribeGroup'))
  assert.deepEqual(
    groups.flatMap(({ Resource }) => Resource),
    consumersOf(readFunctions()).map(
      name => `${CLUSTER.replace(':cluster/', ':group/')}/sluice-${name}-prod`,
    ),
  )
  assertNarrow(statements)
  const actions = actionsOf(statements).filter(action => !/^s3:/.test(action))
  assert.deepEqual(actions, [...PRODUCER_ACTIONS, ...READING].sort())
  const secrets = JSON.stringify(
    statements.filter(({ Action }) => Action.includes('secretsmanager:GetSecretValue')),
  )
  for (const secret of ['sluice/prod/redis-??????', 'sluice/prod/console-??????'])
    assert.ok(secrets.includes(secret))
}

/** Every request goes to it, and it knows where the tokens are. */
// biome-ignore lint/suspicious/noExplicitAny: a template is what it is
export function assertConsoleApi(ofType: (type: string) => any[]): void {
  const [api, ...more] = ofType('AWS::ApiGatewayV2::Api')
  assert.deepEqual(more, [])
  assert.equal(api.ProtocolType, 'HTTP')
  assert.equal(api.CorsConfiguration, undefined)
  const routes = ofType('AWS::ApiGatewayV2::Route').map(({ RouteKey }) => RouteKey)
  assert.deepEqual(routes, ['$default'])
  const [integration] = ofType('AWS::ApiGatewayV2::Integration')
  assert.equal(integration.PayloadFormatVersion, '2.0')
  assert.match(JSON.stringify(integration.IntegrationUri), /ConsoleLambdaFunction/)
  const lambda = ofType('AWS::Lambda::Function').find(
    ({ FunctionName }) => FunctionName === 'sluice-prod-console',
  )
  assert.equal(lambda.Environment.Variables.CONSOLE_SECRET, 'sluice/prod/console')
}

/** The page and the list of functions are in the bundle: nothing is read beside it. */
export function assertConsoleBundle(files: Files): void {
  const code = [...files].filter(([path]) => path.endsWith('.js')).map(([, content]) => String(content))
  const all = code.join('')
  assert.match(all, /prefers-color-scheme/, 'the style of the page')
  assert.match(all, /Rolling statistics|processor/, 'the functions')
  assert.doesNotMatch(all, /duckdb/i)
  assert.doesNotMatch(all, /amz-sdk-invocation-id/)
}
